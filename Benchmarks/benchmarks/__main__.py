"""Runs the comparisons that are asked for and writes what came out."""

import argparse
import json
import os
import pathlib
import sys

from .contenders import OURS, all_contenders, has_bfloat16
from .files import BENCHMARKS, flops_of
from .measure import measure
from .report import best_peer, complaints, median, ratio, tables
from .rows import INFERENCE, ROWS, TRAINING


def parse():
    parser = argparse.ArgumentParser(prog="Benchmarks/run", description=__doc__)
    parser.add_argument("--only", metavar="NETS", help="nets, by commas, each with or without a batch: resnet50,vgg16/8")
    parser.add_argument("--inference", action="store_true", help="only the rows of inference")
    parser.add_argument("--training", action="store_true", help="only the rows of training")
    parser.add_argument("--peers", metavar="NAMES", help="by commas; 'none' for ours alone (default: all)")
    parser.add_argument("--pairs", type=int, default=5, help="rounds of each program (default: 5)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of each program (default: all processors)")
    parser.add_argument("--results", type=pathlib.Path, default=BENCHMARKS / ".build/results.json", help="measured rows replace those in this file")
    return parser.parse_args()


def chosen_rows(arguments):
    kinds = [kind for kind in (INFERENCE, TRAINING) if getattr(arguments, kind)] or [INFERENCE, TRAINING]
    rows = [row for row in ROWS if row.kind in kinds]
    if arguments.only:
        wanted = arguments.only.split(",")
        unknown = [name for name in wanted if not any(name in (row.net, f"{row.net}/{row.batch}") for row in rows)]
        if unknown:
            sys.exit(f"no such row: {', '.join(unknown)}; there are " + ", ".join(f"{row.net}/{row.batch}" for row in rows))
        rows = [row for row in rows if row.net in wanted or f"{row.net}/{row.batch}" in wanted]
    return rows


def chosen_contenders(arguments):
    contenders = [c for c in all_contenders() if c.precision == "float32" or has_bfloat16()]
    if arguments.peers is None:
        return contenders
    wanted = [OURS] + [name for name in arguments.peers.split(",") if name != "none"]
    unknown = set(wanted) - {c.name for c in contenders}
    if unknown:
        sys.exit(f"no such peer: {', '.join(unknown)}; there are " + ", ".join(c.name for c in contenders if c.name != OURS))
    return [c for c in contenders if c.name in wanted]


def say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    arguments = parse()
    rows, contenders = chosen_rows(arguments), chosen_contenders(arguments)
    document = json.loads(arguments.results.read_text()) if arguments.results.exists() else {"rows": {}}
    shown = {"rows": {}}
    for row in rows:
        results = measure(row, [c for c in contenders if row.kind in c.kinds], arguments.threads, arguments.pairs, say)
        entry = {"gflop": flops_of(row) / 1e9, "threads": arguments.threads, "results": results}
        document["rows"][str(row)] = shown["rows"][str(row)] = entry
        arguments.results.parent.mkdir(parents=True, exist_ok=True)
        arguments.results.write_text(json.dumps(document, indent=1) + "\n")
        best = best_peer(results)
        if best and median(results[OURS]):
            say(f"{row}: {OURS} {median(results[OURS]):.2f} ms, {best} {median(results[best]):.2f} ms, ratio {ratio(results[best], results[OURS]):.2f}")
    print(tables(shown))
    wrong = list(complaints(shown))
    for line in wrong:
        say(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
