"""The reference pages on events and reports, made from their models."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue

from crewctl.audit.events import Change, Event, Recorded
from crewctl.audit.fact import ContentRef
from crewctl.audit.report import RunReport

_PLAIN: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    datetime: "time (UTC)",
    type(None): "null",
    Any: "any JSON",
}

_SEVERAL = 5
"""A union of more is the union of all events."""

EVENTS_HEAD = """# Events

Everything that happens in a run is an event: a frozen value in the past tense, added to the run's
account in `.crewctl/crewctl.db` and never changed. State, bill, trace and report are computed from
events, so they cannot disagree. Prompts, outputs and tool results are not in events: an event holds
a reference to a file under `.crewctl/content/`, which can be erased without touching the account.

`crewctl logs RUN` prints a run's events as lines, `crewctl logs RUN -o jsonl` as they are below.
Costs are whole pico-dollars (a millionth of a millionth of a US dollar); null is unknown. A `kind`
field with the event's name comes first in each.

This page is made from the models, and a test keeps it equal to them.
"""

REPORT_HEAD = """# The report

Every run that was started and is over has a report, `registry/reports/<crew>/<run>.json`; a refused
kickoff and a rehearsal have none. It is computed from the run's events and contents alone, so the
same account always gives the same bytes: `crewctl report RUN` writes the file anew if it is missing,
and never over another one. [`registry/schema/report.json`](../../registry/schema/report.json) is its
JSON Schema. Reports hold outputs: they are readable by their owner only, and git-ignored.

What never came back, and what nobody measured, counts as spent at its whole reservation and is said
to. An unknown price makes a cost null, never 0. Where content has been erased since, its place is null.

This page is made from the models, and a test keeps it equal to them.
"""


def events_page() -> str:
    """Return docs/reference/events.md."""
    kinds = get_args(get_args(Event)[0])
    parts = [EVENTS_HEAD, *(_section(kind) for kind in (Recorded, *kinds, ContentRef, Change))]
    return "\n".join(parts)


def report_page() -> str:
    """Return docs/reference/report.md."""
    return "\n".join([REPORT_HEAD, *(_section(model) for model in _models_in(RunReport))])


def _models_in(model: type[BaseModel]) -> Iterable[type[BaseModel]]:
    """Return the model and every model that its fields hold, each once, outermost first."""
    found: dict[type[BaseModel], None] = {}
    waiting = [model]
    while waiting:
        each = waiting.pop(0)
        if each not in found:
            found[each] = None
            waiting += [m for field in each.model_fields.values() for m in _held(field.annotation)]
    return found


def _held(annotation: Any) -> list[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _held(part)]


def _section(model: type[BaseModel]) -> str:
    rows = [
        f"| `{name}` | {_type(field.annotation)} |"
        for name, field in model.model_fields.items()
        if name != "kind"
    ]
    table = ["| field | holds |", "|---|---|", *rows] if rows else ["It has no fields of its own."]
    return "\n".join(
        [
            f"## {model.__name__}",
            "",
            inspect.cleandoc(model.__doc__ or "").replace("None", "null"),
            "",
            *table,
            "",
        ]
    )


def _type(annotation: Any) -> str:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if annotation == JsonValue:
        return "any JSON"
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return _compound(get_origin(annotation), get_args(annotation))


def _compound(origin: Any, parts: tuple[Any, ...]) -> str:
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if len(parts) > _SEVERAL:
        return "one of the events below"
    if origin in (Union, types.UnionType):
        return " or ".join(_type(part) for part in parts)
    if origin is dict:
        return f"by name: {_type(parts[1])}"
    return f"list of {_type(parts[0])}"
