"""Turn what a file says into specs, and what pydantic finds wrong into problems with places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from crewctl.catalogue import wording
from crewctl.catalogue.kinds import Kind
from crewctl.catalogue.not_yet import Unbuilt, harmless, unbuilt
from crewctl.catalogue.validation_messages import MESSAGES, Finding, Said
from crewctl.catalogue.yaml_source import Path, YamlSource
from crewctl.diagnostics.problem import Problem

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True)
class Item:
    """One thing to validate: `value` stands at `path` of `source`."""

    source: YamlSource
    kind: Kind
    name: str
    path: Path
    value: dict[str, Any]


def validate(item: Item, spec: type[S], problems: list[Problem]) -> S | None:
    """Return the item as a spec, or None; what is wrong is added to `problems`."""
    value, refused = _without_unbuilt(item)
    problems += [_refusal(item, found) for found in refused]
    try:
        made = spec.model_validate(value)
    except ValidationError as error:
        problems += _problems(item, spec, error.errors(include_url=False), refused)
        return None
    return None if refused else made


def _without_unbuilt(item: Item) -> tuple[dict[str, Any], list[Unbuilt]]:
    """Return the value without the keys that are refused or change nothing, and the refusals."""
    refused = list(unbuilt(item.kind.name, item.value))
    dropped = {found.path[0] for found in refused if len(found.path) == 1 and found.is_key}
    dropped |= harmless(item.kind.name, item.value)
    if not dropped:
        return item.value, refused
    return {key: value for key, value in item.value.items() if key not in dropped}, refused


def _refusal(item: Item, found: Unbuilt) -> Problem:
    container = wording.container(item.kind, item.name, found.path[:-1], item.value)
    said = {
        "not-yet": f"'{found.said}' in {container} is not built yet: {found.reason}",
        "taken-over": f"'{found.said}' in {container} is crewctl's own business: {found.reason}",
        "refused-field": f"'{found.said}' in {container} is refused: {found.reason}",
    }[found.rule]
    labels = {
        "not-yet": "would be ignored, so it is refused",
        "taken-over": "has another place",
        "refused-field": "cannot be used here",
    }
    span = item.source.place((*item.path, *found.path), key=found.is_key)
    return Problem(span, found.rule, said, labels[found.rule], found.instead)


def _problems(
    item: Item, spec: type[BaseModel], errors: list[ErrorDetails], refused: list[Unbuilt]
) -> Iterator[Problem]:
    reported = {found.path for found in refused}
    # Where a nested mapping was refused for one key, its other keys say no more.
    reported |= {found.path[:-1] for found in refused if len(found.path) > 2}  # noqa: PLR2004 - key, position, key
    for error in errors:
        path, on_key = _path(error["loc"], item.value, missing=error["type"] == "missing")
        # A union reports once for each of its branches; the first says enough. And what was
        # refused already is not complained about again.
        if path in reported or path[:-1] in reported:
            continue
        reported.add(path)
        yield _problem(item, spec, Finding(item.kind, item.name, path, item.value, error, on_key))


def _problem(item: Item, spec: type[BaseModel], found: Finding) -> Problem:
    model = wording.model_at(spec, found.path[:-1])
    fields = tuple(wording.fields_of(model)) if model is not None else ()
    message: Callable[[Finding, tuple[str, ...]], Said] = MESSAGES.get(found.type, MESSAGES["value_error"])
    said = message(found, fields)
    key = found.on_key or said.on_key
    path = said.path if said.path is not None else found.path
    return Problem(
        item.source.place((*item.path, *path), key=key), said.rule, said.message, said.label, said.help
    )


def _path(loc: tuple[int | str, ...], value: Any, *, missing: bool) -> tuple[Path, bool]:
    """Return the path in the file that pydantic's `loc` means, and whether it means the key.

    Pydantic adds the names of union branches, which no file contains.
    """
    path: list[str | int] = []
    on_key = False
    last = len(loc) - 1
    for position, part in enumerate(loc):
        if _is_in(part, value):
            path.append(part)
            value = value[part]
        elif missing and position == last:
            path.append(part)
        on_key = part == "[key]"
    return tuple(path), on_key


def _is_in(part: int | str, value: Any) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value
