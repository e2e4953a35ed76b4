"""Reads JSON of which everybody who reads it has the same view: no name stands twice, and every number is one."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def strict_json(text: str) -> Any:
    """Return what the text says; ValueError says why two readers might not agree on it, or what is wrong."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of a name that stands twice, people might read one value and a tool be given the other.
    data: dict[str, Any] = {}
    for name, value in pairs:
        if name in data:
            raise ValueError(f"the name {name[:60]!r} stands twice")
        data[name] = value
    return data


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # people would have said yes to a number, and the tool be given infinity
        raise ValueError(f"{text} is too large a number")
    return number
