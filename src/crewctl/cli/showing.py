"""Finds one thing of a catalogue by its name and prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.kinds import AGENTS_FILE, MODELS_FILE, TASKS_FILE, crew_file, entry_file, rubric_file
from crewctl.cli.listing import crew_agents
from crewctl.cli.output import heading, note, pairs, say
from crewctl.diagnostics.nearest import nearest
from crewctl.errors import NotFoundError, UsageError


@dataclass(frozen=True)
class Found:
    """One thing: `data` is what its file says, defaults left out, and where it stands."""

    kind: str
    name: str
    data: Mapping[str, Any]


def find(catalogue: Catalogue, name: str, kind: str | None) -> Found:
    """Find `name`; NotFoundError with a near word, UsageError when several kinds but a crew share it."""
    shelves: dict[str, Mapping[str, BaseModel]] = {
        "crew": catalogue.crews,
        "agent": catalogue.agents,
        "task": catalogue.tasks,
        "model": catalogue.models,
        "rubric": catalogue.rubrics,
    }
    kinds = [shelf for shelf, things in shelves.items() if name in things and kind in (None, shelf)]
    if not kinds:
        raise _not_found(name, kind, shelves, broken=bool(catalogue.problems))
    if len(kinds) > 1 and kinds[0] == "crew":
        # A crew's rubric and task often bear its name; who names a crew means the crew.
        note(f"'{name}' is also a {' and a '.join(kinds[1:])}: add --kind {' or --kind '.join(kinds[1:])}")
    elif len(kinds) > 1:
        raise UsageError(
            f"'{name}' is the name of {' and of '.join(f'{_a(each)} {each}' for each in kinds)}",
            help=f"add --kind {' or --kind '.join(kinds)}",
        )
    said = _said(catalogue, _file(kinds[0], name), shelves[kinds[0]][name], name)
    where = _place(catalogue, kinds[0], name)
    data = {"kind": kinds[0], "name": name, "place": where, **said}
    return Found(kinds[0], name, data | _related(catalogue, kinds[0], name))


def _a(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _not_found(
    name: str, kind: str | None, shelves: Mapping[str, Mapping[str, BaseModel]], *, broken: bool
) -> NotFoundError:
    names = [each for shelf, things in shelves.items() if kind in (None, shelf) for each in things]
    meant = nearest(name, names)
    advice = f"did you mean 'crewctl show {meant}'?" if meant else "'crewctl list' shows what there is"
    if broken and not meant:
        advice = "some files hold problems, and it may stand in one of them: run 'crewctl check'"
    return NotFoundError(f"there is no {kind or 'crew, agent, task, model or rubric'} '{name}'", help=advice)


def _file(kind: str, name: str) -> str:
    return {
        "crew": crew_file(name),
        "rubric": rubric_file(name),
        "agent": AGENTS_FILE,
        "task": TASKS_FILE,
        "model": MODELS_FILE,
    }[kind]


def _said(catalogue: Catalogue, file: str, spec: BaseModel, name: str) -> dict[str, Any]:
    """Return what the file says as it says it: ``30m`` and ``0.50 USD``, not what they are counted in."""
    source = catalogue.sources.get(file)
    whole = source.data if source is not None else None
    said = whole.get(name) if isinstance(whole, Mapping) and file.startswith("config/") else whole
    return dict(said) if isinstance(said, Mapping) else spec.model_dump(mode="json", exclude_unset=True)


def _place(catalogue: Catalogue, kind: str, name: str) -> str:
    file = _file(kind, name)
    source = catalogue.sources.get(file)
    if source is None or kind in {"crew", "rubric"}:
        return f"{file}:1"
    return f"{file}:{source.place((name,), key=True).line}"


def _related(catalogue: Catalogue, kind: str, name: str) -> dict[str, Any]:
    if kind == "crew":
        entry = catalogue.entries.get(name)
        registered = _said(catalogue, entry_file(name), entry, name) if entry else None
        return {"all_agents": crew_agents(catalogue, name), "entry": registered}
    if kind == "agent":
        return {"crews": [crew for crew in catalogue.crews if name in crew_agents(catalogue, crew)]}
    return {}


def show(found: Found) -> None:
    """Print it for a person."""
    heading(f"{found.kind} {found.name}")
    _show_fields({key: value for key, value in found.data.items() if key not in {"kind", "name"}}, 2)


def _show_fields(fields: Mapping[str, Any], indent: int) -> None:
    pairs([(key, _flat(value)) for key, value in fields.items() if _is_flat(value)], indent=indent)
    for key, value in fields.items():
        if _is_flat(value) or value is None:
            continue
        say(f"{key}:", indent=indent)
        if isinstance(value, str):
            say(value.strip(), indent=indent + 2)
        elif isinstance(value, Mapping):
            _show_fields(value, indent + 2)
        else:
            for item in value:
                _show_fields(item if isinstance(item, Mapping) else {"-": item}, indent + 2)


def _is_flat(value: Any) -> bool:
    """Tell whether a value fits on the line of its name."""
    if isinstance(value, str):
        return "\n" not in value.strip()
    if isinstance(value, list):
        return not any(isinstance(item, Mapping) for item in value)
    return value is not None and not (isinstance(value, Mapping) and value)


def _flat(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
