"""How long it takes from starting a program to its first result."""

import statistics
import subprocess
import time

from .contenders import OURS
from .files import BENCHMARKS, row_folder
from .measure import Worker, WorkerFailed
from .rows import INFERENCE, Row

START_UP_ROWS = [Row(INFERENCE, "vgg16", 1), Row(INFERENCE, "squeezenet", 1)]
NOTHING = "nothing: caffe --version"


def first_result_ms(contender, row, folder, threads):
    start = time.perf_counter()
    worker = Worker(contender, row, folder, threads)
    try:
        worker.run(1)
        return 1000 * (time.perf_counter() - start)
    finally:
        worker.stop()


def measure_start_up(contenders, threads, pairs, say):
    """Rounds of milliseconds by row and program. The files are in the system's cache after the first round, which does not count."""
    rows = {}
    for row in START_UP_ROWS:
        folder = row_folder(row)
        rounds = {contender.name: [] for contender in contenders}
        for pair in range(pairs + 1):
            for contender in contenders:
                try:
                    elapsed = first_result_ms(contender, row, folder, threads)
                except WorkerFailed as failure:
                    say(f"start-up of {contender.name}: {failure}")
                    rounds.pop(contender.name, None)
                    continue
                if pair and contender.name in rounds:
                    rounds[contender.name].append(round(elapsed, 2))
        rows[f"{row.net}, {row.batch}: start to first result"] = rounds
    rows[NOTHING] = {OURS: [_nothing_ms() for _ in range(pairs + 1)][1:]}
    return rows


def _nothing_ms():
    start = time.perf_counter()
    subprocess.run(
        [BENCHMARKS / ".build/release/caffe", "--version"], check=True, capture_output=True
    )
    return round(1000 * (time.perf_counter() - start), 2)


def start_up_table(rows):
    names = list(dict.fromkeys(name for rounds in rows.values() for name in rounds))
    lines = ["| start-up, ms | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for title, rounds in rows.items():
        cells = [
            f"{statistics.median(rounds[name]):.1f}" if rounds.get(name) else "–" for name in names
        ]
        lines.append("| " + " | ".join([title, *cells]) + " |")
    return lines
