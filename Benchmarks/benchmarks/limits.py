"""What the machine can do at most, and what a row asks of it."""

import math
import os
import subprocess
import sys

from .files import BENCHMARKS, graph_of
from .graph import window
from .rows import INFERENCE


def measured_limits(threads):
    """float32 rate in GFLOP/s and memory rate in GB/s, from our worker; bfloat16 rate from a large product in PyTorch."""
    worker = BENCHMARKS / ".build/release/benchmark-worker"
    answer = subprocess.run(
        [worker, "limits", "--threads", str(threads)], check=True, capture_output=True, text=True
    ).stdout
    multiply, memory = (float(word) for word in answer.split())
    half = subprocess.run(
        [sys.executable, "-m", "benchmarks.limits", str(threads)],
        check=True,
        capture_output=True,
        text=True,
        cwd=BENCHMARKS,
        env=dict(os.environ, OMP_NUM_THREADS=str(threads)),
    ).stdout
    return {
        "threads": threads,
        "float32_gflops": round(multiply, 1),
        "memory_gbytes": round(memory, 1),
        "bfloat16_gflops": round(float(half), 1),
    }


def weight_bytes(graph):
    """The size of the weights of convolutions and inner products, in float32."""
    total = 0
    for step in graph.steps:
        if step.type == "Convolution":
            param = step.layer.convolution_param
            channels = step.input_shapes[0][1] // param.group
            total += 4 * param.num_output * channels * math.prod(window(step).kernel)
        elif step.type == "InnerProduct":
            total += 4 * step.shape[1] * math.prod(step.input_shapes[0][1:])
    return total


def moved_bytes(row):
    """What a pass moves at least: the weights; a training step reads and writes them and their momentum."""
    return weight_bytes(graph_of(row)) * (1 if row.kind == INFERENCE else 4)


def _bfloat16_rate(threads):
    import time

    import torch

    torch.set_num_threads(threads)
    size = 4096
    a, b = (torch.randn(size, size).to(torch.bfloat16) for _ in range(2))
    times = []
    for _ in range(4):
        start = time.perf_counter()
        torch.mm(a, b)
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times) / 1e9


if __name__ == "__main__":
    print(_bfloat16_rate(int(sys.argv[1])))
