"""Random scripts of calls that make no sense end in exceptions: no signal, no hang, no nonsense.

`python python/tests/test_misuse.py 10000` runs as many scripts as it is told, in as many processes as there are processors, and prints
the seed and the calls of each one that fails.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

HERE = pathlib.Path(__file__).resolve().parent
# In one process, before another one starts afresh.
SCRIPTS = 100


def failures_of(first, count, seconds=300):
    """The seeds among `count` whose scripts fail, each with what happened."""
    found = []
    end = first + count
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive", "PYTHONPATH": str(HERE.parent)}
    while first < end:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, str(HERE / "misuse.py"), str(first), str(end - first)]
            try:
                run = subprocess.run(
                    command, cwd=folder, env=environment, timeout=seconds, capture_output=True, stdin=subprocess.DEVNULL
                )
                output, errors, status = run.stdout, run.stderr, f"status {run.returncode}"
            except subprocess.TimeoutExpired as late:
                output, errors, status = late.stdout or b"", late.stderr or b"", "no answer"
            seeds = [line for line in output.decode(errors="replace").split("\n") if line.isdigit() or line == "done"]
            if seeds and seeds[-1] == "done":
                break
            seed = int(seeds[-1]) if seeds else first
            log = pathlib.Path(folder, "misuse.log")
            calls = log.read_text(errors="replace")[-4000:] if log.exists() else ""
            found.append(f"script {seed}: {status}\n{calls}\n{errors.decode(errors='replace')[-3000:]}")
            first = seed + 1
    return found


@pytest.mark.needs_library
def test_no_misuse_ends_in_a_signal_or_a_hang():
    with ThreadPoolExecutor(2) as pool:
        found = [each for part in pool.map(lambda first: failures_of(first, 150), (0, 150)) for each in part]
    assert not found, "\n\n".join(found)


def main():
    count = int(sys.argv[1])
    start = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = pool.map(lambda first: failures_of(first, SCRIPTS), range(start, start + count, SCRIPTS))
        failed = 0
        for number, part in enumerate(parts):
            failed += len(part)
            for each in part:
                print(each, end="\n\n", flush=True)
            print(f"{(number + 1) * SCRIPTS} scripts, {failed} failed", file=sys.stderr)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
