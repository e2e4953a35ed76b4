"""Compares two texts word by word, whole: what is equal, what was taken away, what was added."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from difflib import Match, SequenceMatcher
from typing import Literal, NamedTuple

MOST_WORDS = 6_000
"""Words and blanks of both texts compared one by one; longer texts are compared by lines."""

MOST_LINES = 2_000
"""Lines of both texts compared one by one; longer texts are not compared."""

MOST_STEPS = 60_000_000
"""Comparisons of one word with another; about five seconds. Texts of the same few words need far more."""

_ISLAND = 5
"""Words and blanks; what stays between two changes and is shorter reads as a part of them."""

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Piece(NamedTuple):
    """A part of one of the texts, or of both."""

    kind: Literal["equal", "removed", "added"]
    text: str


def word_diff(before: str, after: str) -> list[Piece] | None:
    """Return both texts in one; None when they are too long to be compared."""
    for form, most in ((_WORD, MOST_WORDS), (_LINE, MOST_LINES)):
        old, new = form.findall(before), form.findall(after)
        if len(old) + len(new) <= most:
            with suppress(_TooMuchWork):
                return _pieces(old, new)
    return None


class _TooMuchWork(Exception):  # noqa: N818 - a word for what happened, which no caller sees
    """Two texts repeat so much that comparing them would take minutes."""


class _Bounded(SequenceMatcher[str]):
    """A SequenceMatcher that gives up on texts made to keep it busy."""

    a: Sequence[str]
    b2j: dict[str, list[int]]
    steps = 0

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        """Find what SequenceMatcher finds; _TooMuchWork beyond the bound."""
        self.steps += sum(len(self.b2j.get(word, ())) for word in self.a[alo:ahi])
        if self.steps > MOST_STEPS:
            raise _TooMuchWork
        return super().find_longest_match(alo, ahi, blo, bhi)


def _pieces(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    found: list[Piece] = []
    removed = added = ""
    codes = _Bounded(None, old, new, autojunk=False).get_opcodes()
    for number, (kind, i, j, k, m) in enumerate(codes):
        inside = 0 < number < len(codes) - 1
        if kind == "equal" and not (inside and _is_island(old[i:j])):
            found += _changed(removed, added)
            removed = added = ""
            found.append(Piece("equal", "".join(old[i:j])))
        else:
            removed += "".join(old[i:j])
            added += "".join(new[k:m])
    return found + _changed(removed, added)


def _is_island(words: Sequence[str]) -> bool:
    """Return whether so few words stayed between two changes that a reader sees one change."""
    return len(words) < _ISLAND and not any("\n" in word for word in words)


def _changed(removed: str, added: str) -> list[Piece]:
    return [Piece("removed", removed)] * bool(removed) + [Piece("added", added)] * bool(added)
