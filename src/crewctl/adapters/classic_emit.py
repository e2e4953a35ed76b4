"""Write YAML in which every value reads as it did: prose as its author laid it out, the rest plainly."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

from crewctl.adapters.classic_yaml import Written

_INDENT = "  "
_WIDE = 100
_SAFE = re.compile(r"[A-Za-z_][\w ./-]*[\w./-]|[A-Za-z_]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "none"})


def emit_items(items: Mapping[str, Mapping[str, Any]], header: str) -> str:
    """Return a file of named items; a value may be a Written, whose layout is kept, or plain data."""
    parts = [header]
    for name, item in items.items():
        body = "".join(f"{_INDENT}{scalar(key)}: {_value(value)}\n" for key, value in item.items())
        parts.append(f"\n{scalar(name)}:\n{body}" if body else f"\n{scalar(name)}: {{}}\n")
    return "".join(parts)


def prose(value: str) -> str:
    """Return a text as a block where that reads well and reads back the same, else on one line."""
    if "\n" not in value and len(value) <= _WIDE:
        return scalar(value)
    body = value.rstrip("\n")
    chomp = {0: "-", 1: ""}.get(len(value) - len(body), "+")
    indented = "\n".join(
        f"{_INDENT * 2}{line}" if line else "" for line in value.removesuffix("\n").split("\n")
    )
    wrapped = textwrap.fill(
        body, _WIDE, initial_indent=_INDENT * 2, subsequent_indent=_INDENT * 2, break_on_hyphens=False
    )
    for candidate in (f">{chomp}\n{wrapped}", f"|{chomp}\n{indented}", scalar(value)):
        if _reads_as(candidate, value):
            return candidate
    return json.dumps(value)


def scalar(value: Any) -> str:
    """Return a scalar on one line, without quotes where nothing could misread it."""
    if isinstance(value, str):
        bare = _SAFE.fullmatch(value) and value.lower() not in _WORDS and "  " not in value
        return value if bare else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\x7f")
    return json.dumps(value) if value is None or isinstance(value, bool | int | float) else scalar(str(value))


def flow(value: Any) -> str:
    """Return data on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    return scalar(value)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return prose(value)
    if not isinstance(value, Written):
        return flow(value)
    if not isinstance(value.value, str):
        return flow(value.value)
    kept = _as_written(value)
    head, _, rest = kept.partition("\n")
    # A block that ends with its file, not with a line break, has none to keep.
    stripped = f"{head}-\n{rest}" if head in {"|", ">"} else kept
    for candidate in (kept, stripped, flow(value.value)):
        if _reads_as(candidate, value.value):
            return candidate
    return json.dumps(value.value)


def _as_written(value: Written) -> str:
    """Return the value's own text, shifted from the column it stood in to the one it will stand in."""
    lines = value.raw.rstrip(" \t").split("\n")
    shift = len(_INDENT) - value.column
    moved = [lines[0], *(_shifted(line, shift) for line in lines[1:])]
    kept = "\n".join(moved)
    # A block's last line break is part of it; only "+" counts the blank lines after it.
    return (
        kept.rstrip("\n") if value.style not in {"|", ">"} or "+" not in lines[0] else kept.removesuffix("\n")
    )


def _shifted(line: str, shift: int) -> str:
    if not line.strip():
        return line if shift >= 0 else line[-shift:]
    return " " * shift + line if shift >= 0 else line[min(-shift, len(line) - len(line.lstrip())) :]


def _reads_as(text: str, value: str) -> bool:
    """Whether the text, standing between other keys of an item, is read as this very string."""
    try:
        found = yaml.safe_load(f"item:\n{_INDENT}key: {text}\n{_INDENT}next: 1\n")
    except yaml.YAMLError:
        return False
    return bool(found == {"item": {"key": value, "next": 1}})
