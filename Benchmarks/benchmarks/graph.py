"""What a net computes, step by step: shapes, values under names of their own, and operations counted.

Only the layers of the nets in Benchmarks/nets are known; another one is an error.
"""

import dataclasses
import math

INPUTS = {"Input", "DummyData"}
LEARNED = {"Convolution", "InnerProduct", "BatchNorm"}


@dataclasses.dataclass
class Step:
    """One layer. Names are unique for each value, also where the layer works in place."""

    layer: object
    inputs: list
    output: str
    input_shapes: list
    shape: tuple
    scale: object = None  # the Scale layer that follows a BatchNorm, which is part of it

    @property
    def type(self):
        return self.layer.type

    @property
    def name(self):
        return self.layer.name


@dataclasses.dataclass
class Window:
    kernel: tuple
    stride: tuple
    pad: tuple
    dilation: tuple


def _pair(param, name, default):
    """A field such as kernel_size, given once, for each axis, or as kernel_h and kernel_w."""
    stem = "kernel" if name == "kernel_size" else name
    if hasattr(param, stem + "_h") and param.HasField(stem + "_h"):
        return getattr(param, stem + "_h"), getattr(param, stem + "_w")
    value = getattr(param, name)
    if isinstance(value, int):
        return (value, value) if param.HasField(name) else (default, default)
    values = list(value) or [default]
    return (values[0], values[-1])


def window(step):
    """The window of a Convolution or Pooling layer, (height, width) each."""
    if step.type == "Convolution":
        param = step.layer.convolution_param
        dilation = _pair(param, "dilation", 1)
    else:
        param, dilation = step.layer.pooling_param, (1, 1)
        if param.global_pooling:
            return Window(tuple(step.input_shapes[0][2:]), (1, 1), (0, 0), dilation)
    return Window(
        _pair(param, "kernel_size", 0), _pair(param, "stride", 1), _pair(param, "pad", 0), dilation
    )


def is_maximum(step):
    pool = step.layer.pooling_param
    method = pool.PoolMethod.Name(pool.pool)
    if method not in ("MAX", "AVE"):
        raise ValueError(f"layer {step.name}: no pooling {method} here")
    return method == "MAX"


def _pooled(size, kernel, stride, pad):
    """Caffe rounds up, and drops a last window that would begin in the padding behind."""
    count = math.ceil((size + 2 * pad - kernel) / stride) + 1
    return count - 1 if pad and (count - 1) * stride >= size + pad else count


def _shape(step):
    shapes = step.input_shapes
    first = shapes[0]
    if step.type in ("ReLU", "LRN", "Softmax", "Dropout", "BatchNorm", "Eltwise"):
        return first
    if step.type == "Concat":
        return (first[0], sum(shape[1] for shape in shapes), *first[2:])
    if step.type == "InnerProduct":
        return (first[0], step.layer.inner_product_param.num_output)
    if step.type == "SoftmaxWithLoss":
        return ()
    w = window(step)
    if step.type == "Pooling":
        size = [_pooled(*axis) for axis in zip(first[2:], w.kernel, w.stride, w.pad)]
        return (*first[:2], *size)
    size = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(first[2:], w.kernel, w.stride, w.pad, w.dilation)
    ]
    return (first[0], step.layer.convolution_param.num_output, *size)


class Graph:
    """The steps of a net, in order. `inputs` are name and shape of each."""

    def __init__(self, net, with_dropout=True):
        self.inputs = {}
        self.steps = []
        shapes = {}
        current = {}  # the value that a blob's name stands for by now
        for layer in net.layer:
            if layer.type in INPUTS:
                param = layer.input_param if layer.type == "Input" else layer.dummy_data_param
                for top, shape in zip(layer.top, param.shape):
                    self.inputs[top] = shapes[top] = tuple(shape.dim)
                    current[top] = top
                continue
            inputs = [current[bottom] for bottom in layer.bottom]
            if layer.type == "Dropout" and not with_dropout:
                current[layer.top[0]] = inputs[0]
                continue
            if layer.type == "Scale":
                batch_norm = self.steps[-1]
                if batch_norm.type != "BatchNorm" or batch_norm.output != inputs[0]:
                    raise ValueError(f"layer {layer.name}: a Scale must follow its BatchNorm here")
                batch_norm.scale = layer
                continue
            (top,) = layer.top
            output = top if top not in shapes else f"{top}/{layer.name}"
            step = Step(layer, inputs, output, [shapes[name] for name in inputs], ())
            step.shape = shapes[output] = _shape(step)
            current[top] = output
            self.steps.append(step)

    @property
    def output(self):
        return self.steps[-1].output

    def uses(self, name):
        return sum(step.inputs.count(name) for step in self.steps)


def multiply_flops(step):
    """Twice the multiplications of a forward pass; only convolutions and inner products are counted."""
    if step.type == "Convolution":
        channels = step.input_shapes[0][1] // step.layer.convolution_param.group
        return 2 * math.prod(step.shape) * channels * math.prod(window(step).kernel)
    if step.type == "InnerProduct":
        return 2 * math.prod(step.shape) * math.prod(step.input_shapes[0][1:])
    return 0


def flops(graph, training=False):
    """Operations of a pass; in training those of the gradients too, as far as they are asked for."""
    total = 0
    owed = set()  # values whose gradient somebody below needs
    for step in graph.steps:
        passes = 1
        if training:
            passes += 1 + any(name in owed for name in step.inputs)
        total += passes * multiply_flops(step)
        if step.type in LEARNED or any(name in owed for name in step.inputs):
            owed.add(step.output)
    return total
