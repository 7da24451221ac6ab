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
    lib.set_random_seed(int(seed) & 0xFFFF_FFFF_FFFF_FFFF)


def set_engine(engine: str | None) -> None:
    """Says what computes the nets made from now on: "oneDNN", the fast engine, or "reference", the readable one.

    None is the fast one again. The field `engine` of layers has no effect: in published files it means "not cuDNN".
    """
    lib.check(lib.set_engine(None if engine is None else engine.encode()))


def set_precision(precision: str | None) -> None:
    """Says what the weights and activations of nets made from now on are kept in, if they only infer: "f32" or "bf16".

    Sums are made in float32 in either case. None leaves it to the field `precision` of the nets' definitions.
    """
    lib.check(lib.set_precision(None if precision is None else precision.encode()))


def layer_type_list() -> list[str]:
    """The names of the layer types that a net can have."""
    return lib.take_text(lib.layer_type_list()).split("\n")


def solver_count() -> int:
    """How many solvers share the data."""
    return lib.solver_count()


def set_solver_count(count: int) -> None:
    """Says how many solvers share the data: each takes every count-th record."""
    lib.set_solver_count(count)


def solver_rank() -> int:
    """Which of the solvers that share the data this process is."""
    return lib.solver_rank()


def set_solver_rank(rank: int) -> None:
    """Says which of the solvers that share the data this process is."""
    lib.set_solver_rank(rank)


def set_multiprocess(multiprocess: bool) -> None:
    """Says that the solvers are processes of their own, as they always are."""


def init_log(level: int = 0, stderr: bool = False) -> None:
    """Logs from a severity on: 0 info, 1 warning, 2 error, 3 fatal."""
    lib.check(lib.init_log(int(level), bool(stderr)))


def log(message: str) -> None:
    """Writes a line to the log."""
    lib.check(lib.log(str(message).encode()))


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
    """Reads a JPEG or PNG file: bytes of H x W x 3 in the order red, green, blue, or H x W x 1."""
    return _image(lambda *result: lib.image_read(lib.path_bytes(path), color, *result))


def decode_image_bytes(content: bytes, color: bool = True) -> np.ndarray:
    """Decodes the content of a JPEG or PNG file, as `decode_image` does."""
    return _image(lambda *result: lib.image_decode(content, len(content), color, *result))


def _image(read: Any) -> np.ndarray:
    pixels = ctypes.c_void_p()
    extents = lib.Extents()
    lib.check(read(ctypes.byref(pixels), extents))
    height, width, channels = extents[:3]
    assert pixels.value is not None
    content = lib.take_bytes(pixels.value, height * width * channels)
    image = np.frombuffer(bytearray(content), np.uint8).reshape(height, width, channels)
    return np.ascontiguousarray(image[:, :, ::-1])


def write_image(path: Any, pixels: np.ndarray) -> None:
    """Writes bytes of H x W x 3 in the order red, green, blue, or of H x W (x 1), to a PNG or JPEG file."""
    pixels = np.asarray(pixels, np.uint8)
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
        raise ValueError(f"an image is H x W, H x W x 1 or H x W x 3, not {pixels.shape}")
    stored = np.ascontiguousarray(pixels[:, :, ::-1])
    lib.check(lib.image_write(lib.path_bytes(path), stored.ctypes.data, *stored.shape))


def resize_image_u8(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes bytes of H x W x 1, 3 or 4 by linear interpolation, to the very values that OpenCV gives."""
    pixels = np.ascontiguousarray(pixels, np.uint8)
    if pixels.ndim != 3:
        raise ValueError(f"an image has 3 axes, not {pixels.ndim}")
    result = np.empty((height, width, pixels.shape[2]), np.uint8)
    lib.check(
        lib.image_resize(pixels.ctypes.data, *pixels.shape, height, width, result.ctypes.data)
    )
    return result


def draw_net(
    prototxt: str,
    rankdir: str = "LR",
    format: str = "png",
    phase: int | None = None,
    display_lrm: bool = False,
) -> bytes:
    """Draws the layers of a net, of one phase or of both, as a picture in the format svg or png."""
    picture = ctypes.c_void_p()
    count = ctypes.c_ssize_t()
    lib.check(
        lib.draw_net(
            prototxt.encode(),
            rankdir.encode(),
            format.encode(),
            -1 if phase is None else phase,
            display_lrm,
            ctypes.byref(picture),
            ctypes.byref(count),
        )
    )
    assert picture.value is not None
    return lib.take_bytes(picture.value, count.value)
