"""Starts the workers of a row, checks that they agree, and times them in alternating rounds."""

import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

import numpy as np

from .contenders import OURS
from .files import BENCHMARKS, row_folder
from .rows import INFERENCE

# Of the largest value. A value in bfloat16 is off by up to 0.4 %, and random nets of 50 layers make some percent of it, which
# training would have taught them not to; a wrong layer makes them differ by about the whole.
TOLERANCE = {"float32": 1e-3, "float16": 5e-3, "bfloat16": 0.15}
# Of the largest loss. Three steps at this rate take a tenth of it away; nets with batch normalisation enlarge rounding errors of the
# first gradient to a thousandth, whoever computes.
LOSS_TOLERANCE = 5e-3
ROUND_MS, WARM_UP_MS = 150, 400
CHECKED_STEPS = 3


class WorkerFailed(Exception):
    pass


class Worker:
    """A program in a process of its own, which obeys lines."""

    def __init__(self, contender, row, folder, threads, form="net"):
        self.log = tempfile.TemporaryFile("w+")
        environment = dict(
            os.environ,
            OMP_NUM_THREADS=str(threads),
            TORCHINDUCTOR_CACHE_DIR=str(BENCHMARKS / ".build/inductor"),
        )
        environment.update(contender.environment)
        self.process = subprocess.Popen(
            [str(part) for part in contender.command(row, folder, form)],
            cwd=BENCHMARKS,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.answer(until="ready")

    def answer(self, until=None):
        for line in iter(self.process.stdout.readline, ""):
            if until is None or line.strip() == until:
                return line.strip()
        self.process.wait()
        self.log.seek(0)
        tail = self.log.read().strip().splitlines()[-6:]
        raise WorkerFailed(f"ended with status {self.process.returncode}: " + "\n".join(tail))

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # why is in the log
        return self.answer()

    def run(self, count):
        return [float(word) for word in self.ask(f"run {count}").split()]

    def output(self):
        with tempfile.NamedTemporaryFile() as file:
            self.ask(f"output {file.name}")
            return np.fromfile(file.name, np.float32)

    def peak_megabytes(self):
        """The most memory that was resident at a time."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


def difference(values, reference):
    """The largest difference, relative to the largest value."""
    if values.shape != reference.shape:
        return float("inf")
    error = float(np.abs(values - reference).max() / np.abs(reference).max())
    return error if np.isfinite(error) else float("inf")


def checked_losses(contender, row, folder, threads):
    """The losses of some steps without dropout."""
    worker = Worker(contender, row, folder, threads, form="check")
    try:
        worker.run(CHECKED_STEPS)
        return worker.output()
    finally:
        worker.stop()


def measure(row, contenders, threads, pairs, say):
    """What came out, as it goes to results.json."""
    folder = row_folder(row)
    say(f"{row}: files are ready")
    workers, results, outputs = {}, {}, {}
    try:
        for contender in contenders:
            name = contender.name
            results[name] = result = {"precision": contender.precision}
            try:
                if row.kind != INFERENCE:
                    outputs[name] = checked_losses(contender, row, folder, threads)
                worker = Worker(contender, row, folder, threads)
                workers[name] = worker
                first = worker.run(1)[0]
                if row.kind == INFERENCE:
                    outputs[name] = worker.output()
                spent, times = 0, [first]
                while spent < WARM_UP_MS:
                    times = worker.run(max(1, int(50 / times[-1])))
                    spent += sum(times)
                result["iterations"] = max(1, round(ROUND_MS / statistics.median(times) + 0.5))
                result["rounds"] = []
            except WorkerFailed as failure:
                workers.pop(name, None)
                result["failure"] = str(failure)
                say(f"{row}: {name} {failure}")
                continue
            if OURS in outputs and name != OURS:
                result["difference"] = difference(outputs[name], outputs[OURS])
                tolerance = (
                    TOLERANCE[contender.precision] if row.kind == INFERENCE else LOSS_TOLERANCE
                )
                result["agrees"] = result["difference"] <= tolerance
                if not result["agrees"]:
                    say(
                        f"{row}: {name} differs from {OURS} by {result['difference']:.2g} of the largest value"
                    )
        for pair in range(pairs):
            for name, worker in workers.items() if pair % 2 == 0 else reversed(workers.items()):
                time.sleep(0.05)  # until the threads of the one before rest
                results[name]["rounds"].append(
                    round(statistics.median(worker.run(results[name]["iterations"])), 5)
                )
        for name, worker in workers.items():
            results[name]["megabytes"] = round(worker.peak_megabytes(), 1)
    finally:
        for worker in workers.values():
            worker.stop()
    return results
