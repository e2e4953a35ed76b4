"""Fill a JSON Schema with a small valid value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

MAX_DEPTH = 12
"""Schemas nest and refer to themselves; below this depth everything is null."""

Words = Mapping[str, JsonValue]
"""Values to use for properties of these names, where their type fits."""


def fill(schema: Mapping[str, Any], words: Words | None = None, text: str = "text") -> JsonValue:
    """Return a value that `schema` accepts, from `words` where a property's name is in it."""
    return _value(schema, _Filling(schema, words or {}, text), 0)


def fill_json(schema: Mapping[str, Any], words: Words | None = None, text: str = "text") -> str:
    """Return `fill` as JSON text."""
    return json.dumps(fill(schema, words, text), ensure_ascii=False)


class _Filling:
    """What stays the same all the way down one schema."""

    def __init__(self, root: Mapping[str, Any], words: Words, text: str) -> None:
        self.root = root
        self.words = words
        self.text = text

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow local references until the schema says something itself."""
        for _ in range(MAX_DEPTH):
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                return schema
            found: Any = self.root
            for part in reference[2:].split("/"):
                found = found.get(part, {}) if isinstance(found, Mapping) else {}
            schema = found
        return {}


def _value(schema: Any, filling: _Filling, depth: int) -> JsonValue:
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return None
    schema = filling.resolved(schema)
    for fixed in ("const", "default"):
        if schema.get(fixed) is not None:
            return _json(schema[fixed])
    if schema.get("enum"):
        return _json(schema["enum"][0])
    for several in ("anyOf", "oneOf"):
        if schema.get(several):
            return _value(_first_real(schema[several]), filling, depth + 1)
    if schema.get("allOf"):
        return _value(_merged(schema["allOf"], filling), filling, depth + 1)
    return _by_type(schema, filling, depth)


def _by_type(schema: Mapping[str, Any], filling: _Filling, depth: int) -> JsonValue:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    if kind == "object" or "properties" in schema:
        return _object(schema, filling, depth)
    if kind == "array":
        length = max(1, int(schema.get("minItems", 1)))
        return [_value(schema.get("items", {"type": "string"}), filling, depth + 1) for _ in range(length)]
    if kind in {"integer", "number"}:
        return _number(schema)
    simple: dict[Any, JsonValue] = {"boolean": True, "null": None}
    return simple[kind] if kind in simple else _string(schema, filling.text)


def _object(schema: Mapping[str, Any], filling: _Filling, depth: int) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for name, part in dict(schema.get("properties") or {}).items():
        value = _value(part, filling, depth + 1)
        word = filling.words.get(name)
        same_kind = word is not None and (value is None or type(word) is type(value))
        found[name] = word if same_kind else value
    return found


def _number(schema: Mapping[str, Any]) -> int | float:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum")
    number = 1 if low is None else low + (1 if "exclusiveMinimum" in schema else 0)
    return number if high is None else min(number, high)


def _string(schema: Mapping[str, Any], text: str) -> str:
    text = text.ljust(int(schema.get("minLength", 0)), ".")
    return text[: int(schema["maxLength"])] if "maxLength" in schema else text


def _first_real(options: Sequence[Any]) -> Any:
    return next((one for one in options if not (isinstance(one, Mapping) and one.get("type") == "null")), {})


def _merged(parts: Sequence[Any], filling: _Filling) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, Mapping):
            merged |= filling.resolved(part)
    return merged


def _json(value: Any) -> JsonValue:
    return json.loads(json.dumps(value))  # type: ignore[no-any-return]
