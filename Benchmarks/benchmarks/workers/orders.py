"""What a worker can be told to do; the counterpart of Sources/BenchmarkWorker/Orders.swift."""

import sys
import time

import numpy as np


def obey(run_once, result):
    """Obeys the lines on standard input until it ends.

    run K        does K passes and answers with their times in milliseconds
    output PATH  writes what `result` gives, as raw floats, and answers with how many
    """
    answers = sys.stdout

    def answer(line):
        answers.write(line + "\n")
        answers.flush()

    answer("ready")
    for line in iter(sys.stdin.readline, ""):
        order, _, argument = line.strip().partition(" ")
        if order == "run":
            times = []
            for _ in range(int(argument)):
                start = time.perf_counter()
                run_once()
                times.append(1000 * (time.perf_counter() - start))
            answer(" ".join(f"{t:.6f}" for t in times))
        elif order == "output":
            values = np.ascontiguousarray(result(), np.float32)
            values.tofile(argument)
            answer(str(values.size))
        else:
            raise ValueError(f"no such order: {line}")
