"""Layers: those of the library, and those that users write in Python."""

from __future__ import annotations

import ctypes
import importlib
import itertools
from collections.abc import Callable
from typing import Any

from . import _library as lib
from ._blobs import Blob, BlobVec, Passes, extents_of


class Layer:
    """A step of a net; the base class of layers written in Python.

    A layer of type `Python` names a module and a class derived from this one:

        layer {
          name: "scale"  type: "Python"  bottom: "data"  top: "scaled"
          python_param { module: "my_layers"  layer: "TimesTen"  param_str: "{'factor': 10}" }
        }

        class TimesTen(caffe.Layer):
            def setup(self, bottom, top):
                self.factor = eval(self.param_str)["factor"]

            def reshape(self, bottom, top):
                top[0].reshape(*bottom[0].data.shape)

            def forward(self, bottom, top):
                top[0].data[...] = self.factor * bottom[0].data

            def backward(self, top, propagate_down, bottom):
                bottom[0].diff[...] = self.factor * top[0].diff

    `setup` runs once; blobs that it adds by `self.blobs.add_blob(*dims)` are learned. `reshape` runs before every `forward`.
    `self.phase` is `caffe.TRAIN` or `caffe.TEST`. What a method raises reaches whoever runs the net.

    A layer is part of its net and is copied and pickled with it only. A copy makes its Python layers anew: their `setup` runs
    again, and their learned blobs get the values of the original's.
    """

    param_str: str = ""
    phase: int = 0
    _blobs: BlobVec

    def __init__(self, *_: Any) -> None:
        """Layers are made by nets. A class with an `__init__` of its own gets one argument, to be handed on."""

    @property
    def blobs(self) -> BlobVec:
        """The learned blobs."""
        return self._blobs

    @property
    def type(self) -> str:
        """The name of the type in prototxt."""
        return "Python"

    @property
    def param_str_(self) -> str:
        """The name that `param_str` had before 2015."""
        return self.param_str

    def setup(self, bottom: list[Blob], top: list[Blob]) -> None:
        """Looks at its parameters and at the number of bottoms and tops."""

    def reshape(self, bottom: list[Blob], top: list[Blob]) -> None:
        """Gives the tops their shapes."""
        raise NotImplementedError(f"{type(self).__name__} has no method reshape(self, bottom, top)")

    def forward(self, bottom: list[Blob], top: list[Blob]) -> None:
        """Computes the tops' values."""
        raise NotImplementedError(f"{type(self).__name__} has no method forward(self, bottom, top)")

    def backward(self, top: list[Blob], propagate_down: list[bool], bottom: list[Blob]) -> None:
        """Computes the gradients of those bottoms for which `propagate_down` is true."""
        raise NotImplementedError(
            f"{type(self).__name__} has no method backward(self, top, propagate_down, bottom)"
        )

    def __reduce_ex__(self, protocol: Any) -> Any:
        lib.not_copied(self, "copy the net that it belongs to")

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__}, a layer of type {self.type}>"


class LibraryLayer(Layer):
    """A layer of the library, in its net."""

    def __init__(self, *_: Any) -> None:
        raise TypeError("layers of the library are made by nets: look into net.layers")

    @classmethod
    def _of(cls, handle: int, type_name: str, passes: Passes) -> LibraryLayer:
        """The layer behind a handle, which it takes over."""
        layer = cls.__new__(cls)
        layer._handle = handle
        layer._type = type_name
        layer._blobs = BlobVec(
            Blob._of(lib.layer_blob(handle, index), passes)
            for index in range(lib.layer_blob_count(handle))
        )
        return layer

    def __del__(self, release: Callable[[int], None] = lib.release) -> None:
        handle = self.__dict__.pop("_handle", None)
        if handle is not None:
            release(handle)

    @property
    def type(self) -> str:
        return self._type

    def setup(self, bottom: list[Blob], top: list[Blob]) -> None:
        """Nothing: the net has set the layer up."""

    def reshape(self, bottom: list[Blob], top: list[Blob]) -> None:
        """Gives the layer's tops the shapes that follow from its bottoms'."""
        lib.check(lib.layer_reshape(self._handle))


def layer_at(handle: int | None, type_name: str, passes: Passes) -> Layer:
    """The layer behind a handle, which it takes over."""
    if not handle:
        raise lib.CaffeError("there is no such layer")
    number = lib.layer_python_number(handle)
    if number < 0:
        return LibraryLayer._of(handle, type_name, passes)
    lib.release(handle)
    return _python_layers[number].layer


class _PythonLayer:
    """A user's layer with the blobs that it works on."""

    def __init__(self, layer: Layer, passes: Passes) -> None:
        self.layer = layer
        self.blobs = layer._blobs
        self.passes = passes
        self.bottom = BlobVec()
        self.top = BlobVec()

    def call(self, method: int, handles: Any, bottoms: int, tops: int, propagate: Any) -> None:
        layer = self.layer
        if method == 0:
            blobs = [Blob._of(handles[index], self.passes) for index in range(bottoms + tops)]
            self.bottom, self.top = BlobVec(blobs[:bottoms]), BlobVec(blobs[bottoms:])
            layer.setup(self.bottom, self.top)
            self.blobs.close()
        elif method == 1:
            layer.reshape(self.bottom, self.top)
        elif method == 2:
            layer.forward(self.bottom, self.top)
        else:
            layer.backward(self.top, [propagate[index] for index in range(bottoms)], self.bottom)


_python_layers: dict[int, _PythonLayer] = {}
_numbers = itertools.count()


def _make(handle: int, module: bytes, name: bytes, param_str: bytes, phase: int) -> int:
    blobs = BlobVec()
    try:
        cls = getattr(importlib.import_module(module.decode()), name.decode())
        if not (isinstance(cls, type) and issubclass(cls, Layer)):
            raise TypeError(
                f"{module.decode()}.{name.decode()} is no class derived from caffe.Layer"
            )
        layer = cls.__new__(cls)
        passes = Passes()

        def add(dims: tuple[int, ...]) -> Blob:
            result = ctypes.c_void_p()
            lib.check(lib.python_layer_add_blob(handle, *extents_of(dims), ctypes.byref(result)))
            assert result.value is not None
            return Blob._of(result.value, passes)

        layer._blobs = blobs = BlobVec((), add)
        layer.param_str = param_str.decode()
        layer.phase = phase
        layer.__init__(None)  # type: ignore[misc]
        if layer._blobs is not blobs:
            raise TypeError(f"{name.decode()} has set its _blobs, which belong to caffe.Layer")
        number = next(_numbers)
        _python_layers[number] = _PythonLayer(layer, passes)
        return number
    except BaseException as exception:
        blobs.close()
        lib.raised.exception = exception
        return -1


def _call(number: int, method: int, handles: Any, bottoms: int, tops: int, propagate: Any) -> int:
    layer = _python_layers[number]
    # The arrays of the nets that are running may have changed too.
    for passes in running():
        passes.end()
    layer.passes.begin()
    try:
        layer.call(method, handles, bottoms, tops, propagate)
        return 0
    except BaseException as exception:
        lib.raised.exception = exception
        return 1
    finally:
        layer.passes.begin()


def _forget(number: int, layers: dict[int, _PythonLayer] = _python_layers) -> None:
    forgotten = layers.pop(number, None)
    if forgotten is not None:
        # The layer may live on; that of the library, which it would add to, does not.
        forgotten.blobs.close()


def running() -> list[Passes]:
    """What the nets that this thread is running look at, the outermost first."""
    try:
        return lib.raised.running
    except AttributeError:
        lib.raised.running = []
        return lib.raised.running


# The library calls these as long as the process lives.
_callbacks = (
    lib.MakeLayerFunction(_make),
    lib.CallLayerFunction(_call),
    lib.ForgetLayerFunction(_forget),
)
lib.set_python_layers(*_callbacks)


class Hooks:
    """The Python functions that nets and solvers call, by number."""

    def __init__(self) -> None:
        self._functions: dict[int, Callable[[int], Any]] = {}
        self._numbers = itertools.count()
        self.function = lib.HookFunction(self._call)

    def add(self, function: Callable[[int], Any]) -> int:
        number = next(self._numbers)
        self._functions[number] = function
        return number

    def remove(self, number: int) -> None:
        self._functions.pop(number, None)

    def _call(self, number: int, argument: int) -> int:
        for passes in running():
            passes.end()
        try:
            self._functions[number](argument)
            return 0
        except BaseException as exception:
            lib.raised.exception = exception
            return 1


hooks = Hooks()


class HookOwner:
    """Something with a handle that calls Python functions; both go with it."""

    _handle: int
    _hook_numbers: list[int]

    def __del__(self, release: Callable[[int], None] = lib.release) -> None:
        # What was never wholly built has neither.
        for number in self.__dict__.get("_hook_numbers", ()):
            hooks.remove(number)
        handle = self.__dict__.pop("_handle", None)
        if handle is not None:
            release(handle)
