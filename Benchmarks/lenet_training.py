#!/usr/bin/env python3
"""Times `caffe train` on LeNet against PyTorch, in alternating pairs on the same machine.

    python3 Benchmarks/lenet_training.py [--pairs 5] [--iterations 400] [--threads 2]

Needs PyTorch (pip install torch), a release build of caffe and the databases that Scripts/train-lenet makes.

caffe: the whole job as a user runs it (LMDB, prefetching, forward, backward, update), timed between two log lines.
PyTorch: forward, backward and update of the same net on batches that already lie in memory, in each of its fast modes
(contiguous and channels-last, eager and, where it works, torch.compile), of which the fastest counts.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BATCH = 64
SOLVER = """
net: "Examples/mnist/lenet_train_test.prototxt"
test_iter: 1
test_interval: 1000000
test_initialization: false
base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005
lr_policy: "inv" gamma: 0.0001 power: 0.75
display: {display}
max_iter: {iterations}
snapshot_after_train: false
snapshot_prefix: "{folder}/benchmark"
random_seed: 1
"""


def seconds_of(line):
    hours, minutes, seconds = re.match(r"I\d{4} (\d\d):(\d\d):(\d\d\.\d+)", line).groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def time_caffe(binary, iterations, threads):
    """Milliseconds an iteration, from log line to log line; the first half warms up."""
    with tempfile.TemporaryDirectory() as folder:
        solver = os.path.join(folder, "solver.prototxt")
        with open(solver, "w") as file:
            file.write(
                SOLVER.format(display=iterations, iterations=2 * iterations + 1, folder=folder)
            )
        log = subprocess.run(
            [binary, "train", "--solver", solver],
            cwd=ROOT,
            check=True,
            text=True,
            stderr=subprocess.PIPE,
            env=dict(os.environ, OMP_NUM_THREADS=str(threads)),
        ).stderr
    stamps = {
        int(m.group(1)): seconds_of(line)
        for line in log.splitlines()
        if (m := re.search(r"\] Iteration (\d+) \(", line))
    }
    return 1000 * (stamps[2 * iterations] - stamps[iterations]) / iterations


def time_pytorch(mode, iterations, threads):
    """Runs in a process of its own, so that modes do not disturb each other."""
    output = subprocess.run(
        [
            sys.executable,
            __file__,
            "--peer",
            mode,
            "--iterations",
            str(iterations),
            "--threads",
            str(threads),
        ],
        text=True,
        capture_output=True,
    )
    return float(output.stdout.split()[-1]) if output.returncode == 0 and output.stdout else None


def run_peer(mode, iterations, threads):
    import torch
    import torch.nn as nn
    import torch.nn.functional as functional

    torch.set_num_threads(threads)
    torch.manual_seed(1)

    class LeNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 50, 5)
            self.ip1, self.ip2 = nn.Linear(800, 500), nn.Linear(500, 10)

        def forward(self, x):
            x = functional.max_pool2d(self.conv1(x), 2)
            x = functional.max_pool2d(self.conv2(x), 2)
            return self.ip2(functional.relu(self.ip1(x.flatten(1))))

    net = LeNet()
    data = torch.rand(16, BATCH, 1, 28, 28)
    labels = torch.randint(0, 10, (16, BATCH))
    if "channels-last" in mode:
        net = net.to(memory_format=torch.channels_last)
    weights = [p for n, p in net.named_parameters() if n.endswith("weight")]
    biases = [p for n, p in net.named_parameters() if n.endswith("bias")]
    optimizer = torch.optim.SGD(
        [dict(params=weights, lr=0.01), dict(params=biases, lr=0.02)],
        momentum=0.9,
        weight_decay=0.0005,
        **({"fused": True} if "fused" in mode else {"foreach": True}),
    )
    model = torch.compile(net) if "compiled" in mode else net

    def step(i):
        x = data[i % 16]
        if "channels-last" in mode:
            x = x.contiguous(memory_format=torch.channels_last)
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(model(x), labels[i % 16])
        loss.backward()
        optimizer.step()

    for i in range(max(20, iterations // 2)):
        step(i)
    start = time.perf_counter()
    for i in range(iterations):
        step(i)
    print(1000 * (time.perf_counter() - start) / iterations)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=400)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--caffe", default=os.path.join(ROOT, ".build/release/caffe"))
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return run_peer(arguments.peer, arguments.iterations, arguments.threads)

    modes = [
        f"{layout} {kind} {optimizer}"
        for layout in ("contiguous", "channels-last")
        for kind in ("eager", "compiled")
        for optimizer in ("foreach", "fused")
    ]
    first = {
        mode: time_pytorch(mode, arguments.iterations // 4, arguments.threads) for mode in modes
    }
    for mode, milliseconds in first.items():
        print(
            f"PyTorch {mode:32} "
            + (f"{milliseconds:6.2f} ms" if milliseconds else "does not run here")
        )
    best = min((m for m in modes if first[m]), key=lambda m: first[m])
    print(f"the fastest mode is '{best}'\n\npair   caffe ms   PyTorch ms   ratio")
    rows = []
    for pair in range(arguments.pairs):
        ours = time_caffe(arguments.caffe, arguments.iterations, arguments.threads)
        peer = time_pytorch(best, arguments.iterations, arguments.threads)
        rows.append((ours, peer, peer / ours))
        print(f"{pair + 1:4} {ours:10.2f} {peer:12.2f} {peer / ours:7.2f}")
    ours, peer, ratio = (statistics.median(column) for column in zip(*rows))
    print(
        f"median {ours:8.2f} {peer:12.2f} {ratio:7.2f}\n\ncaffe is {ratio:.2f} times as fast as PyTorch."
    )


if __name__ == "__main__":
    main()
