r"""Show a change of prose word by word: ``summarise [-recent-]{+fresh+} signals``."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

KEPT_WORDS = 6
"""Unchanged words shown on either side of a change; the rest becomes an ellipsis."""

LONGEST_COMPARED = 4_000
"""Words and blanks compared one by one; of longer texts only the differing middle is shown."""

_WORD = re.compile(r"\s+|\w+|[^\w\s]")


def marked_words(before: str, after: str, *, kept: int = KEPT_WORDS) -> str:
    """Return both texts in one, removed words as ``[-…-]`` and added ones as ``{+…+}``."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    head, tail = old[:start], old[len(old) - end :]
    middle = _marked_middle(old[start : len(old) - end], new[start : len(new) - end], kept)
    return (
        _shortened(head, kept, start=False, end=True) + middle + _shortened(tail, kept, start=True, end=False)
    )


def _marked_middle(old: list[str], new: list[str], kept: int) -> str:
    if len(old) + len(new) > LONGEST_COMPARED:
        return _replaced(old, new)
    parts = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        same = kind == "equal"
        parts.append(
            _shortened(old[i:j], kept, start=True, end=True) if same else _replaced(old[i:j], new[k:m])
        )
    return "".join(parts)


def _replaced(old: list[str], new: list[str]) -> str:
    removed, added = "".join(old), "".join(new)
    return (f"[-{removed}-]" if removed else "") + (f"{{+{added}+}}" if added else "")


def _shortened(words: list[str], kept: int, *, start: bool, end: bool) -> str:
    """Keep some words at the sides that touch a change."""
    room = 2 * kept  # a word and its blank
    head = words[:room] if start else []
    tail = words[-room:] if end else []
    if len(words) <= len(head) + len(tail) + 1:
        return "".join(words)
    return "".join(head) + "…" + "".join(tail)


def _common(one: list[str], other: list[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
