"""A net as a PyTorch module."""

import torch
from torch import nn
from torch.nn import functional

from .graph import is_maximum, window


def _module(step):
    if step.type == "Convolution":
        param, w = step.layer.convolution_param, window(step)
        return nn.Conv2d(
            step.input_shapes[0][1],
            param.num_output,
            w.kernel,
            w.stride,
            w.pad,
            w.dilation,
            param.group,
            param.bias_term,
        )
    if step.type == "InnerProduct":
        param = step.layer.inner_product_param
        count = 1
        for size in step.input_shapes[0][1:]:
            count *= size
        return nn.Linear(count, param.num_output, bias=param.bias_term)
    if step.type == "BatchNorm":
        param = step.layer.batch_norm_param
        return nn.BatchNorm2d(
            step.shape[1],
            param.eps,
            1 - param.moving_average_fraction,
            affine=step.scale is not None,
        )
    if step.type == "Pooling":
        w = window(step)
        if is_maximum(step):
            return nn.MaxPool2d(w.kernel, w.stride, w.pad, ceil_mode=True)
        return nn.AvgPool2d(w.kernel, w.stride, w.pad, ceil_mode=True)
    if step.type == "LRN":
        param = step.layer.lrn_param
        return nn.LocalResponseNorm(param.local_size, param.alpha, param.beta, param.k)
    if step.type == "Dropout":
        return nn.Dropout(step.layer.dropout_param.dropout_ratio)
    return None


class CaffeModule(nn.Module):
    """Computes what the graph says. A train net takes labels too, and gives its loss."""

    def __init__(self, graph):
        super().__init__()
        self.steps = graph.steps
        self.observe = None  # called with each step and its inputs
        self.parts = nn.ModuleList(_module(step) or nn.Identity() for step in self.steps)
        last_use = {name: i for i, step in enumerate(self.steps) for name in step.inputs}
        self.finished = [
            [name for name in step.inputs if last_use[name] == i]
            for i, step in enumerate(self.steps)
        ]

    def forward(self, data, label=None):
        values = {"data": data, "label": label}
        loss = 0
        for step, part, finished in zip(self.steps, self.parts, self.finished):
            x = [values[name] for name in step.inputs]
            if self.observe is not None:
                self.observe(step, x)
            if step.type == "ReLU":
                in_place = step.layer.bottom[0] == step.layer.top[0]
                y = functional.relu(x[0], inplace=in_place)
            elif step.type == "Concat":
                y = torch.cat(x, 1)
            elif step.type == "Eltwise":
                y = x[0] + x[1]
            elif step.type == "InnerProduct":
                y = part(x[0].flatten(1))
            elif step.type == "Softmax":
                y = functional.softmax(x[0], 1)
            elif step.type == "SoftmaxWithLoss":
                y = functional.cross_entropy(x[0].flatten(1), x[1])
                loss = loss + (step.layer.loss_weight[0] if step.layer.loss_weight else 1) * y
            else:
                y = part(x[0])
            del x
            for name in finished:
                if name not in ("data", "label"):
                    del values[name]
            values[step.output] = y
        return y if label is None else loss

    def load(self, weights):
        """Takes the weights of a mapping of layer names to arrays."""
        with torch.no_grad():
            for step, part in zip(self.steps, self.parts):
                if step.type in ("Convolution", "InnerProduct"):
                    blobs = weights[step.name]
                    part.weight.copy_(torch.from_numpy(blobs[0]).reshape(part.weight.shape))
                    if len(blobs) > 1:
                        part.bias.copy_(torch.from_numpy(blobs[1]))
                elif step.type == "BatchNorm":
                    mean, variance = weights[step.name][:2]
                    part.running_mean.copy_(torch.from_numpy(mean))
                    part.running_var.copy_(torch.from_numpy(variance))
                    if step.scale is not None:
                        gain, offset = weights[step.scale.name]
                        part.weight.copy_(torch.from_numpy(gain))
                        part.bias.copy_(torch.from_numpy(offset))

    def parameter_groups(self, rate, decay):
        """The parameters with their rates and decays, as Caffe's `lr_mult` and `decay_mult` have it."""
        groups = {}
        for step, part in zip(self.steps, self.parts):
            specs = (step.scale or step.layer).param
            for i, parameter in enumerate(part.parameters()):
                spec = specs[i] if i < len(specs) else None
                factors = (
                    spec.lr_mult if spec is not None and spec.HasField("lr_mult") else 1.0,
                    spec.decay_mult if spec is not None and spec.HasField("decay_mult") else 1.0,
                )
                groups.setdefault(factors, []).append(parameter)
        return [
            {"params": parameters, "lr": rate * rate_factor, "weight_decay": decay * decay_factor}
            for (rate_factor, decay_factor), parameters in groups.items()
        ]
