"""The ratios as a chart of bars, in SVG."""

from .contenders import OURS
from .report import best_peer, geometric_mean, measured_rows, ratio
from .rows import INFERENCE, TRAINING

BAR, GAP, LEFT, WIDTH, HEAD = 16, 6, 150, 720, 54
TITLES = {INFERENCE: "Inference", TRAINING: "Training step"}
AHEAD, BEHIND, INK = "#2f7d4f", "#b5533c", "#222"


def _text(x, y, text, anchor="start", weight="normal"):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" fill="{INK}">{escaped}</text>'


def chart(document):
    """How many times as fast as the best peer: a bar for each row, right of the line where both are equal."""
    groups = {}
    for kind in TITLES:
        for row, entry in measured_rows(document, kind):
            best = best_peer(entry["results"])
            if best and entry["results"].get(OURS, {}).get("rounds"):
                value = ratio(entry["results"][best], entry["results"][OURS])
                groups.setdefault(kind, []).append((f"{row.net}, {row.batch}", value, best))
    largest = max((value for bars in groups.values() for _, value, _ in bars), default=1)
    scale = (WIDTH - LEFT - 190) / max(largest, 1.25)
    parts, y = [], HEAD
    parts.append(_text(12, 24, f"Time of the best float32 peer / time of {OURS}", weight="bold"))
    for kind, bars in groups.items():
        mean = geometric_mean([value for _, value, _ in bars])
        parts.append(
            _text(12, y + 12, f"{TITLES[kind]} (geometric mean {mean:.2f})", weight="bold")
        )
        y += BAR + GAP
        top = y
        for label, value, best in bars:
            colour = AHEAD if value >= 1 else BEHIND
            parts.append(_text(LEFT - 8, y + 12, label, "end"))
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{value * scale:.1f}" height="{BAR}" fill="{colour}"/>'
            )
            parts.append(_text(LEFT + value * scale + 6, y + 12, f"{value:.2f}  {best}"))
            y += BAR + GAP
        line = LEFT + scale
        parts.append(
            f'<line x1="{line:.1f}" y1="{top - 4}" x2="{line:.1f}" y2="{y}" stroke="{INK}" stroke-dasharray="3 3"/>'
        )
        y += GAP * 2
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{y}" fill="white"/>',
            *parts,
            "</svg>",
            "",
        ]
    )
