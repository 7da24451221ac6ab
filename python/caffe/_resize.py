"""Resizing of images by interpolation along their rows and columns, without smoothing."""

from collections.abc import Sequence
from typing import Any, Callable, Optional

import numpy as np

# Indices of the old items that each new one comes from, and weights, both new length × taps.
_Taps = tuple[np.ndarray, np.ndarray]


def centers(length: int, new_length: int, step: Optional[float] = None) -> np.ndarray:
    """Positions of new pixels among the old where both grids cover the same extent.

    x[i] = (i + ½) · step − ½,   step = length / new_length unless given
    """
    step = length / new_length if step is None else step
    return (np.arange(new_length) + 0.5) * step - 0.5


def aligned_corners(length: int, new_length: int) -> np.ndarray:
    """Positions where the first and the last pixel of both grids coincide."""
    return np.linspace(0, length - 1, new_length)


def taps(positions: np.ndarray, order: int) -> _Taps:
    """Old items around `positions` and their weights: nearest (order 0), linear (1) or cubic (3).

    Cubic is the convolution of Keys (1981) with a = −½. The indices may lie outside of the array.
    """
    if order == 0:
        nearest = np.floor(positions + 0.5).astype(int)
        return nearest[:, None], np.ones((len(positions), 1))
    first = np.floor(positions).astype(int)
    t = (positions - first)[:, None]
    if order == 1:
        return first[:, None] + np.arange(2), np.hstack([1 - t, t])
    if order == 3:
        weights = np.hstack(
            [
                ((-0.5 * t + 1) * t - 0.5) * t,
                (1.5 * t - 2.5) * t * t + 1,
                ((-1.5 * t + 2) * t + 0.5) * t,
                (0.5 * t - 0.5) * t * t,
            ]
        )
        return first[:, None] + np.arange(-1, 3), weights
    raise ValueError(f"interp_order is {order}; it can be 0 (nearest), 1 (linear) or 3 (cubic).")


def blend(array: np.ndarray, axis: int, around: _Taps, outside: Optional[float]) -> np.ndarray:
    """Makes a new axis of weighted sums of old items.

    Beyond the border lies the value `outside` or, if that is None, the border's item again.
    """
    indices, weights = around
    length = array.shape[axis]
    beyond = (indices < 0) | (indices >= length)
    indices = np.clip(indices, 0, length - 1)
    along = [1] * array.ndim
    along[axis] = -1
    total: Any = 0.0
    if outside is not None:
        total = outside * np.where(beyond, weights, 0).sum(1).reshape(along)
        weights = np.where(beyond, 0, weights)
    for tap in range(indices.shape[1]):
        total = total + weights[:, tap].reshape(along) * array.take(indices[:, tap], axis)
    return total


def resize(
    array: np.ndarray,
    shape: Sequence[int],
    order: int,
    grid: Callable[[int, int], np.ndarray],
    outside: Optional[float] = None,
) -> np.ndarray:
    """Resizes the first two axes; `grid(length, new_length)` gives the positions. float64."""
    for axis, new_length in enumerate(shape):
        if new_length < 1 or not array.size:
            raise ValueError(
                f"Cannot resize {array.shape} to {tuple(shape)}: an axis has no items."
            )
        array = blend(array, axis, taps(grid(array.shape[axis], new_length), order), outside)
    return array


def resize_u8(
    image: np.ndarray, shape: Sequence[int], steps: Sequence[Optional[float]] = (None, None)
) -> np.ndarray:
    """Resizes uint8 H×W×C linearly, bit for bit as OpenCV's `resize`; weights are whole 1/2048.

    `steps` are old pixels for each new one down and across, where they are not the ratio of the
    lengths.
    """
    rows, above = _fixed_taps(image.shape[0], shape[0], steps[0], clamps=False)
    columns, left = _fixed_taps(image.shape[1], shape[1], steps[1], clamps=True)

    def line(which: int) -> np.ndarray:
        part = image[rows[which]]
        first, second = (part[:, columns[k]] * left[k][:, None] for k in (0, 1))
        return ((first + second) >> 4) * above[which][:, None, None] >> 16

    return ((line(0) + line(1) + 2) >> 2).astype(np.uint8)


def _fixed_taps(length: int, new_length: int, step: Optional[float], clamps: bool):
    """Two neighbours of each new item and their weights; with `clamps` the border counts fully."""
    places = centers(length, new_length, step or 1 / (new_length / length)).astype(np.float32)
    first = np.floor(places).astype(np.int32)
    fraction = places - first.astype(np.float32)
    if clamps:
        fraction[(first < 0) | (first >= length - 1)] = 0
        first = first.clip(0, length - 1)
    weights = np.stack([1 - fraction, fraction]) * np.float32(2048)
    return np.stack([first, first + 1]).clip(0, length - 1), np.rint(weights).astype(np.int32)
