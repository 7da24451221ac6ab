"""Several nets as one, their outputs averaged."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, Optional, Union

import numpy as np

from . import io
from .classifier import ImagePrediction
from .proto.caffe_pb2 import TEST
from .pycaffe import Net

_Names = Union[io.PathLike, Sequence[io.PathLike]]


class Ensemble(ImagePrediction):
    """Several nets, or several snapshots of one, that answer with the mean of their outputs.

        ensemble = caffe.Ensemble('deploy.prototxt', ['a.caffemodel', 'b.caffemodel'])
        probabilities = ensemble.forward(data=images)['prob']

    Nets that start from other random weights make other mistakes, and a mean of their answers makes
    fewer: averaging a few of them is the most common way to gain a last point of accuracy. It takes
    the memory and the time of all.

    `models` and `weights` are one file or a list; one model goes with all weights. All nets must
    have the same inputs and outputs. `shares` are their relative weights in the mean, equal if not
    given. `average` is 'arithmetic', or 'geometric' for probabilities: exp(Σ share · log p), scaled
    to sum to 1 along axis 1. The other arguments prepare images for `predict`, as in
    `caffe.Classifier`.
    """

    def __init__(
        self,
        models: _Names,
        weights: _Names,
        phase: int = TEST,
        *,
        shares: Optional[Sequence[float]] = None,
        average: str = "arithmetic",
        image_dims: Optional[Sequence[int]] = None,
        mean: Optional[np.ndarray] = None,
        input_scale: Optional[float] = None,
        raw_scale: Optional[float] = None,
        channel_swap: Optional[Sequence[int]] = None,
    ):
        if average not in ("arithmetic", "geometric"):
            raise ValueError(f"average is 'arithmetic' or 'geometric', and not {average!r}.")
        weights = _listed(weights)
        files = _listed(weights)
        nets = _listed(models)
        if len(nets) == 1:
            nets = nets * len(files)
        if not files or len(nets) != len(files):
            raise ValueError(
                f"{len(nets)} models and {len(files)} files of weights do not make pairs."
            )
        shares = [1.0] * len(files) if shares is None else shares
        if len(shares) != len(files) or not min(shares) >= 0 or not 0 < sum(shares) < np.inf:
            raise ValueError(
                f"shares {list(shares)} must be {len(files)} numbers, none negative, not all 0."
            )
        self.shares = np.array(shares, dtype=float) / sum(shares)
        self.average = average
        self.nets: list[Net] = [Net(net, phase, weights=file) for net, file in zip(nets, files)]
        for model, net in zip(nets, self.nets):
            if list(net.inputs) != self.inputs or list(net.outputs) != self.outputs:
                raise ValueError(
                    f"{model} has inputs {list(net.inputs)} and outputs {list(net.outputs)}, but "
                    f"{nets[0]} has {self.inputs} and {self.outputs}; the nets of an ensemble must "
                    "have the same."
                )
        if self.inputs and len(self.blobs[self.inputs[0]].data.shape) == 4:
            self.prepare(
                image_dims,
                mean=mean,
                input_scale=input_scale,
                raw_scale=raw_scale,
                channel_swap=channel_swap,
            )

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs."""
        return list(self.nets[0].inputs)

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs."""
        return list(self.nets[0].outputs)

    @property
    def blobs(self) -> Mapping[str, Any]:
        """The blobs of the first net, for their shapes."""
        return self.nets[0].blobs

    def reshape_input(self, name: str, *shape: int) -> None:
        """Gives an input of all nets a shape, as for a batch of another size."""
        for net in self.nets:
            net.blobs[name].reshape(*shape)
            net.reshape()

    def forward(
        self, blobs: Optional[Iterable[str]] = None, **inputs: Any
    ) -> dict[str, np.ndarray]:
        """Means of the outputs, and of the blobs named in `blobs`, by name; see `Net.forward`."""
        return self._mean_of(lambda net: net.forward(blobs=_kept(blobs), **inputs))

    def forward_all(
        self, blobs: Optional[Iterable[str]] = None, **inputs: Any
    ) -> dict[str, np.ndarray]:
        """The same for any number of items, in batches; see `Net.forward_all`."""
        return self._mean_of(lambda net: net.forward_all(blobs=_kept(blobs), **inputs))

    def _mean_of(self, run: Callable[[Net], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        sums: dict[str, np.ndarray] = {}
        for net, share in zip(self.nets, self.shares):
            for name, value in run(net).items():
                value = np.asarray(value, dtype=float)
                if self.average == "geometric":
                    value = np.log(np.maximum(value, np.finfo(np.float32).tiny))
                if name in sums and sums[name].shape != value.shape:
                    raise ValueError(
                        f"{name} has the shapes {sums[name].shape} and {value.shape} in two nets."
                    )
                sums[name] = sums.get(name, 0) + share * value
        return {name: self._finished(total).astype(np.float32) for name, total in sums.items()}

    def _finished(self, total: np.ndarray) -> np.ndarray:
        if self.average == "arithmetic":
            return total
        products = np.exp(total)
        return products / products.sum(1, keepdims=True) if products.ndim > 1 else products


def _listed(names: _Names) -> list[str]:
    if isinstance(names, (str, os.PathLike)):
        return [os.fspath(names)]
    return [os.fspath(name) for name in names]


def _kept(names: Optional[Iterable[str]]) -> Optional[list[str]]:
    """A list of its own for each net, as `names` may be an iterator."""
    return None if names is None else list(names)
