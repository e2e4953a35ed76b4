"""Parts of JSON whose form is not known: what is not there, or is something else, is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object of this name."""
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def objects(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects in the list of this name."""
    found = value.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, (list, tuple)) else []
