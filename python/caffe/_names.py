"""Names that were probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, whatever their case; None if none is like it."""
    lowered = {each.lower(): each for each in known}
    near = difflib.get_close_matches(str(name).lower(), lowered, 1)
    return lowered[near[0]] if near else None


def hint(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, or nothing."""
    near = nearest(name, known)
    return f"; did you mean {near}?" if near else ""


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """The known name of which this one is a misspelling, rather than a name of its own.

    A name that only has words or numbers before or behind a known one, as Convolution3D or ROIPooling has, is another's.
    """
    names = list(known)
    if name in names:
        return None
    # Nobody mistypes the first letter, and CReLU is no PReLU.
    names = [each for each in names if each[:1].lower() == name[:1].lower()]
    near = min(names, key=lambda known: _distance(name.lower(), known.lower()), default=None)
    if near is None or _distance(name.lower(), near.lower()) > min(2, len(near) // 4):
        return None
    words, near_words = _words(name), _words(near)
    return None if set(near_words) < set(words) else near


def _words(name: str) -> list[str]:
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|\d+", name)


def _distance(a: str, b: str) -> int:
    """How many letters must be put in, left out, replaced or exchanged with their neighbour."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a):
        row = [i + 1]
        for j, y in enumerate(b):
            row.append(min(row[j] + 1, last[j + 1] + 1, last[j] + (x != y)))
            if i and j and x == b[j - 1] and y == a[i - 1]:
                row[-1] = min(row[-1], before[j - 1] + 1)
        before, last = last, row
    return last[-1]
