"""Keys and values that the formats describe and whose behaviour is not built: refused, never ignored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crewctl.catalogue.crewai_fields import CrewaiField, crewai_fields_of
from crewctl.catalogue.yaml_source import Path


@dataclass(frozen=True)
class Unbuilt:
    """Something written that crewctl cannot do; `path` is relative to the item it stands in."""

    path: Path
    rule: str
    said: str
    reason: str
    instead: str
    is_key: bool = True


OWN_KEYS: dict[str, dict[str, str]] = {
    "agent": {
        "capabilities": "choosing agents by what they can do",
    },
    "task": {
        "condition": "tasks that depend on a condition",
    },
    "entry": {
        "transparency": "rules for what reaches people",
    },
    "model": {},
    "crew": {
        key: f"the process '{key}'"
        for key in ("parallel", "supervisor", "router", "debate", "peers", "swarm", "team")
    },
}
PROCESSES = ("parallel", "supervisor", "router", "debate", "peers", "swarm", "team")


def unbuilt(kind: str, item: dict[str, Any]) -> Iterator[Unbuilt]:
    """Yield what `item`, a `kind`'s mapping, says that crewctl refuses, takes over or cannot do yet."""
    fields = crewai_fields_of(kind)
    own = OWN_KEYS.get(kind, {})
    for key, value in item.items():
        if key in own:
            yield Unbuilt((key,), "not-yet", key, own[key], "take the key away")
        elif _has_no_effect(fields.get(key)) and not _means_off(value, fields[key]):
            yield _of_crewai(fields[key])
    yield from _VALUES.get(kind, _nothing)(item)


def harmless(kind: str, item: dict[str, Any]) -> set[str]:
    """Return the keys of `item` that say what crewctl does anyway."""
    fields = crewai_fields_of(kind)
    return {
        key
        for key, value in item.items()
        if _has_no_effect(fields.get(key)) and _means_off(value, fields[key])
    }


def _has_no_effect(field: CrewaiField | None) -> bool:
    return field is not None and field.status not in ("honoured", "display")


def _means_off(value: Any, field: CrewaiField) -> bool:
    return any(type(value) is type(off) and value == off for off in field.off)


def _of_crewai(field: CrewaiField) -> Unbuilt:
    rule = {"not_yet": "not-yet", "taken_over": "taken-over"}.get(field.status, "refused-field")
    return Unbuilt((field.name,), rule, field.name, field.reason, field.instead or "take the key away")


def _of_crew(crew: dict[str, Any]) -> Iterator[Unbuilt]:
    process = crew.get("process")
    if process in PROCESSES:
        instead = "use sequential, hierarchical or market"
        yield Unbuilt(("process",), "not-yet", f"process: {process}", "this process", instead, is_key=False)
    tasks = crew.get("tasks")
    for position, entry in enumerate(tasks if isinstance(tasks, list) else ()):
        if isinstance(entry, dict) and "crew" in entry:
            instead = "list that crew's tasks here"
            yield Unbuilt(("tasks", position, "crew"), "not-yet", "crew", "a crew within a crew", instead)


def _of_entry(entry: dict[str, Any]) -> Iterator[Unbuilt]:
    needed = entry.get("approvals_required")
    if isinstance(needed, int) and needed > 1:
        said = f"approvals_required: {needed}"
        yield Unbuilt(
            ("approvals_required",), "not-yet", said, "more than one approval", "write 1", is_key=False
        )


def _nothing(_: dict[str, Any]) -> Iterator[Unbuilt]:
    return iter(())


_VALUES = {"crew": _of_crew, "entry": _of_entry}
