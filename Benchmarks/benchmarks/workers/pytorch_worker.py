import os
import sys

import numpy as np
import torch

from ..graph import Graph
from ..messages import read_net
from ..torch_module import CaffeModule
from ..weights import StoredWeights
from .orders import obey


def main(kind, mode, net_path, folder, rate, momentum, decay):
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(1)
    net = read_net(net_path)
    graph = Graph(net, with_dropout=kind == "training")
    model = CaffeModule(graph)
    model.load(StoredWeights(f"{folder}/weights.npz"))
    model = model.to(memory_format=torch.channels_last)
    data = torch.from_numpy(
        np.fromfile(f"{folder}/input.f32", np.float32).reshape(graph.inputs["data"])
    )
    if kind == "inference":
        infer(model, mode, data)
    else:
        label = torch.from_numpy(np.fromfile(f"{folder}/labels.f32", np.float32).astype(np.int64))
        optimizer = torch.optim.SGD(
            model.parameter_groups(float(rate), float(decay)),
            lr=float(rate),
            momentum=float(momentum),
            fused=True,
        )
        train(model, mode, data, label, optimizer)


def channels_last(data):
    return data.contiguous(memory_format=torch.channels_last)


def infer(model, mode, data):
    model.eval()
    if mode == "compiled":
        from torch._inductor import config

        # Weights become constants: folded batch normalisations, packed for oneDNN.
        config.freezing = True
        model = torch.compile(model)
    last = []

    def run_once():
        with torch.no_grad():
            last[:] = [model(channels_last(data))]

    obey(run_once, lambda: last[0].contiguous().numpy())


def train(model, mode, data, label, optimizer):
    model.train()
    if mode == "compiled":
        model = torch.compile(model)
    losses = []

    def run_once():
        optimizer.zero_grad(set_to_none=True)
        loss = model(channels_last(data), label)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    obey(run_once, lambda: losses)


main(*sys.argv[1:])
