"""Sorts the differences between two reports by what a reader looks for first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crewctl.audit.report_diff import Difference
from crewctl.cli.report_view import dollars_text

_SHORT = 100
_GROUPS = {
    "The run": ("crew", "outcome", "simulated", "stopped", ""),
    "The verdict": ("verdict",),
    "The outputs": ("tasks", "contestants", "output"),
    "The plan and its approval": ("plan", "approval", "limits", "versions"),
    "The bill": ("bill",),
}
"""What a reader looks for first, and the beginnings of the places that tell it."""
_KNOWN = {start for starts in _GROUPS.values() for start in starts}


def grouped(differences: Sequence[Difference]) -> list[tuple[str, list[Difference]]]:
    """Return the differences under their titles, short ones first; no title is without any."""
    found = []
    for title, starts in _GROUPS.items():
        group = [
            each for each in differences if _start(each) in starts and not _told_below(each, differences)
        ]
        if group:
            found.append((title, sorted(group, key=is_long)))
    return found


def both_texts(difference: Difference) -> tuple[str, str]:
    """Return what stood there and what stands there now, as people read it."""
    return _text(difference.place, difference.before), _text(difference.place, difference.after)


def is_long(difference: Difference) -> bool:
    """Return whether the texts need lines of their own."""
    old, new = both_texts(difference)
    one_sided = None in (difference.before, difference.after)
    return "\n" in old + new or (not one_sided and len(old) + len(new) > _SHORT)


def _told_below(difference: Difference, differences: Sequence[Difference]) -> bool:
    """Return whether this is the text of the choice, and the run's output is the same text."""
    same = difference.model_copy(update={"place": "output"})
    return difference.place == "verdict.final_text" and same in differences


def _start(difference: Difference) -> str:
    start = difference.place.partition(".")[0]
    return start if start in _KNOWN else ""


def _text(place: str, value: Any) -> str:
    if value is None:
        return "nothing"
    if place.endswith("_usd") and isinstance(value, (int, float)):
        return dollars_text(value)
    return str(value)
