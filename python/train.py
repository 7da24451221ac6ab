#!/usr/bin/env python3
"""Trains a net, by one process for each of several GPUs, or by this process alone."""

import argparse
import multiprocessing
from typing import Any, Optional

import caffe
from caffe import _command


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--solver", required=True, help="The solver (.prototxt).")
    parser.add_argument(
        "--snapshot", help="A .solverstate to go on from, for max_iter iterations more."
    )
    parser.add_argument(
        "--gpus",
        type=int,
        nargs="+",
        default=[0],
        help="Numbers of GPUs. Without NCCL the CPU trains.",
    )
    parser.add_argument(
        "--timing", action="store_true", help="Log the time of each layer, and of all."
    )
    return parser.parse_args()


def train(solver: str, snapshot: Optional[str], gpus: list[int], timing: bool = False) -> None:
    """Trains on each of `gpus`, or without them."""
    caffe.init_log()
    if not caffe.has_nccl():
        if len(gpus) > 1:
            raise ValueError("Training on several GPUs needs a build with NCCL.")
        train_alone(solver, snapshot, timing)
        return
    caffe.log(f"Using devices {gpus}")
    uid = caffe.NCCL.new_uid()
    processes = [
        multiprocessing.Process(
            target=solve, args=(solver, snapshot, gpus, timing, uid, rank), daemon=True
        )
        for rank in range(len(gpus))
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("A process failed; see the log.")


def train_alone(solver_file: str, snapshot: Optional[str], timing: bool) -> None:
    caffe.set_mode_cpu()
    caffe.log("Using the CPU")
    solver = caffe.get_solver(solver_file)
    if snapshot:
        solver.restore(snapshot)
    if timing:
        time_layers(solver)
    solver.step(solver.param.max_iter)


def solve(
    solver_file: str, snapshot: Optional[str], gpus: list[int], timing: bool, uid: bytes, rank: int
) -> None:
    """The work of one process."""
    caffe.set_device(gpus[rank])
    caffe.set_mode_gpu()
    caffe.set_solver_count(len(gpus))
    caffe.set_solver_rank(rank)
    caffe.set_multiprocess(True)

    solver = caffe.get_solver(solver_file)
    if snapshot:
        solver.restore(snapshot)
    nccl = caffe.NCCL(solver, uid)
    nccl.bcast()
    if timing and rank == 0:
        time_layers(solver, nccl)
    else:
        solver.add_callback(nccl)
    if solver.param.layer_wise_reduce:
        solver.net.after_backward(nccl)
    solver.step(solver.param.max_iter)


def time_layers(solver: Any, nccl: Any = None) -> None:
    """Logs times in milliseconds at each display of `solver`."""
    net = solver.net
    forward = [caffe.Timer() for _ in net.layers]
    backward = [caffe.Timer() for _ in net.layers]
    total, reduction = caffe.Timer(), caffe.Timer()

    def report() -> None:
        reduction.stop()
        if not solver.param.display or solver.iter % solver.param.display:
            return
        numbered = list(enumerate(net._layer_names))
        lines = [
            "forw %3d %8s : %.2f" % (number, name, forward[number].ms) for number, name in numbered
        ]
        lines += [
            "back %3d %8s : %.2f" % (number, name, backward[number].ms)
            for number, name in numbered[::-1]
        ]
        lines += [f"solver total: {total.ms:.2f}", f"allreduce: {reduction.ms:.2f}"]
        caffe.log("\n" + "\n".join(lines) + "\n")

    def gradients_ready() -> None:
        total.stop()
        reduction.start()

    net.before_forward(lambda layer: forward[layer].start())
    net.after_forward(lambda layer: forward[layer].stop())
    net.before_backward(lambda layer: backward[layer].start())
    net.after_backward(lambda layer: backward[layer].stop())
    solver.add_callback(total.start, gradients_ready)
    if nccl is not None:
        solver.add_callback(nccl)
    solver.add_callback(lambda: None, report)


if __name__ == "__main__":
    arguments = parse_arguments()
    _command.run(
        lambda: train(arguments.solver, arguments.snapshot, arguments.gpus, arguments.timing)
    )
