"""What scripts of 2013 to 2015 call: done where it can be done, explained where not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .proto.caffe_pb2 import TEST, TRAIN

_phase = TEST


def set_phase_test() -> None:
    """Has nets that are built in the form of 2014, `Net(network_file, weights_file)`, infer, as they do by default."""
    _set_phase(TEST, "TEST")


def set_phase_train() -> None:
    """Has nets that are built in the form of 2014, `Net(network_file, weights_file)`, train."""
    _set_phase(TRAIN, "TRAIN")


def _set_phase(phase: int, name: str) -> None:
    global _phase
    warnings.warn(
        f"a net has its phase from the beginning since 2014: caffe.Net(network_file, caffe.{name}, weights=weights_file)",
        DeprecationWarning,
        stacklevel=3,
    )
    _phase = phase


def weights_and_phase(weights: Any, phase: int | None = None, **others: Any) -> tuple[Any, int]:
    """What the old forms of `Net` say behind the net's file."""
    if others:
        names = ", ".join(others)
        raise TypeError(
            f"the old form, Net(network_file, weights_file, phase), takes no {names}: use "
            "Net(network_file, phase, level, stages, weights=weights_file)"
        )
    if phase is None:
        phase = _phase
        name = "caffe.TEST" if phase == TEST else "caffe.TRAIN"
        message = (
            f"Net(network_file, weights_file) is the form of 2014, and this net has the phase {name}: use "
            f"Net(network_file, {name}, weights=weights_file)"
        )
    else:
        message = (
            "Net(network_file, weights_file, phase) is the old form: use "
            "Net(network_file, phase, weights=weights_file)"
        )
    warnings.warn(message, DeprecationWarning, stacklevel=3)
    return weights, phase


def attribute(net: Any, name: str) -> Callable[..., None] | None:
    """What nets of 2014 had under a name, as far as it can be had."""
    if name in ("set_phase_test", "set_phase_train"):
        phase = TEST if name == "set_phase_test" else TRAIN
        if net.__dict__.get("phase") == phase:
            return lambda: warnings.warn(
                f"{name} does nothing: this net has that phase from the beginning", DeprecationWarning, stacklevel=2
            )
    elif name in ("set_mode_cpu", "set_mode_gpu", "set_device"):
        return getattr(import_module("caffe._caffe"), name)
    if name in _GONE:
        raise AttributeError(f"nets have no {name} since 2014: {_GONE[name]}")
    return None


_TRANSFORMER = "caffe.io.Transformer({name: net.blobs[name].data.shape}) has"

# What nets had until 2014, and what there is instead.
_GONE = {
    "set_phase_test": "the phase is chosen when a net is built: caffe.Net(network_file, caffe.TEST)",
    "set_phase_train": "the phase is chosen when a net is built: caffe.Net(network_file, caffe.TRAIN)",
    "set_mean": f"{_TRANSFORMER} set_mean(name, array)",
    "set_input_scale": f"{_TRANSFORMER} set_input_scale(name, factor)",
    "set_raw_scale": f"{_TRANSFORMER} set_raw_scale(name, factor)",
    "set_channel_swap": f"{_TRANSFORMER} set_channel_swap(name, order)",
    "preprocess": f"{_TRANSFORMER} preprocess(name, image)",
    "deprocess": f"{_TRANSFORMER} deprocess(name, data)",
}
