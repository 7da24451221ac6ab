"""A net as an ONNX file, for ONNX Runtime and OpenVINO."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .graph import is_maximum, window


def write_onnx(graph, weights, path):
    nodes, constants = [], []

    def constant(name, array):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def learned(step):
        return [constant(f"{step.name}:{i}", blob) for i, blob in enumerate(weights[step.name])]

    def add(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))

    for step in graph.steps:
        x, y = step.inputs, step.output
        if step.type == "Convolution":
            w = window(step)
            add(
                "Conv",
                [x[0], *learned(step)],
                y,
                kernel_shape=w.kernel,
                strides=w.stride,
                pads=w.pad * 2,
                dilations=w.dilation,
                group=step.layer.convolution_param.group,
            )
        elif step.type == "InnerProduct":
            if len(step.input_shapes[0]) > 2:
                shape = constant(y + ":shape", np.array([step.shape[0], -1]))
                add("Reshape", [x[0], shape], y + ":flat")
                x = [y + ":flat"]
            add("Gemm", [x[0], *learned(step)], y, transB=1)
        elif step.type == "BatchNorm":
            mean, variance = weights[step.name][:2]
            gain, offset = (
                weights[step.scale.name]
                if step.scale is not None
                else (np.ones_like(mean), np.zeros_like(mean))
            )
            blobs = {"gain": gain, "offset": offset, "mean": mean, "variance": variance}
            names = [constant(f"{step.name}:{name}", blob) for name, blob in blobs.items()]
            add("BatchNormalization", [x[0], *names], y, epsilon=step.layer.batch_norm_param.eps)
        elif step.type == "Pooling":
            if step.layer.pooling_param.global_pooling:
                add("GlobalMaxPool" if is_maximum(step) else "GlobalAveragePool", x, y)
                continue
            w = window(step)
            # Caffe's rounding up is padding behind, which no average counts.
            behind = [
                max(0, (out - 1) * s + k - n - p)
                for out, s, k, n, p in zip(
                    step.shape[2:], w.stride, w.kernel, step.input_shapes[0][2:], w.pad
                )
            ]
            if any(w.pad) and not is_maximum(step):
                raise ValueError(f"layer {step.name}: no padded averages here")
            kind = "MaxPool" if is_maximum(step) else "AveragePool"
            add(kind, x, y, kernel_shape=w.kernel, strides=w.stride, pads=[*w.pad, *behind])
        elif step.type == "LRN":
            param = step.layer.lrn_param
            add(
                "LRN", x, y, size=param.local_size, alpha=param.alpha, beta=param.beta, bias=param.k
            )
        elif step.type == "ReLU":
            add("Relu", x, y)
        elif step.type == "Eltwise":
            add("Sum" if len(x) != 2 else "Add", x, y)
        elif step.type == "Concat":
            add("Concat", x, y, axis=1)
        elif step.type == "Softmax":
            add("Softmax", x, y, axis=1)
        else:
            raise ValueError(f"layer {step.name}: no {step.type} here")

    def described(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    model = helper.make_model(
        helper.make_graph(
            nodes,
            "net",
            [described("data", graph.inputs["data"])],
            [described(graph.output, graph.steps[-1].shape)],
            constants,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    onnx.save(model, str(path))
