"""Nets."""

from __future__ import annotations

import contextlib
import ctypes
import html
import json
import os
import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import zip_longest
from typing import Any

import numpy as np

from . import _library as lib
from . import _old_forms
from ._blobs import Blob, BlobVec, Passes
from ._layers import HookOwner, Layer, hooks, layer_at, running


def _memory_limit(trusted: bool, limit: int | None) -> int | None:
    """The bytes that a net may take that is not trusted; None for one that is."""
    if not isinstance(trusted, (bool, np.bool_)):
        raise TypeError(f"trusted is True or False, not {trusted!r}")
    if trusted:
        if limit is not None:
            raise ValueError("memory_limit is for nets with trusted=False")
        return None
    return 4 << 30 if limit is None else lib.whole(limit, "memory_limit", 1)


class Net(HookOwner):
    """A directed acyclic graph of layers that computes values forward and gradients backward.

    net = caffe.Net("deploy.prototxt", caffe.TEST, weights="net.caffemodel")
    net.blobs["data"].data[...] = image
    net.forward()["prob"].argmax()

    Other Python threads run while a net does. One net serves one thread at a time, as do nets that share weights; others run
    beside it. Several threads that use one net give it their inputs as arguments, `net.forward(data=x)`: each gets the results of
    its own call.

    A net can be copied and pickled, and so be given to a `multiprocessing.Pool`. A copy has the definition, the weights and
    their gradients, the places of its layers in data and random numbers, and what its inputs and outputs hold; its memory is
    its own, also where the original shares weights. Hooks stay with the original. In a forked process, nets compute on one
    thread.
    """

    def __init__(self, network_file: Any, *args: Any, **kwargs: Any) -> None:
        """Builds the net of a prototxt file.

        Net(network_file, phase, level=0, stages=None, weights=None, trusted=True, memory_limit=None)
        Net(network_file, weights_file, phase)     the form of 2015
        Net(network_file, weights_file)            the form of 2014; the phase is that of `caffe.set_phase_test()`

        phase is caffe.TRAIN or caffe.TEST; level and stages choose among the layers, as in NetState; weights names a caffemodel
        or HDF5 file. A net with trusted=False must not have layers in Python, name files outside of its folder, or take more
        than memory_limit bytes for its blobs and parameters (4 GB unless given). Raises RuntimeError with file, line, layer,
        cause and way out.
        """
        if args and isinstance(args[0], (str, bytes, os.PathLike)):
            limit = _memory_limit(kwargs.pop("trusted", True), kwargs.pop("memory_limit", None))
            weights, phase = _old_forms.weights_and_phase(*args, **kwargs)
            require_file(weights)
            self._build(network_file, None, phase, 0, None, limit)
            self.copy_from(weights)
        else:
            self._init(network_file, *args, **kwargs)

    def _init(
        self,
        network_file: Any,
        phase: int | None = None,
        level: int = 0,
        stages: Sequence[str] | None = None,
        weights: Any = None,
        trusted: bool = True,
        memory_limit: int | None = None,
    ) -> None:
        if phase is None:
            raise TypeError(
                "the phase is missing: caffe.Net(network_file, caffe.TEST) to infer, "
                "caffe.Net(network_file, caffe.TRAIN) to train"
            )
        if weights is not None:
            require_file(weights)
        limit = _memory_limit(trusted, memory_limit)
        self._build(network_file, None, phase, level, stages, limit)
        if weights is not None:
            self.copy_from(weights)

    @classmethod
    def from_text(
        cls,
        prototxt: str,
        phase: int,
        level: int = 0,
        stages: Sequence[str] | None = None,
        weights: Any = None,
        trusted: bool = True,
        memory_limit: int | None = None,
    ) -> Net:
        """Builds a net from prototxt in a string; weights may be a path or the bytes of a caffemodel.

        The folder of a net with trusted=False is the working directory.
        """
        net = cls.__new__(cls)
        limit = _memory_limit(trusted, memory_limit)
        net._build("prototxt", prototxt, phase, level, stages, limit)
        if isinstance(weights, (bytes, bytearray, memoryview)):
            net.copy_from_bytes(bytes(weights))
        elif weights is not None:
            net.copy_from(weights)
        return net

    @classmethod
    def _of(cls, handle: int | None) -> Net:
        """The net behind a handle, which it takes over."""
        if not handle:
            raise lib.CaffeError("there is no such net")
        net = cls.__new__(cls)
        net._open(handle)
        return net

    def _build(
        self,
        path: Any,
        prototxt: str | None,
        phase: int,
        level: int,
        stages: Sequence[str] | None,
        memory_limit: int | None = None,
    ) -> None:
        create = lib.net_create if memory_limit is None else lib.net_create_untrusted
        limit = [] if memory_limit is None else [memory_limit]
        if prototxt is None:
            require_file(path)
        if isinstance(stages, (str, bytes)):
            raise TypeError("stages is a list of strings, not one string")
        names = list(stages or [])
        if any("\n" in name for name in names):
            raise ValueError("the name of a stage has no line feed")
        handle = ctypes.c_void_p()
        lib.check(
            create(
                lib.path_bytes(path),
                None if prototxt is None else lib.text_bytes(prototxt, "a prototxt"),
                lib.whole_int(phase, "phase"),
                lib.whole_int(level, "level"),
                lib.text_bytes("\n".join(names), "the name of a stage"),
                *limit,
                ctypes.byref(handle),
            )
        )
        assert handle.value is not None
        self._open(handle.value)

    def _open(self, handle: int) -> None:
        self._close()
        self._handle = handle
        self._passes = Passes()
        self._loss = ctypes.c_float()
        self._loss_address = ctypes.addressof(self._loss)
        self._hook_numbers: list[int] = []
        self._input_arrays: tuple[np.ndarray, np.ndarray] | None = None
        about = json.loads(lib.take_text(lib.net_describe(handle)))
        self.name: str = about["name"]
        self.phase: int = about["phase"]
        self._layer_about: list[dict[str, Any]] = about["layers"]
        self._blob_names: list[str] = about["blobs"]
        self._blob_loss_weights: list[float] = about["lossWeights"]
        self._inputs: list[int] = about["inputs"]
        self._outputs: list[int] = about["outputs"]
        self._layer_names: list[str] = [layer["name"] for layer in self._layer_about]

    def __getattr__(self, name: str) -> Any:
        # Only asked for what is not there.
        old = _old_forms.attribute(self, name)
        if old is not None:
            return old
        if name in _NATIVE:
            raise AttributeError("this net has never been built, or is gone")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # Copies.

    def __reduce__(self) -> tuple[Any, ...]:
        content = lib.taken_bytes(lambda *result: lib.net_pack(self._handle, *result))
        own = {"_input_arrays": self._input_arrays}
        own.update((k, v) for k, v in self.__dict__.items() if k not in _NATIVE)
        return _rebuilt, (type(self), content), own

    def __setstate__(self, state: dict[str, Any]) -> None:
        arrays = state.pop("_input_arrays", None)
        self.__dict__.update(state)
        if arrays is not None:
            self._lend(*arrays, resumes=True)

    def _close(self) -> None:
        """Forgets the net that it was before, if any."""
        self.__del__()
        for name in _NATIVE:
            self.__dict__.pop(name, None)

    # What there is.

    @cached_property
    def _blobs(self) -> BlobVec:
        handles = (lib.net_blob(self._handle, index) for index in range(len(self._blob_names)))
        return BlobVec(Blob._of(handle, self._passes) for handle in handles)

    @cached_property
    def blobs(self) -> OrderedDict[str, Blob]:
        """The blobs by name, in the order in which layers produce them."""
        return OrderedDict(zip(self._blob_names, self._blobs))

    @cached_property
    def blob_loss_weights(self) -> OrderedDict[str, float]:
        """The weight with which each blob enters the loss; 0 for most."""
        return OrderedDict(zip(self._blob_names, self._blob_loss_weights))

    @cached_property
    def layers(self) -> list[Layer]:
        """The layers in the order in which they run, those that were inserted to split blobs included."""
        return [
            layer_at(lib.net_layer(self._handle, index), layer["type"], self._passes)
            for index, layer in enumerate(self._layer_about)
        ]

    @cached_property
    def layer_dict(self) -> OrderedDict[str, Layer]:
        """The layers by name."""
        return OrderedDict(zip(self._layer_names, self.layers))

    @cached_property
    def params(self) -> OrderedDict[str, BlobVec]:
        """The learned blobs by the name of their layer: weights, then biases."""
        return OrderedDict(
            (name, layer.blobs) for name, layer in self.layer_dict.items() if layer.blobs
        )

    @cached_property
    def inputs(self) -> list[str]:
        """The names of the blobs that are fed from outside."""
        return [self._blob_names[index] for index in self._inputs]

    @cached_property
    def outputs(self) -> list[str]:
        """The names of the blobs that no layer consumes, in alphabetical order."""
        return [self._blob_names[index] for index in self._outputs]

    @cached_property
    def top_names(self) -> OrderedDict[str, list[str]]:
        """The names of each layer's tops."""
        return self._names_of(self._top_ids)

    @cached_property
    def bottom_names(self) -> OrderedDict[str, list[str]]:
        """The names of each layer's bottoms."""
        return self._names_of(self._bottom_ids)

    def _names_of(self, numbers: Callable[[int], list[int]]) -> OrderedDict[str, list[str]]:
        return OrderedDict(
            (name, [self._blob_names[blob] for blob in numbers(index)])
            for index, name in enumerate(self._layer_names)
        )

    def _top_ids(self, layer: int) -> list[int]:
        return self._layer_about[layer]["tops"]

    def _bottom_ids(self, layer: int) -> list[int]:
        return self._layer_about[layer]["bottoms"]

    @property
    def multiply_counts(self) -> OrderedDict[str, int]:
        """The multiplications of each layer for one item of the batch; convolutions and inner products count."""
        text = lib.take_text(lib.net_multiplies(self._handle))
        return OrderedDict(zip(self._layer_names, json.loads(text)))

    # Passes.

    def _forward(self, start: int, end: int) -> float:
        """Runs the layers from one number to another; returns their loss."""
        return self._run(lib.whole(start, "start"), lib.whole(end, "end"))

    def _run(self, start: int, end: int) -> float:
        # As `with self._running()` does, for the sake of nets that take microseconds.
        passes = self._passes
        passes.begin()
        nets = running()
        nets.append(passes)
        try:
            error = lib.net_forward(self._handle, start, end, self._loss_address)
        finally:
            nets.pop()
            passes.generation += 1
        if error:
            lib.fail(error)
        return self._loss.value

    def _backward(self, start: int, end: int) -> None:
        first, last = lib.whole(start, "start"), lib.whole(end, "end")
        with self._running():
            error = lib.net_backward(self._handle, first, last)
        if error:
            lib.fail(error)

    def _call(self, function: Callable[..., int | None], *arguments: Any) -> None:
        """Calls a function of the library that runs or changes the net."""
        with self._running():
            error = function(self._handle, *arguments)
        lib.check(error)

    def _running(self) -> _Running:
        return _Running(self._passes)

    def _held(self) -> _Held:
        """Around calls that no other thread may come between."""
        return _Held(self._handle)

    def forward(
        self,
        blobs: Sequence[str] | None = None,
        start: str | None = None,
        end: str | None = None,
        **kwargs: Any,
    ) -> dict[str, np.ndarray]:
        """Computes forward, from the layer `start` to the layer `end`, all by default.

        Keyword arguments are values for all the inputs. Returns the values of the outputs, or of the tops of `end`, and of the
        blobs named in `blobs`. Without keyword arguments they are arrays over the net's memory, which the next pass changes; with
        them they are copies, the results of this call whatever other threads do with the net.
        """
        if start is None and end is None and not kwargs and blobs is None:
            self._run(0, len(self._layer_names) - 1)
            found = self.blobs
            return {name: found[name].data for name in self.outputs}
        first = 0 if start is None else self._layer_index(start, "start")
        last = len(self._layer_names) - 1 if end is None else self._layer_index(end, "end")
        names = [*(self.outputs if end is None else self.top_names[end]), *self._names(blobs, "blobs")]
        if not kwargs:
            self._run(first, last)
            return {name: self.blobs[name].data for name in names}
        inputs = {name: np.asarray(value) for name, value in kwargs.items()}
        with self._held() as held, held:
            self._feed(inputs)
            self._run(first, last)
            return {name: self.blobs[name].data.copy() for name in names}

    def backward(
        self,
        diffs: Sequence[str] | None = None,
        start: str | None = None,
        end: str | None = None,
        **kwargs: Any,
    ) -> dict[str, np.ndarray]:
        """Computes gradients backward, from the layer `start` down to the layer `end`, all by default.

        Keyword arguments are gradients for all the outputs. Returns the gradients of the inputs, or of the bottoms of `end`, and
        of the blobs named in `diffs`, as `forward` returns values. Without `force_backward: true` in the net, layers below the
        lowest that learns are left out.
        """
        first = len(self._layer_names) - 1 if start is None else self._layer_index(start, "start")
        last = 0 if end is None else self._layer_index(end, "end")
        names = [*(self.inputs if end is None else self.bottom_names[end]), *self._names(diffs, "diffs")]
        if not kwargs:
            self._backward(first, last)
            return {name: self.blobs[name].diff for name in names}
        if set(kwargs) != set(self.outputs):
            raise Exception("Top diff arguments do not match net outputs.")
        gradients = {name: np.asarray(value) for name, value in kwargs.items()}
        with self._held() as held, held:
            for name, values in gradients.items():
                blob = self.blobs[name]
                if values.shape[:1] != blob.shape[:1]:
                    raise Exception("Diff is not batch sized")
                blob.diff[...] = values
            self._backward(first, last)
            return {name: self.blobs[name].diff.copy() for name in names}

    def _feed(self, values: dict[str, np.ndarray]) -> None:
        if set(values) != set(self.inputs):
            raise Exception("Input blob arguments do not match net inputs.")
        for name, value in values.items():
            blob = self.blobs[name]
            if value.shape[:1] != blob.shape[:1]:
                raise Exception("Input is not batch sized")
            blob.data[...] = value

    def _layer_index(self, name: str, what: str) -> int:
        if not isinstance(name, str):
            raise TypeError(f"{what} is the name of a layer, not {name!r}")
        try:
            return self._layer_names.index(name)
        except ValueError:
            raise _unknown("layer", name, self._layer_names) from None

    def _names(self, names: Iterable[str] | None, what: str) -> list[str]:
        """The names of blobs that a caller wants besides."""
        if isinstance(names, (str, bytes)):
            raise TypeError(f"{what} is a list of names, not one name: [{names!r}]")
        listed = [] if names is None else list(names)
        for name in listed:
            if name not in self.blobs:
                raise KeyError(str(_unknown("blob", name, self._blob_names)))
        return listed

    def forward_all(
        self, blobs: Sequence[str] | None = None, **kwargs: Any
    ) -> dict[str, np.ndarray]:
        """Runs forward over any number of items, in batches of the first blob's size.

        Keyword arguments are arrays of items for the inputs. Returns copies of the outputs, and of the blobs named in `blobs`, for
        all items.
        """
        collected: dict[str, list[np.ndarray]] = {}
        if not kwargs:
            raise Exception("Input blob arguments do not match net inputs.")
        for batch in self._batches(kwargs):
            for name, values in self.forward(blobs=blobs, **batch).items():
                collected.setdefault(name, []).extend(values)
        return self._joined(collected, kwargs)

    def forward_backward_all(
        self,
        blobs: Sequence[str] | None = None,
        diffs: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Runs forward and backward over any number of items.

        Keyword arguments are arrays of items for the inputs and gradients for the outputs. Returns two dictionaries, as
        `forward_all` does: values and gradients.
        """
        values: dict[str, list[np.ndarray]] = {}
        gradients: dict[str, list[np.ndarray]] = {}
        inputs = {name: items for name, items in kwargs.items() if name in self.inputs}
        outputs = {name: items for name, items in kwargs.items() if name in self.outputs}
        if not kwargs or len(inputs) + len(outputs) != len(kwargs):
            raise Exception("Arguments do not match net inputs and outputs.")
        _require_equal_counts(kwargs)
        forward_batches, backward_batches = self._batches(inputs), self._batches(outputs)
        batches: Iterator[tuple[dict[str, Any], dict[str, Any]]] = zip_longest(
            forward_batches, backward_batches, fillvalue={}
        )
        for items, output_gradients in batches:
            with self._held() as held, held:
                for name, value in self.forward(blobs=blobs, **items).items():
                    values.setdefault(name, []).extend(value.copy())
                for name, value in self.backward(diffs=diffs, **output_gradients).items():
                    gradients.setdefault(name, []).extend(value.copy())
        return self._joined(values, kwargs), self._joined(gradients, kwargs)

    def _batches(self, items: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Cuts the items into batches; the last one is filled up with zeros."""
        if not items:
            return
        size = self._blobs[0].shape[0]
        arrays = {name: np.asarray(values) for name, values in items.items()}
        for begin in range(0, _require_equal_counts(arrays), size):
            batch: dict[str, Any] = {}
            for name, array in arrays.items():
                part = array[begin : begin + size]
                missing = size - len(part)
                if missing:
                    part = np.concatenate([part, np.zeros((missing, *part.shape[1:]), part.dtype)])
                batch[name] = part
            yield batch

    @staticmethod
    def _joined(
        collected: dict[str, list[np.ndarray]], items: dict[str, Any]
    ) -> dict[str, np.ndarray]:
        count = len(next(iter(items.values())))
        return {name: np.asarray(values[:count]) for name, values in collected.items()}

    def reshape(self) -> None:
        """Lets the shapes of the inputs take effect in all layers."""
        self._call(lib.net_reshape)

    def clear_param_diffs(self) -> None:
        """Sets the gradients of all learned blobs to zero."""
        self._call(lib.net_clear_param_diffs)

    # Weights.

    def copy_from(self, weights: Any) -> None:
        """Loads weights by layer name from a caffemodel or HDF5 file; layers that it does not name keep theirs.

        Warns if no layer has the name of one in the file.
        """
        require_file(weights)
        self._load(os.fsdecode(weights), lib.net_copy_from, lib.path_bytes(weights))

    def copy_from_bytes(self, weights: bytes, name: str = "caffemodel") -> None:
        """Loads weights from the content of a caffemodel file."""
        if not isinstance(weights, (bytes, bytearray, memoryview)):
            raise TypeError(f"weights are the bytes of a caffemodel, not {weights!r:.50}")
        content, file = bytes(weights), lib.text_bytes(name, "name")
        self._load(name, lib.net_copy_from_bytes, content, len(content), file)

    def load_hdf5(self, path: Any) -> None:
        """Loads weights from an HDF5 file."""
        require_file(path)
        self._load(os.fsdecode(path), lib.net_load_hdf5, lib.path_bytes(path))

    def share_with(self, other: Net) -> None:
        """Uses the weights of the other net's layers of the same names: one memory from now on."""
        if not isinstance(other, Net):
            raise TypeError(f"weights are shared with a caffe.Net, not with {other!r:.50}")
        with other._running():
            self._load("the other net", lib.net_share_with, other._handle)

    def _load(self, source: str, function: Callable[..., int | None], *arguments: Any) -> None:
        """Takes weights from somewhere, and warns if there are none for this net."""
        counts = (ctypes.c_ssize_t * 3)()
        self._call(function, *arguments, counts)
        loaded, kept, unused = counts
        if kept and not loaded:
            reason = (
                f"none of the {unused} layers with weights in {source} has the name of a layer of the net"
                if unused
                else f"{source} has no weights"
            )
            warnings.warn(
                f"{reason}: all {kept} layers that learn keep the weights that they had. "
                "Are these the weights of another net?",
                RuntimeWarning,
                stacklevel=_outside(),
            )

    def save(self, path: Any) -> None:
        """Writes the net with its weights to a caffemodel file."""
        self._save(path, False)

    def save_hdf5(self, path: Any) -> None:
        """Writes the weights to an HDF5 file."""
        self._save(path, True)

    def _save(self, path: Any, is_hdf5: bool) -> None:
        self._call(lib.net_save, lib.path_bytes(path), is_hdf5)

    # Data.

    def set_input_arrays(self, data: np.ndarray, labels: np.ndarray) -> None:
        """Has the MemoryData layer, which must be the first, read these arrays where they are.

        data is float32 of shape N x C x H x W, labels float32 of shape N or N x 1 x 1 x 1; N is a multiple of the batch size.
        """
        for array, what in ((data, "data array"), (labels, "labels array")):
            if not isinstance(array, np.ndarray):
                raise TypeError(f"{what} is a numpy array, not {array!r:.50}")
        if labels.ndim == 1:
            labels = labels[:, np.newaxis, np.newaxis, np.newaxis]
        extents = lib.Extents()
        lib.check(lib.net_input_array_shape(self._handle, extents))
        _require_array(data, "data array", tuple(extents[1:4]))
        _require_array(labels, "labels array", (1, 1, 1))
        if len(data) != len(labels):
            raise RuntimeError("data and labels must have the same first dimension")
        if len(data) % extents[0]:
            raise RuntimeError("first dimensions of input arrays must be a multiple of batch size")
        self._lend(data, labels)

    def _lend(self, data: np.ndarray, labels: np.ndarray, resumes: bool = False) -> None:
        """Lets the library read the arrays, from the first item or from where the layer stands."""
        with self._held() as held, held:
            lib.check(
                lib.net_set_input_arrays(
                    self._handle,
                    data.ctypes.data,
                    data.size,
                    labels.ctypes.data,
                    labels.size,
                    resumes,
                )
            )
            self._input_arrays = (data, labels)

    _set_input_arrays = set_input_arrays

    # Hooks.

    def before_forward(self, function: Callable[[int], Any]) -> None:
        """Calls the function with a layer's number before the layer runs forward."""
        self._add_hook(0, function)

    def after_forward(self, function: Callable[[int], Any]) -> None:
        """Calls the function with a layer's number after the layer ran forward."""
        self._add_hook(1, function)

    def before_backward(self, function: Callable[[int], Any]) -> None:
        """Calls the function with a layer's number before the layer runs backward."""
        self._add_hook(2, function)

    def after_backward(self, function: Any) -> None:
        """Calls the function with a layer's number after the layer ran backward."""
        if callable(function):
            self._add_hook(3, function)

    def _add_hook(self, moment: int, function: Callable[[int], Any]) -> None:
        if not callable(function):
            raise TypeError(f"{function!r} is no function of a layer's number")
        number = hooks.add(function)
        self._hook_numbers.append(number)
        lib.check(lib.net_add_hook(self._handle, moment, number, hooks.function))

    # What a notebook shows.

    def _table(self) -> list[tuple[str, str, str, str, str]]:
        rows = []
        for index, (name, multiplies) in enumerate(self.multiply_counts.items()):
            shapes = [" x ".join(map(str, self._blobs[top].shape)) for top in self._top_ids(index)]
            count = sum(blob.count for blob in self.layers[index].blobs)
            about = self._layer_about[index]
            rows.append(
                (name, about["type"], ", ".join(shapes), _number(count), _number(multiplies))
            )
        return rows

    _titles = ("layer", "type", "output", "parameters", "multiplies")

    def _title(self) -> str:
        parameters = sum(blob.count for blobs in self.params.values() for blob in blobs)
        multiplies = sum(self.multiply_counts.values())
        phase = ["TRAIN", "TEST"][self.phase]
        return (
            f"caffe.Net {self.name!r}, phase {phase}: {len(self._layer_names)} layers, "
            f"{parameters:,} parameters, {multiplies:,} multiplies an item"
        )

    def __repr__(self) -> str:
        rows = [self._titles, *self._table()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self._titles))]
        lines = [
            "  ".join(
                cell.rjust(width) if column > 2 else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        def row(cells: Iterable[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells) + "</tr>"

        body = "".join(row(cells, "td") for cells in self._table())
        return (
            f"<table><caption>{html.escape(self._title())}</caption>"
            f"<thead>{row(self._titles, 'th')}</thead><tbody>{body}</tbody></table>"
        )


class _Running:
    """Around a call in which the library runs a net."""

    __slots__ = ("_passes",)

    def __init__(self, passes: Passes) -> None:
        self._passes = passes

    def __enter__(self) -> None:
        self._passes.begin()
        running().append(self._passes)

    def __exit__(self, *_: Any) -> None:
        running().pop()
        self._passes.end()


class _Held:
    """Around calls for which a net belongs to this thread alone: `with net._held() as held, held:`.

    It is entered twice, as ctrl-C may come in the first lines of an exit: the other exit gives the net back then.
    """

    __slots__ = ("_count", "_handle")

    def __init__(self, handle: int) -> None:
        self._handle = handle
        # How often this thread held the net before.
        self._count: int | None = None

    def __enter__(self) -> _Held:
        if self._count is None:
            self._count = lib.net_held(self._handle)
            try:
                lib.check(lib.net_hold(self._handle))
            except BaseException:
                lib.net_let_go(self._handle, self._count)
                raise
        return self

    def __exit__(self, *_: Any) -> None:
        if self._count is not None:
            lib.net_let_go(self._handle, self._count)


def _rebuilt(cls: type[Net], content: bytes) -> Net:
    """The net that `Net.__reduce__` has packed."""
    handle = ctypes.c_void_p()
    lib.check(lib.net_unpack(content, len(content), ctypes.byref(handle)))
    return cls._of(handle.value)


# What a net has from the library, and keeps for itself when it is copied.
_NATIVE = frozenset(
    [
        "_handle", "_passes", "_loss", "_loss_address", "_hook_numbers", "_input_arrays", "name", "phase", "_layer_about",
        "_blob_names", "_blob_loss_weights", "_inputs", "_outputs", "_layer_names", "_blobs", "blobs", "blob_loss_weights",
        "layers", "layer_dict", "params", "inputs", "outputs", "top_names", "bottom_names",
    ]
)  # fmt: skip


def running_all(nets: Sequence[Net]) -> contextlib.ExitStack:
    """Around a call in which the library runs several nets."""
    stack = contextlib.ExitStack()
    for net in nets:
        stack.enter_context(net._running())
    return stack


def require_file(path: Any) -> None:
    """Raises RuntimeError unless the file can be read. It is not opened, which would use up a pipe."""
    name = os.fspath(path)
    if os.path.isdir(name) or not os.access(name, os.R_OK):
        raise RuntimeError(f"Could not open file {os.fsdecode(name)}")


def _require_array(array: np.ndarray, what: str, shape: tuple[int, ...]) -> None:
    """Raises RuntimeError unless the array can be read where it is."""
    if not array.flags.c_contiguous:
        raise RuntimeError(f"{what} must be C contiguous")
    if array.ndim != 4:
        raise RuntimeError(f"{what} must be 4-d")
    if array.dtype != np.float32:
        raise RuntimeError(f"{what} must be float32")
    if not array.flags.aligned:
        raise RuntimeError(f"{what} must be aligned")
    for extent, wanted, name in zip(array.shape[1:], shape, ("channels", "height", "width")):
        if extent != wanted:
            raise RuntimeError(f"{what} has wrong {name}")


def _require_equal_counts(items: dict[str, Any]) -> int:
    """How many items each array has."""
    counts = {name: len(values) for name, values in items.items()}
    if len(set(counts.values())) > 1:
        text = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise ValueError(f"the arrays have different numbers of items: {text}")
    return next(iter(counts.values()))


def _outside() -> int:
    """How far up the stack the caller is who called this package, as `warnings.warn` counts."""
    level, frame = 1, sys._getframe(1)
    package = os.path.dirname(__file__)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        frame = frame.f_back
        level += 1
    return level


def _unknown(kind: str, name: Any, known: Sequence[str]) -> ValueError:
    import difflib

    near = difflib.get_close_matches(str(name), known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return ValueError(f"the net has no {kind} {name!r}{hint}")


def _number(count: int) -> str:
    return f"{count:,}" if count else ""
