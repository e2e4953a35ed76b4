"""Say in what two questions to a model or a tool differ, at the first place where they do."""

from __future__ import annotations

import json
from typing import Any

from crewctl.audit.exchange_digest import CAPS
from crewctl.planning.word_changes import marked_words

_LONGEST = 600
"""Characters shown of a difference."""


def question_change(recorded: Any, asked: Any) -> str:
    """Return the place and the change, such as ``messages[1].content: about [-Acme-]{+Emca+}``; empty if equal."""
    found = _first(recorded, asked, "")
    if found is None:
        return ""
    place, before, after = found
    change = marked_words(_text(before), _text(after)).strip()
    shown = change if len(change) <= _LONGEST else change[: _LONGEST - 1] + "…"
    return f"{place.lstrip('.')}: {shown}" if place else shown


def _first(one: Any, other: Any, place: str) -> tuple[str, Any, Any] | None:
    if one == other:
        return None
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [key for key in dict.fromkeys([*one, *other]) if place or key not in CAPS]
        parts = ((f"{place}.{key}", one.get(key), other.get(key)) for key in keys)
        return next((found for at, a, b in parts if (found := _first(a, b, at)) is not None), None)
    if isinstance(one, list) and isinstance(other, list):
        return _first_item(one, other, place)
    return place, one, other


def _first_item(one: list[Any], other: list[Any], place: str) -> tuple[str, Any, Any] | None:
    for number in range(max(len(one), len(other))):
        a = one[number] if number < len(one) else None
        b = other[number] if number < len(other) else None
        if (found := _first(a, b, f"{place}[{number}]")) is not None:
            return found
    return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
