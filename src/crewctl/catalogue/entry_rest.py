"""What an entry with mistakes in it still says about starts, so that all that is wrong is said in one pass."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from crewctl.catalogue.specs.registry_specs import EntrySpec

_WITHOUT_BEARING = frozenset({"overlap", "missed", "jitter", "timezone"})
"""Keys of a start without which nothing else is wrong with it that was right."""


def rest_of_entry(value: dict[str, Any]) -> EntrySpec | None:
    """Return the entry without what is wrong in it; None when nothing is left. It is for checks alone: nothing may run by it."""
    left = deepcopy(value)
    try:
        return EntrySpec.model_validate(value)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            _take_away(left, found["loc"])
    try:
        return EntrySpec.model_validate(left)
    except ValidationError:
        return None


def _take_away(left: dict[str, Any], way: tuple[int | str, ...]) -> None:
    """Take away the one key, or else all that stands under the entry's own key: half of it would mislead."""
    here: Any = left
    for part in way:
        if part in _WITHOUT_BEARING and here is not left and isinstance(here, dict):
            here.pop(part, None)
            return
        if part == "inputs":  # an input may be called as any of the keys
            break
        if _is_in(part, here):
            here = here[part]
    if way:
        left.pop(str(way[0]), None)


def _is_in(part: int | str, here: Any) -> bool:
    if isinstance(here, list):
        return isinstance(part, int) and part < len(here)
    return isinstance(here, dict) and part in here
