"""Medians, paired ratios, and the tables of them."""

import math
import statistics

from .contenders import ONE_THREAD, OURS
from .rows import INFERENCE, ROWS, TRAINING
from .start_up import start_up_table

TITLES = {INFERENCE: "Inference", TRAINING: "Training step: forward, backward, update"}


def median(result):
    return statistics.median(result["rounds"]) if result.get("rounds") else None


def is_sound(result):
    """Whether it ran and gave the right answer."""
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
    """The name of the fastest peer of this precision whose answer is right."""
    candidates = peers(results, precision)
    return min(candidates, key=lambda name: median(candidates[name]), default=None)


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values)) if values else None


def measured_rows(document, kind):
    return [
        (row, document["rows"][str(row)])
        for row in ROWS
        if row.kind == kind and str(row) in document["rows"]
    ]


def limit_ms(entry, limits):
    """Milliseconds at the machine's limit: multiplying, or moving the weights, whichever takes longer."""
    return max(
        1000 * entry["gflop"] / limits["float32_gflops"],
        1000 * entry["gbytes"] / limits["memory_gbytes"],
    )


def _number(value):
    return "–" if value is None else f"{value:.{2 if value < 100 else 1}f}"


def _names(entries):
    """The programs that occur, ours first."""
    names = list(dict.fromkeys(name for _, entry in entries for name in entry["results"]))
    return sorted(names, key=lambda name: not name.startswith(OURS))


def _aligned(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |"
        for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return text


def _ratio_cells(results, ours, precision, ratios):
    """The best peer's name and how it compares, in two cells; the ratio is added to the list."""
    best = best_peer(results, precision)
    if best is None or not is_sound(ours):
        return [best or "–", "–"]
    ratios.append(ratio(results[best], ours))
    return [best, f"{ratios[-1]:.2f}"]


def time_table(entries, limits):
    names = _names(entries)
    has_half = any(f"{OURS}-bf16" in entry["results"] for _, entry in entries)
    has_scaling = any(ONE_THREAD in entry["results"] for _, entry in entries)
    head = ["ms", "GFLOP", *names, "best float32 peer", "ratio", "limit", "share"]
    head += ["bf16 ratio"] * has_half + ["1 to 2 threads"] * has_scaling
    lines, ratios, half_ratios = [head], [], []
    for row, entry in entries:
        results, cells = entry["results"], [f"{row.net}, {row.batch}", f"{entry['gflop']:.2f}"]
        for name in names:
            result = results.get(name, {})
            text = "failed" if "failure" in result else _number(median(result))
            cells.append(text if result.get("agrees", True) else text + " WRONG")
        ours = results.get(OURS, {})
        cells += _ratio_cells(results, ours, "float32", ratios)
        limit = limit_ms(entry, limits)
        cells += [_number(limit), f"{100 * limit / median(ours):.0f} %" if is_sound(ours) else "–"]
        if has_half:
            cells += _ratio_cells(
                results, results.get(f"{OURS}-bf16", {}), "bfloat16", half_ratios
            )[1:]
        if has_scaling:
            one = results.get(ONE_THREAD, {})
            cells.append(f"{ratio(one, ours):.2f}" if is_sound(one) and is_sound(ours) else "–")
        lines.append(cells)
    text = _aligned(lines)
    for title, values in (("ratios", ratios), ("bfloat16 ratios", half_ratios)):
        if values:
            text += [
                "",
                f"Geometric mean of the {title}: {geometric_mean(values):.3f} over {len(values)} rows.",
            ]
    return text


def memory_table(entries):
    names = _names(entries)
    lines = [["peak resident MB", *names]]
    for row, entry in entries:
        sizes = [entry["results"].get(name, {}).get("megabytes") for name in names]
        lines.append(
            [f"{row.net}, {row.batch}", *("–" if size is None else f"{size:.0f}" for size in sizes)]
        )
    return _aligned(lines)


def tables(document):
    lines, limits = [], document["limits"]
    for kind, title in TITLES.items():
        entries = measured_rows(document, kind)
        if entries:
            lines += [
                f"### {title}",
                "",
                *time_table(entries, limits),
                "",
                *memory_table(entries),
                "",
            ]
    if document.get("start_up"):
        lines += ["### Start-up", "", *start_up_table(document["start_up"]), ""]
    lines.append(
        f"Limits: float32 {limits['float32_gflops']:.0f} GFLOP/s, bfloat16 {limits['bfloat16_gflops']:.0f} GFLOP/s, "
        f"memory {limits['memory_gbytes']:.0f} GB/s."
    )
    return "\n".join(lines)


def complaints(document):
    """What does not agree or did not run."""
    for name, entry in document["rows"].items():
        for contender, result in entry["results"].items():
            if "failure" in result:
                yield f"{name}: {contender} failed: {result['failure']}"
            elif not result.get("agrees", True):
                yield f"{name}: {contender} differs by {result['difference']:.2g} of the largest value"
