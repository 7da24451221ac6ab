"""What the original keeps in its compiled module: the classes, and the functions that concern the whole process."""

from __future__ import annotations

import ctypes
import time
import warnings
from typing import Any

import numpy as np

from . import _library as lib
from ._blobs import Blob, BlobVec
from ._layers import Layer
from ._old_forms import set_phase_test, set_phase_train
from ._library import CaffeError
from ._net import Net
from ._solvers import (
    AdaDeltaSolver,
    AdaGradSolver,
    AdamSolver,
    AdamWSolver,
    NesterovSolver,
    RMSPropSolver,
    SGDSolver,
    Solver,
    SolverParameter,
    get_solver,
)

__version__ = "1.0.0"

__all__ = [
    "NCCL",
    "AdaDeltaSolver",
    "AdaGradSolver",
    "AdamSolver",
    "AdamWSolver",
    "Blob",
    "BlobVec",
    "CaffeError",
    "Layer",
    "Net",
    "NesterovSolver",
    "RMSPropSolver",
    "SGDSolver",
    "Solver",
    "SolverParameter",
    "Timer",
    "decode_image",
    "decode_image_bytes",
    "decode_png16",
    "draw_net",
    "get_solver",
    "has_nccl",
    "init_log",
    "layer_type_list",
    "log",
    "resize_image_u8",
    "set_device",
    "set_mode_cpu",
    "set_mode_gpu",
    "set_multiprocess",
    "set_engine",
    "set_phase_test",
    "set_phase_train",
    "set_precision",
    "set_random_seed",
    "set_solver_count",
    "set_solver_rank",
    "solver_count",
    "solver_rank",
    "write_image",
]


def set_mode_cpu() -> None:
    """Computes on the processor, as it always does."""


def set_mode_gpu() -> None:
    """Asks for a GPU, of which this build knows none: warns once, and computes on the processor."""
    warnings.warn(
        "this build of caffe computes on the processor only", RuntimeWarning, stacklevel=2
    )


def set_device(device: int) -> None:
    """Chooses a GPU, which has no effect on the processor."""


def set_random_seed(seed: int) -> None:
    """Makes fillers, dropout and random transformations of the nets made from now on repeatable."""
    number = lib.whole(seed, "a seed", -(1 << 63), (1 << 64) - 1)
    lib.set_random_seed(number & 0xFFFF_FFFF_FFFF_FFFF)


def set_engine(engine: str | None) -> None:
    """Says what computes the nets made from now on: "oneDNN", the fast engine, or "reference", the readable one.

    None is the fast one again. The field `engine` of layers has no effect: in published files it means "not cuDNN".
    """
    lib.check(lib.set_engine(None if engine is None else lib.text_bytes(engine, "an engine")))


def set_precision(precision: str | None) -> None:
    """Says what the weights and activations of nets made from now on are kept in, if they only infer: "f32" or "bf16".

    Sums are made in float32 in either case. None leaves it to the field `precision` of the nets' definitions.
    """
    name = None if precision is None else lib.text_bytes(precision, "a precision")
    lib.check(lib.set_precision(name))


def layer_type_list() -> list[str]:
    """The names of the layer types that a net can have."""
    return lib.take_text(lib.layer_type_list()).split("\n")


def solver_count() -> int:
    """How many solvers share the data."""
    return lib.solver_count()


def set_solver_count(count: int) -> None:
    """Says how many solvers share the data: each takes every count-th record."""
    lib.check(lib.set_solver_count(lib.whole(count, "the number of solvers")))


def solver_rank() -> int:
    """Which of the solvers that share the data this process is."""
    return lib.solver_rank()


def set_solver_rank(rank: int) -> None:
    """Says which of the solvers that share the data this process is."""
    lib.check(lib.set_solver_rank(lib.whole(rank, "the rank of a solver")))


def set_multiprocess(multiprocess: bool) -> None:
    """Says that the solvers are processes of their own, as they always are."""


def init_log(level: int | None = None, stderr: bool | None = None) -> None:
    """Logs from a severity on (0 info, 1 warning, 2 error, 3 fatal), and to standard error alone if `stderr` says so.

    What is not given stays as glog's variables say, such as GLOG_minloglevel.
    """
    severity = -1 if level is None else lib.whole(level, "level", 0, 3)
    lib.check(lib.init_log(severity, -1 if stderr is None else int(bool(stderr))))


def log(message: str) -> None:
    """Writes a line to the log."""
    lib.check(lib.log(str(message).replace("\0", "").encode("utf-8", "replace")))


def has_nccl() -> bool:
    """Whether gradients of several GPUs can be summed: no."""
    return False


class NCCL:
    """The sum of gradients over several GPUs, of which this build has none; it is accepted where the original takes it."""

    def __init__(self, solver: Solver, uid: Any) -> None:
        self.solver = solver


class Timer:
    """A stopwatch."""

    def __init__(self) -> None:
        self._begin = self._end = 0.0

    def start(self) -> None:
        """Starts to measure."""
        self._begin = time.perf_counter()

    def stop(self) -> None:
        """Ends the measurement."""
        self._end = time.perf_counter()

    @property
    def ms(self) -> float:
        """The milliseconds between start and stop."""
        return (self._end - self._begin) * 1000


def decode_image(path: Any, color: bool = True) -> np.ndarray:
    """Reads a JPEG, PNG, BMP or PNM file: bytes of H x W x 3 in the order red, green, blue, or H x W x 1."""
    return _image(lambda *result: lib.image_read(lib.path_bytes(path), bool(color), *result))


def decode_image_bytes(content: bytes, color: bool = True) -> np.ndarray:
    """Decodes the content of a JPEG, PNG, BMP or PNM file, as `decode_image` does."""
    content = _bytes(content)
    return _image(lambda *result: lib.image_decode(content, len(content), bool(color), *result))


def decode_png16(content: bytes) -> np.ndarray:
    """Decodes a PNG file of 16 bits a sample: uint16 of H x W x 3 in the order red, green, blue, or H x W x 1."""
    content = _bytes(content)
    return _samples(lambda *result: lib.image_decode_png16(content, len(content), *result), np.uint16)


def _bytes(content: Any) -> bytes:
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise TypeError(f"the content of an image file is bytes, not {content!r:.50}")
    return bytes(content)


def _image(read: Any) -> np.ndarray:
    return np.ascontiguousarray(_samples(read, np.uint8)[:, :, ::-1])


def _samples(read: Any, dtype: Any) -> np.ndarray:
    memory = ctypes.c_void_p()
    extents = lib.Extents()
    lib.check(read(ctypes.byref(memory), extents))
    shape = tuple(extents[:3])
    assert memory.value is not None
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(bytearray(lib.take_bytes(memory.value, size)), dtype).reshape(shape)


def write_image(path: Any, pixels: np.ndarray) -> None:
    """Writes bytes of H x W x 3 in the order red, green, blue, or of H x W (x 1), to a PNG or JPEG file."""
    pixels = _as_bytes(pixels)
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
        raise ValueError(f"an image is H x W, H x W x 1 or H x W x 3, not {pixels.shape}")
    stored = np.ascontiguousarray(pixels[:, :, ::-1])
    lib.check(lib.image_write(lib.path_bytes(path), stored.ctypes.data, *stored.shape))


def resize_image_u8(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes bytes of H x W x 1, 3 or 4 by linear interpolation, to the very values that OpenCV gives."""
    pixels = np.ascontiguousarray(_as_bytes(pixels))
    if pixels.ndim != 3:
        raise ValueError(f"an image has 3 axes, not {pixels.ndim}")
    height, width = lib.whole(height, "height", 1), lib.whole(width, "width", 1)
    result = np.empty((height, width, pixels.shape[2]), np.uint8)
    lib.check(
        lib.image_resize(pixels.ctypes.data, *pixels.shape, height, width, result.ctypes.data)
    )
    return result


def _as_bytes(pixels: Any) -> np.ndarray:
    """Pixels as uint8, if they are numbers from 0 to 255."""
    array = np.asarray(pixels)
    if array.dtype == np.uint8:
        return array
    is_whole = array.dtype.kind in "iu" or (array.dtype.kind == "f" and (array == np.rint(array)).all())
    if not is_whole or (array.size and (array.min() < 0 or array.max() > 255)):
        raise TypeError("pixels are whole numbers from 0 to 255, and these are others")
    return array.astype(np.uint8)


def draw_net(
    prototxt: str,
    rankdir: str = "LR",
    format: str = "png",
    phase: int | None = None,
    display_lrm: bool = False,
) -> bytes:
    """Draws the layers of a net, of one phase or of both, as a picture in the format svg or png."""
    arguments = (
        lib.text_bytes(prototxt, "a prototxt"),
        lib.text_bytes(rankdir, "rankdir"),
        lib.text_bytes(format, "format"),
        -1 if phase is None else lib.whole(phase, "phase", 0, 1),
        bool(display_lrm),
    )
    return lib.taken_bytes(lambda *result: lib.draw_net(*arguments, *result))
