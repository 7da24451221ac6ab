"""Blobs, whose `data` and `diff` are numpy arrays over the memory that the nets compute in."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import _library as lib


class Memory:
    """The memory behind an array, kept alive by it even when the blob has moved to other memory or is gone."""

    __slots__ = ("__array_interface__", "_handle")

    def __init__(self, address: int, handle: int, shape: tuple[int, ...]) -> None:
        self._handle = handle
        self.__array_interface__ = {
            "data": (address, False),
            "shape": shape,
            "typestr": "<f4" if sys.byteorder == "little" else ">f4",
            "version": 3,
        }

    def __del__(self, release: Callable[[int], None] = lib.release) -> None:
        release(self._handle)

    def __reduce_ex__(self, protocol: Any) -> Any:
        lib.not_copied(self, "copy the array")


class Passes:
    """Knows which arrays were looked at since the library last ran.

    The library keeps layouts of its own. It brings an array up to date when it is asked for, and from pass to pass as long as
    somebody holds it. A large array that nobody holds any more is given up before the next pass: then nothing is converted for
    it.
    """

    __slots__ = ("generation", "viewed")

    def __init__(self) -> None:
        self.generation = 0
        # A set, as other threads may add to it at any time.
        self.viewed: set[View] = set()

    def begin(self) -> None:
        """Gives up the arrays that nobody holds."""
        self.generation += 1
        for view in list(self.viewed) if self.viewed else ():
            if view.give_up():
                self.viewed.discard(view)

    def end(self) -> None:
        self.generation += 1


class View:
    """One of the two arrays of a blob."""

    __slots__ = (
        "array",
        "generation",
        "handle",
        "is_diff",
        "is_small",
        "is_viewed",
        "refreshers",
        "structure",
        "version",
    )

    def __init__(self, handle: int | None, is_diff: bool) -> None:
        self.array: Any = None
        self.generation = -1
        self.handle = handle
        self.is_diff = is_diff
        self.is_small = False
        self.is_viewed = False
        # How many threads are about to take the array.
        self.refreshers = 0
        self.structure = -1
        self.version = 0

    def refresh(self, passes: Passes) -> np.ndarray:
        # A small array is never given up: the library keeps it up to date.
        if self.is_small and self.structure == lib.structure_changes():
            self.generation = passes.generation
            return self.array
        structure, generation = lib.structure_changes(), passes.generation
        with _installing:
            self.refreshers += 1
            known = self.version
        layout = _take_layout()
        try:
            address = ctypes.addressof(layout)
            version = lib.blob_view(self.handle, self.is_diff, known, address)
            if version < 0:
                version = lib.blob_view_waiting(self.handle, self.is_diff, known, address)
            if version < 0:
                lib.check(lib.blob_check(self.handle))
                raise lib.CaffeError("the blob has no values")
            with _installing:
                if version != known:
                    memory = Memory(layout[0], layout[1], tuple(layout[3 : 3 + layout[2]]))
                    # Another thread may have come back with a later one.
                    if version > self.version:
                        self.array = np.asarray(memory)
                        self.version = version
                        self.is_small = self.array.size <= 4096
                if version >= self.version:
                    self.structure, self.generation = structure, generation
                if not self.is_viewed and not self.is_small:
                    self.is_viewed = True
                    passes.viewed.add(self)
                return self.array
        finally:
            with _installing:
                self.refreshers -= 1
            _give_back_layout(layout)

    def give_up(self) -> bool:
        """Whether nobody held the array, so that the library need not keep it up to date."""
        with _installing:
            if self.refreshers or sys.getrefcount(self.array) > _unheld:
                return False
            if not lib.blob_release_view(self.handle, self.is_diff):
                return False
            self.is_viewed = False
            return True


def _references_to_an_unheld_array() -> int:
    view = View(0, False)
    view.array = np.zeros(1)
    return sys.getrefcount(view.array)


_unheld = _references_to_an_unheld_array()
_local = threading.local()

# Held while a view takes over what the library said. A collection of garbage may come in between, on the same thread.
_installing = threading.RLock()


def _take_layout() -> Any:
    """A scratch of this thread's for what the library says of a blob; while it is in use, another one."""
    return _local.__dict__.pop("layout", None) or lib.Extents()


def _give_back_layout(layout: Any) -> None:
    _local.layout = layout


class Blob:
    """An N-dimensional array of float32 with its gradient: `data` and `diff`.

    Both are numpy arrays over the memory of the net: what is written into them is what the net computes with. An array keeps its
    memory alive; after a change of shape, take it anew.

    A blob is part of its net or layer. It is not copied or pickled by itself: its values are (`blob.data.copy()`), and its net.
    """

    __slots__ = ("__weakref__", "_data", "_diff", "_handle", "_passes")

    _handle: int | None

    def __init__(self, *_: Any, **__: Any) -> None:
        raise TypeError("blobs are made by nets: look into net.blobs and net.params")

    @classmethod
    def _of(cls, handle: int | None, passes: Passes) -> Blob:
        """The blob behind a handle, which it takes over."""
        if not handle:
            raise lib.CaffeError("there is no such blob")
        blob = cls.__new__(cls)
        blob._handle = handle
        blob._passes = passes
        blob._data = View(handle, False)
        blob._diff = View(handle, True)
        return blob

    def __del__(self, release: Callable[[int], None] = lib.release) -> None:
        handle = getattr(self, "_handle", None)
        if handle is None:
            return
        # Its views may still be listed; they must not reach for the handle any more.
        self._passes.viewed.discard(self._data)
        self._passes.viewed.discard(self._diff)
        self._handle = self._data.handle = self._diff.handle = None
        self._data.generation = self._diff.generation = -1
        self._data.structure = self._diff.structure = -1
        release(handle)

    def __reduce_ex__(self, protocol: Any) -> Any:
        lib.not_copied(self, "copy its values (blob.data.copy()), or the net that it belongs to")

    @property
    def data(self) -> np.ndarray:
        """The values."""
        view = self._data
        if view.generation == self._passes.generation:
            return view.array
        return view.refresh(self._passes)

    @property
    def diff(self) -> np.ndarray:
        """The gradient of the loss with respect to the values."""
        view = self._diff
        if view.generation == self._passes.generation:
            return view.array
        return view.refresh(self._passes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents, outermost axis first; none for a scalar."""
        extents = _take_layout()
        try:
            rank = lib.blob_shape(self._handle, extents)
            if rank < 0:
                rank = lib.blob_shape_waiting(self._handle, extents)
            if rank < 0:
                lib.check(lib.blob_check(self._handle))
                raise lib.CaffeError("the blob has no shape")
            return tuple(extents[:rank])
        finally:
            _give_back_layout(extents)

    @property
    def count(self) -> int:
        """The number of elements."""
        count = 1
        for extent in self.shape:
            count *= extent
        return count

    def _extent(self, axis: int) -> int:
        """An extent of the shape as of four axes, of which those that are missing at the end are 1."""
        shape = self.shape
        if len(shape) > 4:
            raise lib.CaffeError(
                f"num, channels, height and width are for blobs of at most 4 axes; this one has {len(shape)}: use shape"
            )
        return shape[axis] if axis < len(shape) else 1

    @property
    def num(self) -> int:
        """The extent of axis 0: the number of items in the batch."""
        return self._extent(0)

    @property
    def channels(self) -> int:
        """The extent of axis 1."""
        return self._extent(1)

    @property
    def height(self) -> int:
        """The extent of axis 2."""
        return self._extent(2)

    @property
    def width(self) -> int:
        """The extent of axis 3."""
        return self._extent(3)

    def reshape(self, *dims: int) -> None:
        """Changes the shape. Values stay, in flat order, unless the blob outgrows its memory, which then starts at zero."""
        lib.check(lib.blob_reshape(self._handle, *extents_of(dims)))
        self._passes.generation += 1

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.data if dtype is None else self.data.astype(dtype, copy=False)
        return array.copy() if copy else array

    def __dlpack__(self, **options: Any) -> Any:
        """The values for another library that knows DLPack, such as `torch.from_dlpack(blob)`: without a copy."""
        return self.data.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __repr__(self) -> str:
        return f"<caffe.Blob {' x '.join(map(str, self.shape)) or 'scalar'}>"

    def _repr_html_(self) -> str:
        rows = ""
        for name, values in (("data", self.data), ("diff", self.diff)):
            numbers = (values.min(), values.mean(), values.max()) if values.size else ()
            cells = "".join(f"<td>{number:.6g}</td>" for number in numbers)
            rows += f"<tr><th>{name}</th>{cells}</tr>"
        return (
            f"<table><caption>caffe.Blob {' x '.join(map(str, self.shape)) or 'scalar'}</caption>"
            "<thead><tr><th></th><th>least</th><th>mean</th><th>greatest</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def extents_of(dims: Iterable[int]) -> tuple[Any, int]:
    """Dimensions as the library takes them."""
    numbers = [lib.whole(dim, "a dimension") for dim in dims]
    if len(numbers) > 32:
        raise ValueError(f"a blob has at most 32 axes, not {len(numbers)}")
    return (ctypes.c_ssize_t * max(len(numbers), 1))(*numbers), len(numbers)


class BlobVec(list[Blob]):
    """Blobs in order. Those of a layer written in Python can grow by `add_blob`."""

    def __init__(
        self, blobs: Iterable[Blob] = (), add: Callable[[tuple[int, ...]], Blob] | None = None
    ) -> None:
        super().__init__(blobs)
        self._add = add

    def close(self) -> None:
        """Takes no more blobs."""
        self._add = None

    def __reduce_ex__(self, protocol: Any) -> Any:
        return BlobVec, (list(self),)

    def add_blob(self, *dims: int) -> None:
        """Appends a blob of these dimensions, which the solver learns."""
        if self._add is None:
            raise lib.CaffeError("only a layer written in Python can add blobs, in its setup")
        self.append(self._add(dims))
