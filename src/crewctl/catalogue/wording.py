"""The words for values, fields and places that messages share."""

from __future__ import annotations

from collections.abc import Iterable
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from crewctl.catalogue.kinds import Kind
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.unsaid import without_secrets

_NAMED = {"inputs": "input", "criteria": "criterion"}
_LONGEST = 40


def called(value: Any) -> str:
    """Return what kind of thing `value` is, in a YAML author's words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (str, "text"),
        ((int, float), "a number"),
        (list, "a list"),
        (dict, "a mapping"),
    )
    return next(name for kind, name in names if isinstance(value, kind))


def quoted(value: Any) -> str:
    """Return `value` for a message, shortened; a secret in it goes first, or a half of it would stay."""
    text = str(value).lower() if isinstance(value, bool) else without_secrets(str(value))
    return f"'{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}'"


def listed(words: Iterable[str]) -> str:
    """Return `words` as a list for a help line."""
    return ", ".join(words)


def container(kind: Kind, name: str, path: Path, item: Any) -> str:
    """Return how messages call the mapping or list at `path` of the item `name`."""
    title = kind.title(name)
    if not path:
        return title
    *before, last = path
    if isinstance(last, int):
        return _entry(before, last, item, title)
    if before and before[-1] in _NAMED:
        return f"{_NAMED[str(before[-1])]} '{last}'"
    return f"{last} of {title}" if kind.many else str(last)


def species(kind: Kind, path: Path) -> str:
    """Return how help lines call any mapping such as the one at `path`."""
    if not path:
        noun = kind.name
        return "the policy" if noun == "policy" else f"{'an' if noun[0] in 'ae' else 'a'} {noun}"
    *before, last = path
    if isinstance(last, int):
        return f"an entry of {before[-1]}"
    if before and before[-1] in _NAMED:
        noun = _NAMED[str(before[-1])]
        return f"{'an' if noun[0] == 'i' else 'a'} {noun}"
    return str(last)


def field_phrase(kind: Kind, name: str, path: Path, item: Any) -> str:
    """Return how messages call the value at `path`: its name and what it belongs to."""
    *before, last = path
    if isinstance(last, int):
        return container(kind, name, path, item)
    owner = container(kind, name, tuple(before), item)
    return f"{last} {'of' if ' ' in owner else 'in'} {owner}"


def model_at(spec: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Return the spec that rules the mapping at `path` below `spec`, if any does."""
    here: Any = spec
    for part in path:
        model = _model_in(here)
        fields = fields_of(model) if model is not None else {}
        here = fields[str(part)].annotation if part in fields else _inside(here)
        if here is None:
            return None
    return _model_in(here)


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of `model` by the names that a file gives them."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _entry(before: list[str | int], position: int, item: Any, title: str) -> str:
    """Name the item of a list by what it says, never by its number."""
    value = item
    for part in (*before, position):
        value = value[part]
    said = value.get("task") if isinstance(value, dict) else value
    field = str(before[-1]) if before else "list"
    which = f"the entry {quoted(said)}" if isinstance(said, str) else "an entry"
    return f"{which} in {field} of {title}"


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (list, dict):
        return None
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _inside(annotation: Any) -> Any:
    """Return what the list or mapping `annotation` holds."""
    if get_origin(annotation) in (list, dict):
        return get_args(annotation)[-1]
    if get_origin(annotation) in (Union, UnionType):
        return next(filter(None, map(_inside, get_args(annotation))), None)
    metadata = getattr(annotation, "__metadata__", None)
    return _inside(annotation.__origin__) if metadata else None
