"""Caffe nets in the manner of OpenCV's `cv2.dnn`, which since OpenCV 5 reads no Caffe files.

    from caffe import dnn as cv2_dnn     # in place of cv2.dnn

    net = cv2_dnn.readNetFromCaffe('deploy.prototxt', 'net.caffemodel')
    net.setInput(cv2_dnn.blobFromImage(image, 1 / 127.5, (300, 300), (127.5, 127.5, 127.5)))
    detections = net.forward()

Names, arguments and numbers are OpenCV's. Images are H×W×C as `cv2.imread` gives them, so BGR.
Where OpenCV returns its own types or an empty tuple, there are arrays and lists here.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional, Union

import numpy as np

from ._dnn_images import (
    CV_8U,
    CV_32F,
    NMSBoxes,
    Numbers,
    blobFromImage,
    blobFromImages,
    imagesFromBlob,
)
from .proto.caffe_pb2 import TEST
from .pycaffe import Net as CaffeNet

# What setPreferableBackend and setPreferableTarget take. They choose nothing here.
DNN_BACKEND_DEFAULT, DNN_BACKEND_OPENCV, DNN_BACKEND_CUDA = 0, 3, 5
DNN_TARGET_CPU, DNN_TARGET_OPENCL, DNN_TARGET_OPENCL_FP16 = 0, 1, 2
DNN_TARGET_CUDA, DNN_TARGET_CUDA_FP16 = 6, 7

__all__ = [
    "CV_32F", "CV_8U", "DNN_BACKEND_CUDA", "DNN_BACKEND_DEFAULT", "DNN_BACKEND_OPENCV",
    "DNN_TARGET_CPU", "DNN_TARGET_CUDA", "DNN_TARGET_CUDA_FP16", "DNN_TARGET_OPENCL",
    "DNN_TARGET_OPENCL_FP16", "Layer", "NMSBoxes", "Net", "blobFromImage", "blobFromImages",
    "imagesFromBlob", "readNet", "readNetFromCaffe",
]  # fmt: skip

_Source = Union[str, "os.PathLike[str]", bytes, bytearray, np.ndarray]


def readNetFromCaffe(prototxt: _Source, caffeModel: Optional[_Source] = None) -> "Net":
    """Reads a net and its weights.

    Each is the name of a file, or the bytes of one. Without weights the fillers' stay.
    """
    weights = None if caffeModel is None else _named_or_bytes(caffeModel)
    model = _named_or_bytes(prototxt)
    if isinstance(model, str) and not isinstance(weights, bytes):
        return Net(CaffeNet(model, TEST, weights=weights))
    if isinstance(model, str):
        with open(model, "rb") as file:
            model = file.read()
    return Net(CaffeNet.from_text(model.decode(), TEST, weights=weights))


def readNet(model: str, config: str = "", framework: str = "") -> "Net":
    """Reads a net from a .prototxt and a .caffemodel, in either order."""
    if framework.lower() not in ("", "caffe"):
        raise ValueError(f"{framework} nets cannot be read, only Caffe.")
    names = [os.fspath(name) for name in (model, config) if name]
    return readNetFromCaffe(*sorted(names, key=lambda name: not name.endswith(".prototxt")))


def _named_or_bytes(source: _Source) -> Union[str, bytes]:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    return bytes(source)


@dataclass(frozen=True)
class Layer:
    """A layer of a net: its name, its type, its weights."""

    name: str
    type: str
    blobs: list[np.ndarray]


class Net:
    """A net to run, made by `readNetFromCaffe`. Layers are counted from 1; 0 is the input."""

    def __init__(self, net: Optional[CaffeNet] = None):
        self._net = net
        self._inputs: dict[str, np.ndarray] = {}
        self._last_time = 0
        names = [] if net is None else list(net._layer_names)
        types = [] if net is None else [layer.type for layer in net.layers]
        self._places = {name: place for place, name in enumerate(names)}
        # Inputs are no layers to OpenCV, and it does not show the Splits that nets insert.
        shown = [name for name, type in zip(names, types) if type not in ("Input", "Split")]
        self._names: list[str] = shown
        self._makers = {top: name for name in shown for top in self.caffe_net.top_names[name]}

    @property
    def caffe_net(self) -> CaffeNet:
        """The `caffe.Net` that runs."""
        if self._net is None:
            raise ValueError("The net is empty; readNetFromCaffe reads one.")
        return self._net

    def empty(self) -> bool:
        """Whether there are no layers."""
        return not self._names

    def setInput(
        self, blob: np.ndarray, name: str = "", scalefactor: float = 1.0, mean: Numbers = ()
    ) -> None:
        """Sets the input called `name`, or the first, to scalefactor · (blob − mean).

        The net takes on the shape of the blob.
        """
        inputs = list(self.caffe_net.inputs)
        if name and name not in inputs:
            raise ValueError(f"{name} is not an input of the net; it has {', '.join(inputs)}.")
        if not inputs:
            raise ValueError("The net has no inputs.")
        values = np.array(blob, dtype=np.float32)
        means = np.atleast_1d(np.asarray(mean, dtype=np.float32))
        if means.any():
            along = [1] * values.ndim
            along[1] = values.shape[1]
            each = np.zeros(values.shape[1], dtype=np.float32)
            each[: len(means)] = means[: len(each)]
            values -= each.reshape(along)
        if scalefactor != 1:
            values *= np.float32(scalefactor)
        self._inputs[name or inputs[0]] = values

    def forward(self, outputName: Union[None, str, Sequence[str]] = None):
        """The output of a layer, by default the last; for a list of names, a list of outputs.

        Runs the net only as far as it must. A name may also be that of a blob.
        """
        if isinstance(outputName, str) or outputName is None:
            return self._run([self._target(outputName or self._default_output())])[0]
        return self._run(
            [self._target(name) for name in outputName or self.getUnconnectedOutLayersNames()]
        )

    def _default_output(self) -> str:
        net = self.caffe_net
        for name in reversed(self._names):
            if net.top_names[name]:
                return name
        raise ValueError("The net has no layers with outputs.")

    def _run(self, targets: Sequence[tuple[int, str]]) -> list[np.ndarray]:
        """The values of blobs, each just after the layer at the place beside it."""
        started = time.perf_counter_ns()
        net = self.caffe_net
        values: dict[tuple[int, str], np.ndarray] = {}
        first = 0
        with net._held() as held, held:
            self._feed()
            # In stages, as a later layer may work in place on the blob of an earlier one.
            for place, blob in sorted(targets):
                if place >= first:
                    net._forward(first, place)
                    first = place + 1
                values[place, blob] = net.blobs[blob].data.copy()
        self._last_time = time.perf_counter_ns() - started
        return [values[target] for target in targets]

    def _feed(self) -> None:
        net = self.caffe_net
        changed = False
        for name, values in self._inputs.items():
            if tuple(net.blobs[name].shape) != values.shape:
                net.blobs[name].reshape(*values.shape)
                changed = True
        if changed:
            net.reshape()
        for name, values in self._inputs.items():
            net.blobs[name].data[...] = values

    def _target(self, output: str) -> tuple[int, str]:
        """The place of the layer to run to, and the blob to take."""
        name = output if output in self._places else self._makers.get(output)
        if name is None:
            raise ValueError(
                f"The net has no layer {output}; its last is {self._default_output()}."
            )
        tops = self.caffe_net.top_names[name]
        if not tops:
            raise ValueError(f"{name} has no output.")
        return self._places[name], output if output in tops else tops[0]

    def forwardAndRetrieve(self, outBlobNames: Sequence[str]) -> list[list[np.ndarray]]:
        """For each layer name, the list of its outputs."""
        targets = []
        for name in outBlobNames:
            place, _ = self._target(name)
            targets.append([(place, top) for top in self.caffe_net.top_names[name]])
        found = iter(self._run([target for of_layer in targets for target in of_layer]))
        return [[next(found) for _ in of_layer] for of_layer in targets]

    def getLayerNames(self) -> list[str]:
        """Names of the layers, in order."""
        return list(self._names)

    def getLayerId(self, layer: str) -> int:
        """The number of a layer; −1 if there is none of that name."""
        return self._names.index(layer) + 1 if layer in self._names else -1

    def getLayer(self, layerId: Union[int, str]) -> Layer:
        """A layer by number or name."""
        name = self._layer_name(layerId)
        layer = self.caffe_net.layer_dict[name]
        return Layer(name, layer.type, [blob.data.copy() for blob in layer.blobs])

    def _layer_name(self, layer: Union[int, str]) -> str:
        number = self.getLayerId(layer) if isinstance(layer, str) else int(layer)
        if not 1 <= number <= len(self._names):
            raise ValueError(
                f"The net has no layer {layer}; they are numbered from 1 to {len(self._names)}."
            )
        return self._names[number - 1]

    def getLayersCount(self, layerType: str) -> int:
        """The number of layers of a type."""
        return sum(self.caffe_net.layer_dict[name].type == layerType for name in self._names)

    def getLayerTypes(self) -> list[str]:
        """The types of layers, each once."""
        return list(dict.fromkeys(self.caffe_net.layer_dict[name].type for name in self._names))

    def getUnconnectedOutLayers(self) -> np.ndarray:
        """Numbers of the layers that make the net's outputs."""
        outputs = {} if self._net is None else self._net.outputs
        return np.array(
            sorted(
                {self.getLayerId(self._makers[name]) for name in outputs if name in self._makers}
            ),
            int,
        )

    def getUnconnectedOutLayersNames(self) -> list[str]:
        """Names of the layers that make the net's outputs."""
        return [self._names[number - 1] for number in self.getUnconnectedOutLayers()]

    def getParam(self, layer: Union[int, str], numParam: int = 0) -> np.ndarray:
        """A copy of a layer's weights: 0 the weights, 1 the biases."""
        return self._parameter(layer, numParam).data.copy()

    def setParam(self, layer: Union[int, str], numParam: int, blob: np.ndarray) -> None:
        """Sets a layer's weights."""
        parameter = self._parameter(layer, numParam)
        blob = np.asarray(blob)
        if blob.shape != tuple(parameter.shape):
            raise ValueError(
                f"The weights have the shape {tuple(parameter.shape)}, and not {blob.shape}."
            )
        parameter.data[...] = blob

    def _parameter(self, layer: Union[int, str], number: int):
        name = self._layer_name(layer)
        blobs = self.caffe_net.layer_dict[name].blobs
        if not 0 <= number < len(blobs):
            raise ValueError(
                f"{name} has {len(blobs)} blobs of weights; there is none of number {number}."
            )
        return blobs[number]

    def getFLOPS(self, netInputShape: Optional[Sequence[int]] = None) -> int:
        """Additions and multiplications of convolutions and inner products in one forward pass.

        `netInputShape` gives the first input that shape.
        """
        net = self.caffe_net
        if netInputShape is not None:
            net.blobs[net.inputs[0]].reshape(*netInputShape)
            net.reshape()
        return 2 * sum(net.multiply_counts.values())

    def getPerfProfile(self) -> tuple[int, np.ndarray]:
        """The time of the last `forward`, and of each layer, in nanoseconds.

        The layers are timed now, one by one, on the present input.
        """
        net = self.caffe_net
        times = np.zeros(len(self._names))
        numbers = {name: number for number, name in enumerate(self._names)}
        for name, place in self._places.items():
            started = time.perf_counter_ns()
            net._forward(place, place)
            if name in numbers:
                times[numbers[name]] = time.perf_counter_ns() - started
        return self._last_time, times

    def setPreferableBackend(self, backendId: int) -> None:
        """Does nothing: nets run on this package's engine."""

    def setPreferableTarget(self, targetId: int) -> None:
        """Does nothing: `caffe.set_mode_cpu` and `caffe.set_mode_gpu` choose for all nets."""

    def enableFusion(self, fusion: bool) -> None:
        """Does nothing: layers are fused where that changes no result."""

    def enableWinograd(self, useWinograd: bool) -> None:
        """Does nothing: the engine chooses the algorithms."""
