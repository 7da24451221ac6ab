"""Where the pixels of one blob of a NetSpec lie in another, to crop one so that it fits the other.

A map is (axis, scale, shift): the first axis with coordinates, less one, or None for all; and for
each axis, or all,

    coordinate in the top = scale · coordinate in the bottom + shift

so that the identity is (None, 1, 0).
"""

from collections.abc import Iterator
from typing import Any, Optional

import numpy as np

from .net_spec import Function, Top
from .net_spec import layers as L

Map = tuple[Optional[int], Any, Any]

PASS_THROUGH_LAYERS = [
    "AbsVal", "BatchNorm", "Bias", "BNLL", "Clip", "Dropout", "Eltwise", "ELU", "Exp", "Log", "LRN",
    "MVN", "Power", "PReLU", "ReLU", "Scale", "Sigmoid", "Split", "Swish", "TanH", "Threshold",
]  # fmt: skip


class UndefinedMapException(Exception):
    """A layer does not keep places."""


class AxisMismatchException(Exception):
    """Two maps begin at different axes."""


def conv_params(fn: Function) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """(axis, stride, extent, pad) of a Convolution, Deconvolution, Im2col or Pooling."""
    params = fn.params.get("convolution_param") or fn.params.get("pooling_param") or fn.params
    if params.get("global_pooling"):
        raise UndefinedMapException("A global Pooling does not keep places.")

    def setting(name: str, short: str, default: int) -> np.ndarray:
        if f"{short}_h" in params or f"{short}_w" in params:
            return np.array([params.get(f"{short}_h", default), params.get(f"{short}_w", default)])
        return np.array(params.get(name, default), ndmin=1)

    kernel = setting("kernel_size", "kernel", 0)
    if not kernel.all():
        raise ValueError(f"{fn.type_name} has no kernel_size.")
    extent = (kernel - 1) * np.array(params.get("dilation", 1), ndmin=1) + 1
    return params.get("axis", 1), setting("stride", "stride", 1), extent, setting("pad", "pad", 0)


def crop_params(fn: Function) -> tuple[int, np.ndarray]:
    """(axis, offset) of a Crop."""
    params = fn.params.get("crop_param", fn.params)
    return params.get("axis", 2), np.array(params.get("offset", 0), ndmin=1)


def coord_map(fn: Function) -> Map:
    """The map of a layer from its bottoms to its tops."""
    if fn.type_name in ("Convolution", "Pooling", "Im2col"):
        axis, stride, extent, pad = conv_params(fn)
        return axis, 1 / stride, (pad - (extent - 1) / 2) / stride
    if fn.type_name == "Deconvolution":
        axis, stride, extent, pad = conv_params(fn)
        return axis, stride, (extent - 1) / 2 - pad
    if fn.type_name in PASS_THROUGH_LAYERS:
        return None, 1, 0
    if fn.type_name == "Crop":
        axis, offset = crop_params(fn)
        return axis - 1, 1, -offset
    raise UndefinedMapException(f"{fn.type_name} does not keep places.")


def compose(base_map: Map, next_map: Map) -> Map:
    """The map that applies `next_map`, then `base_map`."""
    (base_axis, base_scale, base_shift), (next_axis, next_scale, next_shift) = base_map, next_map
    if base_axis is not None and next_axis is not None and base_axis != next_axis:
        raise AxisMismatchException(f"One map begins at axis {base_axis}, another at {next_axis}.")
    axis = next_axis if base_axis is None else base_axis
    return axis, base_scale * next_scale, base_scale * next_shift + base_shift


def inverse(coord_map: Map) -> Map:
    """The map in the other direction."""
    axis, scale, shift = coord_map
    return axis, 1 / scale, -shift / scale


def coord_map_from_to(top_from: Top, top_to: Top) -> Map:
    """The map from a blob to another, by way of a blob that both are made of."""
    from_maps = dict(_ancestors(top_from))
    for top, to_map in _ancestors(top_to):
        if top in from_maps:
            return compose(to_map, inverse(from_maps[top]))
    raise RuntimeError("Could not compute map between tops; are they connected by spatial layers?")


def _ancestors(top: Top) -> Iterator[tuple[Top, Map]]:
    """The blob and all blobs that it is made of, nearest first, with the maps from them to it."""
    seen = {top}
    waiting: list[tuple[Top, Map]] = [(top, (None, 1, 0))]
    for current, to_top in waiting:  # grows meanwhile
        yield current, to_top
        # The second bottom of a Crop only lends its size.
        bottoms = current.fn.inputs[:1] if current.fn.type_name == "Crop" else current.fn.inputs
        try:
            for bottom in bottoms:
                if bottom not in seen:
                    seen.add(bottom)
                    waiting.append((bottom, compose(to_top, coord_map(current.fn))))
        except UndefinedMapException:
            pass


def crop(top_from: Top, top_to: Top) -> Top:
    """A Crop layer that cuts from `top_from` what lies where `top_to` does."""
    axis, a, b = coord_map_from_to(top_from, top_to)
    a, b = np.array(a, ndmin=1), np.array(b, ndmin=1)
    # Assertions by contract, written so that they also hold under `python -O`.
    if not (a == 1).all():
        raise AssertionError(f"scale mismatch on crop (a = {a})")
    if not (b <= 0).all():
        raise AssertionError(f"cannot crop negative offset (b = {b})")
    if not (np.round(b) == b).all():
        raise AssertionError(f"cannot crop noninteger offset (b = {b})")
    first = 2 if axis is None else axis + 1
    return L.Crop(
        top_from, top_to, crop_param=dict(axis=first, offset=[int(-shift) for shift in b])
    )
