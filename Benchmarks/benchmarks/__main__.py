"""Runs the comparisons that are asked for and writes what came out."""

import argparse
import json
import os
import pathlib
import sys

from .chart import chart
from .contenders import ONE_THREAD, OURS, all_contenders, has_bfloat16
from .files import BENCHMARKS, flops_of
from .limits import measured_limits, moved_bytes
from .measure import measure
from .report import best_peer, complaints, median, ratio, tables
from .rows import INFERENCE, ROWS, TRAINING
from .start_up import measure_start_up


def parse():
    parser = argparse.ArgumentParser(prog="Benchmarks/run", description=__doc__)
    parser.add_argument(
        "--only",
        metavar="NETS",
        help="nets, by commas, each with or without a batch: resnet50,vgg16/8",
    )
    parser.add_argument("--inference", action="store_true", help="only the rows of inference")
    parser.add_argument("--training", action="store_true", help="only the rows of training")
    parser.add_argument(
        "--start-up", action="store_true", help="only the time from start to first result"
    )
    parser.add_argument("--scaling", action="store_true", help="ours with one thread too")
    parser.add_argument(
        "--show", action="store_true", help="measure nothing, show what the file of results holds"
    )
    parser.add_argument(
        "--peers", metavar="NAMES", help="by commas; 'none' for ours alone (default: all)"
    )
    parser.add_argument("--pairs", type=int, default=5, help="rounds of each program (default: 5)")
    parser.add_argument(
        "--threads",
        type=int,
        default=os.cpu_count(),
        help="threads of each program (default: all processors)",
    )
    parser.add_argument(
        "--results",
        type=pathlib.Path,
        default=BENCHMARKS / ".build/results/results.json",
        help="measured rows replace those in this file",
    )
    return parser.parse_args()


def chosen_rows(arguments):
    kinds = [kind for kind in (INFERENCE, TRAINING) if getattr(arguments, kind)]
    if not kinds and not arguments.start_up:
        kinds = [INFERENCE, TRAINING]
    rows = [row for row in ROWS if row.kind in kinds]
    if arguments.only:
        wanted = arguments.only.split(",")
        unknown = [
            name
            for name in wanted
            if not any(name in (row.net, f"{row.net}/{row.batch}") for row in rows)
        ]
        if unknown:
            sys.exit(
                f"no such row: {', '.join(unknown)}; there are "
                + ", ".join(f"{row.net}/{row.batch}" for row in rows)
            )
        rows = [row for row in rows if row.net in wanted or f"{row.net}/{row.batch}" in wanted]
    return rows


def chosen_contenders(arguments):
    contenders = [
        c
        for c in all_contenders()
        if (c.precision != "bfloat16" or has_bfloat16())
        and (c.name != ONE_THREAD or arguments.scaling)
    ]
    if arguments.peers is None:
        return contenders
    wanted = [OURS] + [name for name in arguments.peers.split(",") if name != "none"]
    unknown = set(wanted) - {c.name for c in contenders}
    if unknown:
        sys.exit(
            f"no such peer: {', '.join(unknown)}; there are "
            + ", ".join(c.name for c in contenders if c.name != OURS)
        )
    return [c for c in contenders if c.name in wanted or c.name == ONE_THREAD]


def say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    arguments = parse()
    path = arguments.results
    document = json.loads(path.read_text()) if path.exists() else {"rows": {}}
    if arguments.show:
        print(tables(document))
        return 0
    rows, contenders = chosen_rows(arguments), chosen_contenders(arguments)
    # Whatever else runs can only lower a limit.
    limits, earlier = measured_limits(arguments.threads), document.get("limits", {})
    if earlier.get("threads") == arguments.threads:
        limits = {name: max(value, earlier[name]) for name, value in limits.items()}
    document["limits"] = limits
    shown = {"rows": {}, "limits": limits}

    def keep():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n")
        path.with_suffix(".svg").write_text(chart(document))
        path.with_suffix(".md").write_text(tables(document))

    for row in rows:
        results = measure(
            row,
            [c for c in contenders if row.kind in c.kinds],
            arguments.threads,
            arguments.pairs,
            say,
        )
        entry = {
            "gflop": flops_of(row) / 1e9,
            "gbytes": moved_bytes(row) / 1e9,
            "threads": arguments.threads,
            "results": results,
        }
        document["rows"][str(row)] = shown["rows"][str(row)] = entry
        keep()
        best = best_peer(results)
        if best and median(results[OURS]):
            say(
                f"{row}: {OURS} {median(results[OURS]):.2f} ms, {best} {median(results[best]):.2f} ms, "
                f"ratio {ratio(results[best], results[OURS]):.2f}"
            )
    if not arguments.only and not (arguments.inference or arguments.training) or arguments.start_up:
        starting = [c for c in contenders if INFERENCE in c.kinds and "-" not in c.name]
        document["start_up"] = shown["start_up"] = measure_start_up(
            starting, arguments.threads, arguments.pairs, say
        )
        keep()
    print(tables(shown))
    wrong = list(complaints(shown))
    for line in wrong:
        say(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
