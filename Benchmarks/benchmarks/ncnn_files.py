"""A net as ncnn's pair of files, with the mergers that ncnn's own `ncnnoptimize` makes.

BatchNorm and Scale go into the weights of the convolution before them, ReLU becomes the layer's activation.
"""

import numpy as np

from .graph import is_maximum, window


def _folded(step, batch_norm, weights):
    """Weights and bias of a convolution, with the BatchNorm that follows it."""
    blobs = weights[step.name]
    weight = blobs[0]
    bias = blobs[1] if len(blobs) > 1 else None
    if batch_norm is None:
        return weight, bias
    mean, variance = weights[batch_norm.name][:2]
    gain = 1 / np.sqrt(variance + np.float32(batch_norm.layer.batch_norm_param.eps))
    offset = (bias if bias is not None else 0) - mean
    bias = offset * gain
    if batch_norm.scale is not None:
        factor, addend = weights[batch_norm.scale.name]
        gain = gain * factor
        bias = bias * factor + addend
    return weight * gain.reshape(-1, *[1] * (weight.ndim - 1)), bias


def write_ncnn(graph, weights, param_path, model_path):
    consumers = {}
    for step in graph.steps:
        for name in step.inputs:
            consumers.setdefault(name, []).append(step)

    def only_follower(name, kind):
        following = consumers.get(name, [])
        return following[0] if len(following) == 1 and following[0].type == kind else None

    lines = []
    merged = set()
    # A value that several layers read must be split into one copy for each of them.
    waiting = {}

    def emit(kind, name, inputs, outputs, **numbers):
        fields = [kind, name.replace(" ", "_"), len(inputs), len(outputs), *inputs, *outputs]
        lines.append(
            " ".join(
                str(field)
                for field in fields + [f"{key[1:]}={value}" for key, value in numbers.items()]
            )
        )

    def provide(name, step_output):
        """Makes a step's output known, as one value or as several copies."""
        count = len(consumers.get(step_output, []))
        if count > 1:
            copies = [f"{name}_split{i}" for i in range(count)]
            emit("Split", f"split_{name}", [name], copies)
            waiting[step_output] = copies
        else:
            waiting[step_output] = [name]

    with open(model_path, "wb") as model:

        def store(array, with_tag):
            if with_tag:
                model.write(b"\0\0\0\0")  # raw float32
            model.write(np.ascontiguousarray(array, np.float32).tobytes())

        for name, shape in graph.inputs.items():
            emit("Input", name, [], [name], _0=shape[3], _1=shape[2], _2=shape[1])
            provide(name, name)
        for step in graph.steps:
            if step.output in merged:
                continue
            inputs = [waiting[name].pop(0) for name in step.inputs]
            output = step.output
            if step.type in ("Convolution", "InnerProduct"):
                batch_norm = (
                    only_follower(output, "BatchNorm") if step.type == "Convolution" else None
                )
                if batch_norm is not None:
                    output = batch_norm.output
                    merged.add(output)
                relu = only_follower(output, "ReLU")
                if relu is not None:
                    output = relu.output
                    merged.add(output)
                weight, bias = _folded(step, batch_norm, weights)
                activation = {"_9": 1} if relu is not None else {}
                if step.type == "Convolution":
                    w, group = window(step), step.layer.convolution_param.group
                    if group > 1:
                        activation["_7"] = group
                    emit(
                        "ConvolutionDepthWise" if group > 1 else "Convolution",
                        step.name,
                        inputs,
                        [output],
                        _0=weight.shape[0],
                        _1=w.kernel[1],
                        _11=w.kernel[0],
                        _2=w.dilation[1],
                        _12=w.dilation[0],
                        _3=w.stride[1],
                        _13=w.stride[0],
                        _4=w.pad[1],
                        _14=w.pad[0],
                        _5=int(bias is not None),
                        _6=weight.size,
                        **activation,
                    )
                else:
                    emit(
                        "InnerProduct",
                        step.name,
                        inputs,
                        [output],
                        _0=weight.shape[0],
                        _1=int(bias is not None),
                        _2=weight.size,
                        **activation,
                    )
                store(weight, True)
                if bias is not None:
                    store(bias, False)
            elif step.type == "Pooling":
                kind = 0 if is_maximum(step) else 1
                if step.layer.pooling_param.global_pooling:
                    emit("Pooling", step.name, inputs, [output], _0=kind, _4=1)
                else:
                    w = window(step)
                    # pad_mode 0 rounds up.
                    emit(
                        "Pooling",
                        step.name,
                        inputs,
                        [output],
                        _0=kind,
                        _1=w.kernel[1],
                        _11=w.kernel[0],
                        _2=w.stride[1],
                        _12=w.stride[0],
                        _3=w.pad[1],
                        _13=w.pad[0],
                        _5=0,
                    )
            elif step.type == "LRN":
                param = step.layer.lrn_param
                emit(
                    "LRN",
                    step.name,
                    inputs,
                    [output],
                    _0=0,
                    _1=param.local_size,
                    _2=param.alpha,
                    _3=param.beta,
                    _4=param.k,
                )
            elif step.type == "ReLU":
                emit("ReLU", step.name, inputs, [output])
            elif step.type == "Eltwise":
                emit("Eltwise", step.name, inputs, [output], _0=1)
            elif step.type == "Concat":
                emit("Concat", step.name, inputs, [output], _0=0)
            elif step.type == "Softmax":
                emit("Softmax", step.name, inputs, [output], _0=0, _1=1)
            else:
                raise ValueError(f"layer {step.name}: no {step.type} here")
            provide(output, output)
    values = sum(int(line.split()[3]) for line in lines)
    with open(param_path, "w") as file:
        file.write("\n".join(["7767517", f"{len(lines)} {values}", *lines, ""]))
