"""Medians, paired ratios, and the table of them."""

import math
import statistics

from .contenders import OURS
from .rows import INFERENCE, ROWS, TRAINING, Row


def median(result):
    return statistics.median(result["rounds"]) if result.get("rounds") else None


def is_sound(result):
    return bool(result.get("rounds")) and result.get("agrees", True)


def ratio(theirs, ours):
    """Their time over ours, round by round; the median of that."""
    return statistics.median(t / o for t, o in zip(theirs["rounds"], ours["rounds"]))


def peers(results, precision="float32"):
    return {
        name: result
        for name, result in results.items()
        if not name.startswith(OURS) and result["precision"] == precision and is_sound(result)
    }


def best_peer(results, precision="float32"):
    candidates = peers(results, precision)
    return min(candidates, key=lambda name: median(candidates[name]), default=None)


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values)) if values else None


def _number(value):
    return "–" if value is None else f"{value:.{2 if value < 100 else 1}f}"


def table(document, kind):
    """The rows of one kind, as lines of text."""
    measured = [(row, document["rows"][str(row)]) for row in ROWS if row.kind == kind and str(row) in document["rows"]]
    if not measured:
        return []
    names = [name for _, entry in measured for name in entry["results"]]
    names = sorted(set(names), key=lambda name: (name != OURS, names.index(name)))
    head = ["net, batch", "GFLOP", *(f"{name} ms" for name in names), "best float32 peer", "ratio", "MB", "least peer MB"]
    if any("limit_ms" in entry for _, entry in measured):
        head += ["limit ms", "share"]
    lines, ratios = [head], []
    for row, entry in measured:
        results = entry["results"]
        cells = [f"{row.net}, {row.batch}", f"{entry['gflop']:.2f}"]
        for name in names:
            result = results.get(name, {})
            text = _number(median(result)) if "failure" not in result else "failed"
            cells.append(text + ("" if result.get("agrees", True) else " WRONG"))
        best, ours = best_peer(results), results.get(OURS, {})
        if best and ours.get("rounds"):
            ratios.append(ratio(results[best], ours))
            cells += [best, f"{ratios[-1]:.2f}"]
        else:
            cells += [best or "–", "–"]
        memory = [result["megabytes"] for result in peers(results).values()]
        cells += [f"{ours['megabytes']:.0f}" if "megabytes" in ours else "–", f"{min(memory):.0f}" if memory else "–"]
        if "limit_ms" in entry:
            cells += [_number(entry["limit_ms"]), f"{100 * entry['limit_ms'] / median(ours):.0f} %" if median(ours) else "–"]
        lines.append(cells)
    mean = geometric_mean(ratios)
    widths = [max(len(line[i]) if i < len(line) else 0 for line in lines) for i in range(len(head))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    if mean:
        text += ["", f"geometric mean of the ratios: {mean:.3f} over {len(ratios)} rows"]
    return text


def tables(document):
    lines = []
    for kind, title in ((INFERENCE, "Inference"), (TRAINING, "Training step: forward, backward, update")):
        body = table(document, kind)
        if body:
            lines += [f"## {title}", "", *body, ""]
    return "\n".join(lines)


def complaints(document):
    """What does not agree or did not run."""
    for name, entry in document["rows"].items():
        for contender, result in entry["results"].items():
            if "failure" in result:
                yield f"{Row.named(name)}: {contender} failed"
            elif not result.get("agrees", True):
                yield f"{Row.named(name)}: {contender} differs by {result['difference']:.2g}"
