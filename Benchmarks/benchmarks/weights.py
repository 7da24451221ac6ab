"""Random weights under which a net's values neither die nor explode, and the files that hold them."""

import math
import zlib

import numpy as np

from .graph import Graph, window

# How far the scores of the classes lie apart.
SCORE_DEVIATION = 0.5


def random_weights(net, seed=1):
    """A mapping of layer names to arrays, as in a caffemodel.

    Convolutions and inner products are drawn as He et al. (2015) do; the statistics of a BatchNorm are those of a random batch;
    and what the softmax sees is scaled so that no class takes all.
    """
    import torch

    from .torch_module import CaffeModule

    graph = Graph(net, with_dropout=False)
    weights = {
        step.name: _drawn(step, seed)
        for step in graph.steps
        if step.type in ("Convolution", "InnerProduct")
    }
    for step in graph.steps:
        if step.type == "BatchNorm":
            random, channels = _random(step.name, seed), step.shape[1]
            weights[step.name] = [
                np.zeros(channels, np.float32),
                np.ones(channels, np.float32),
                np.ones(1, np.float32),
            ]
            if step.scale is not None:
                weights[step.scale.name] = [
                    random.uniform(0.8, 1.2, channels).astype(np.float32),
                    (0.1 * random.standard_normal(channels)).astype(np.float32),
                ]

    module = CaffeModule(graph).eval()
    module.load(weights)
    parts = {step.name: part for step, part in zip(module.steps, module.parts)}
    deviations = {}

    def calibrate(step, x):
        if step.type == "BatchNorm":
            # A normalisation that takes all of the mean away leaves so little that differs between images that each one
            # enlarges rounding errors; nets that were trained do not.
            variance, mean = torch.var_mean(x[0], (0, 2, 3), correction=0)
            part = parts[step.name]
            part.running_mean.copy_(mean / 10)
            part.running_var.copy_(variance + (0.9 * mean) ** 2)
            weights[step.name][:2] = part.running_mean.numpy(), part.running_var.numpy()
        elif step.type in ("Softmax", "SoftmaxWithLoss"):
            deviations[step.name] = float(x[0].flatten(1).std(1).mean())

    module.observe = calibrate
    batch = random_input((8, *graph.inputs["data"][1:]), seed)
    label = torch.zeros(8, dtype=torch.long) if "label" in graph.inputs else None
    with torch.no_grad():
        module(torch.from_numpy(batch), label)
    for step in graph.steps:
        if step.type in ("Softmax", "SoftmaxWithLoss"):
            layer = _last_learned(graph, step.inputs[0])
            factor = np.float32(SCORE_DEVIATION / deviations[step.name])
            weights[layer] = [factor * blob for blob in weights[layer]]
    return weights


def _random(name, seed):
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _drawn(step, seed):
    random = _random(step.name, seed)
    if step.type == "Convolution":
        param = step.layer.convolution_param
        shape = (param.num_output, step.input_shapes[0][1] // param.group, *window(step).kernel)
    else:
        param = step.layer.inner_product_param
        shape = (param.num_output, math.prod(step.input_shapes[0][1:]))
    deviation = np.float32(math.sqrt(2 / math.prod(shape[1:])))
    blobs = [random.standard_normal(shape, np.float32) * deviation]
    if param.bias_term:
        blobs.append(random.standard_normal(shape[0], np.float32) * np.float32(0.1))
    return blobs


def _last_learned(graph, name):
    """The layer with weights that a value comes from, through layers without."""
    makers = {step.output: step for step in graph.steps}
    while makers[name].type not in ("Convolution", "InnerProduct"):
        name = makers[name].inputs[0]
    return makers[name].name


def random_input(shape, seed=1):
    return np.random.default_rng([seed, 0]).standard_normal(shape, np.float32)


def random_labels(count, classes, seed=1):
    return np.random.default_rng([seed, 1]).integers(0, classes, count)


# Files


def _varint(number):
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _field(number, *parts):
    """A length-delimited field of a protobuf message, in pieces that are not copied together."""
    return [_varint(number << 3 | 2) + _varint(sum(len(part) for part in parts)), *parts]


def write_caffemodel(net, weights, path):
    """NetParameter { name = 1, layer = 100 { name = 1, type = 2, blobs = 7 { data = 5, shape = 7 { dim = 1 } } } }

    By hand, because a repeated field of 138 million floats takes gigabytes in Python.
    """
    with open(path, "wb") as file:
        file.writelines(_field(1, net.name.encode()))
        for layer in net.layer:
            if layer.name not in weights:
                continue
            message = _field(1, layer.name.encode()) + _field(2, layer.type.encode())
            for blob in weights[layer.name]:
                shape = _field(1, b"".join(_varint(size) for size in blob.shape))
                data = memoryview(np.ascontiguousarray(blob, np.float32)).cast("B")
                message += _field(7, *_field(5, data), *_field(7, *shape))
            file.writelines(_field(100, *message))


def write_arrays(weights, path):
    np.savez(
        path,
        **{f"{name}:{i}": blob for name, blobs in weights.items() for i, blob in enumerate(blobs)},
    )


class StoredWeights:
    """The arrays of `write_arrays`, each read when asked for."""

    def __init__(self, path):
        self.file = np.load(path)

    def __contains__(self, name):
        return f"{name}:0" in self.file

    def __getitem__(self, name):
        blobs = []
        while f"{name}:{len(blobs)}" in self.file:
            blobs.append(self.file[f"{name}:{len(blobs)}"])
        if not blobs:
            raise KeyError(name)
        return blobs
