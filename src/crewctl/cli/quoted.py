"""Finds in a text the words that were quoted from it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Stretch(NamedTuple):
    """A part of a text, and whether it was quoted."""

    text: str
    quoted: bool


def stretches(text: str, quotes: Iterable[str]) -> list[Stretch]:
    """Cut the text where quotes begin and end; where two overlap they are one. Blanks need not be the same."""
    places = sorted(place for quote in quotes if (place := _place(text, quote)) is not None)
    found: list[Stretch] = []
    done = 0
    for start, end in places:
        if end <= done:
            continue
        begin = max(start, done)
        if begin > done:
            found.append(Stretch(text[done:begin], quoted=False))
        found.append(Stretch(text[begin:end], quoted=True))
        done = end
    if done < len(text):
        found.append(Stretch(text[done:], quoted=False))
    return found


def _place(text: str, quote: str) -> tuple[int, int] | None:
    start = text.find(quote)
    if start >= 0:
        return start, start + len(quote)
    words = quote.split()
    found = re.search(r"\s+".join(map(re.escape, words)), text) if words else None
    return found.span() if found else None
