"""The word somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like `word`, or None when nothing is close."""
    folded = {choice.lower(): choice for choice in choices}
    found = get_close_matches(word.lower(), folded, n=1, cutoff=0.65)
    return folded[found[0]] if found else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return a label with the word that was probably meant, or an empty one."""
    near = nearest(word, choices)
    return f"did you mean '{near}'?" if near else ""
