"""Carry one classic agent or task over, key by key, and note every key that stays behind."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from crewctl.adapters.classic_crew import ClassicCrew, Made
from crewctl.adapters.classic_models import Models, model_name, model_spec
from crewctl.adapters.classic_python import UnknownValueError, followed, literal, own_method
from crewctl.adapters.classic_tools import Tools
from crewctl.adapters.classic_yaml import Item, Written
from crewctl.adapters.imported_project import Note
from crewctl.catalogue.crewai_fields import crewai_fields_of
from crewctl.catalogue.crewai_tools_names import tool_names
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.task_spec import TaskSpec

_PROSE = {"agent": ("role", "goal", "backstory"), "task": ("description", "expected_output")}
_SPECS: dict[str, type[BaseModel]] = {"agent": AgentSpec, "task": TaskSpec}
_ORDER = {"agent": tuple(AgentSpec.model_fields), "task": tuple(TaskSpec.model_fields)}


@dataclass
class Work:
    """What carrying one crew's items over shares: where names lead, and what has been noted."""

    crew: ClassicCrew | None
    agent_keys: Mapping[str, str]
    task_keys: Mapping[str, str]
    tools: Tools
    models: Models
    notes: list[Note] = field(default_factory=list)

    def note(self, file: str, line: int, text: str) -> None:
        """Remember what could not be carried."""
        note = Note(file, line, text)
        if note not in self.notes:
            self.notes.append(note)

    def note_at(self, place: Place, text: str) -> None:
        """Remember what could not be carried of the key there."""
        self.note(place.file, place.line, text)


@dataclass(frozen=True)
class Place:
    """Whose key it is, and where it stands."""

    kind: str
    name: str
    file: str
    line: int


def carry(  # noqa: PLR0913 - where an item comes from is four of them
    work: Work, kind: str, name: str, item: Item, file: str, made: Made | None, *, complete: bool = True
) -> dict[str, Any]:
    """Return the item as a catalogue takes it; what Python says counts before what the file says.

    `complete` says that this is all there is, so that missing prose is noted.
    """
    carried: dict[str, Any] = {}
    given = made.arguments if made else {}
    for key, written in item.items():
        if key in given:
            continue
        value = _from_yaml(work, Place(kind, name, file, written.line), key, written)
        if value is not None:
            carried[key] = value
    if made is not None and work.crew is not None:
        for key, node in given.items():
            value = _from_python(work, Place(kind, name, work.crew.file.name, node.lineno), key, node, made)
            if value is not None:
                carried[key] = value
    if complete:
        _note_missing(work, kind, name, carried, file, made)
    order = _ORDER[kind]
    return {key: carried[key] for key in sorted(carried, key=order.index)}


def _note_missing(
    work: Work, kind: str, name: str, carried: Mapping[str, Any], file: str, made: Made | None
) -> None:
    where, line = (work.crew.file.name, made.line) if made and work.crew and not made.config else (file, 0)
    for key in _PROSE[kind]:
        if key not in carried:
            work.note(where, line, f"{kind} {name!r} has no {key} that could be read; write one")
    if carried.get("reasoning") and "max_reasoning_attempts" not in carried:
        work.note(where, line, f"agent {name!r} reasons without an end; give it max_reasoning_attempts")


def _from_yaml(work: Work, place: Place, key: str, written: Written) -> Any:
    value = written.value
    if value is None or not is_carried(work, place, key, value):
        return None
    if key == "llm":
        return _llm_by_name(work, place, value)
    if key == "tools":
        return _tools_by_name(work, place, value)
    if key in {"agent", "context"}:
        return _by_method(work, place, key, value)
    if isinstance(value, str) and key in _PROSE[place.kind]:
        return written
    return _fitting(work, place, key, value)


def _from_python(work: Work, place: Place, key: str, node: ast.expr, made: Made) -> Any:
    special: dict[str, Callable[[Work, Place, ast.expr, Made], Any]] = {
        "llm": _llm_in_python,
        "tools": _tools_in_python,
        "agent": _agent_in_python,
        "context": _context_in_python,
    }
    if key in special:
        return special[key](work, place, node, made)
    if key == "verbose":
        return None
    try:
        value = literal(node, made.names)
    except UnknownValueError:
        source = work.crew.file.source(node) if work.crew else ""
        if is_carried(work, place, key, ...):
            work.note_at(
                place,
                f"{_of(place)} takes {key} from {source}, which only running it would tell",
            )
        return None
    if value is None or not is_carried(work, place, key, value):
        return None
    return _fitting(work, place, key, value)


def is_carried(work: Work, place: Place, key: str, value: Any) -> bool:
    """Say whether the key is one that crewctl honours; if not, and it meant something, note it."""
    found = crewai_fields_of(place.kind).get(key)
    if found is None:
        work.note_at(
            place,
            f"{key!r} of {_of(place)} is no field of CrewAI's, which ignores it; left out",
        )
        return False
    if found.status in {"honoured", "display"}:
        return True
    if not any(type(value) is type(off) and value == off for off in found.off):
        # The key is away already; what is left to say is where its work belongs.
        instead = found.instead.removeprefix("take the key away").removeprefix("; ")
        work.note_at(
            place, f"{key!r} of {_of(place)} was left out: {found.reason}{f'; {instead}' if instead else ''}"
        )
    return False


def _fitting(work: Work, place: Place, key: str, value: Any) -> Any:
    """Return the value in the type that the field takes, as CrewAI reads "true" and "3" too."""
    annotation = _SPECS[place.kind].model_fields[key].annotation
    try:
        fitting: Any = TypeAdapter(annotation).validate_python(value, strict=False)
    except ValidationError:
        work.note_at(place, f"{key!r} of {_of(place)} has a value that does not fit it; left out")
        return None
    if key == "output_file" and (".." in fitting or "{" in fitting or fitting.startswith(("/", "~"))):
        work.note_at(
            place,
            f"output_file {fitting!r} of {_of(place)} leads where crewctl does not write; left out",
        )
        return None
    return fitting


def _llm_by_name(work: Work, place: Place, value: Any) -> str | None:
    node = work.crew.names.get(value) if work.crew and isinstance(value, str) else None
    dropped: list[str] = []
    spec = model_spec(node, work.crew.names, dropped) if node is not None and work.crew else None
    if spec is not None:
        return work.models.name_for(spec)
    name = model_name(value) if isinstance(value, str) else None
    if name is None:
        work.note_at(place, f"the llm of {_of(place)} names no provider; it uses the model 'default'")
    return name


def _llm_in_python(work: Work, place: Place, node: ast.expr, made: Made) -> str | None:
    dropped: list[str] = []
    spec = model_spec(node, made.names, dropped)
    source = work.crew.file.source(node) if work.crew else ""
    if spec is None:
        work.note_at(
            place,
            f"the llm of {_of(place)} is {source}, which only running it would tell; it uses the model 'default'",
        )
        return None
    if dropped:
        work.note_at(place, f"the llm of {_of(place)} says {', '.join(dropped)} besides; left out")
    return work.models.name_for(spec)


def _tools_by_name(work: Work, place: Place, value: Any) -> list[str] | None:
    found: list[str] = []
    for name in value if isinstance(value, list) else [value]:
        if work.crew is not None and name in work.crew.tools:
            found += _tool(work, place, work.crew.tools[name], work.crew.names)
        elif isinstance(name, str) and name in tool_names():
            found.append(name)
        else:
            work.note_at(place, f"the tool {name!r} of {_of(place)} was not found; left out")
    return list(dict.fromkeys(found)) or None


def _tools_in_python(work: Work, place: Place, node: ast.expr, made: Made) -> list[str] | None:
    node = followed(node, made.names)
    if not isinstance(node, ast.List | ast.Tuple):
        source = work.crew.file.source(node) if work.crew else ""
        work.note_at(
            place,
            f"the tools of {_of(place)} are {source}, which only running it would tell; left out",
        )
        return None
    found = [name for item in node.elts for name in _tool(work, place, item, made.names)]
    # To CrewAI an empty list says what none says: a task then has its agent's tools.
    return list(dict.fromkeys(found)) or None


def _tool(work: Work, place: Place, node: ast.expr, names: Mapping[str, ast.expr]) -> list[str]:
    if work.crew is None:
        return []
    found = work.tools.resolve(node, names, work.crew)
    if found.remark:
        suffix = "" if found.name else "; left out"
        work.note(place.file, node.lineno, f"{found.remark} ({_of(place)}){suffix}")
    return [found.name] if found.name else []


def _agent_in_python(work: Work, place: Place, node: ast.expr, made: Made) -> str | None:
    node = followed(node, made.names)
    key = work.agent_keys.get(own_method(node))
    if key is None and work.crew is not None:
        source = work.crew.file.source(node)
        work.note_at(place, f"the agent of {_of(place)} is {source}, which could not be followed")
    return key


def _context_in_python(work: Work, place: Place, node: ast.expr, made: Made) -> list[str] | None:
    node = followed(node, made.names)
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else []
    found = [work.task_keys.get(own_method(followed(item, made.names))) for item in items]
    if None in found or not isinstance(node, ast.List | ast.Tuple):
        work.note_at(place, f"the context of {_of(place)} could not be followed whole")
    return [key for key in found if key]


def _by_method(work: Work, place: Place, key: str, value: Any) -> Any:
    """Turn the names of methods, which CrewAI's YAML uses, into keys; unknown ones stay for check to find."""
    keys = work.agent_keys if key == "agent" else work.task_keys
    if key == "agent":
        return keys.get(value, value) if isinstance(value, str) else None
    if not isinstance(value, list):
        work.note_at(place, f"the context of {_of(place)} is not a list; left out")
        return None
    return [keys.get(one, one) for one in value if isinstance(one, str)]


def _of(place: Place) -> str:
    return f"{place.kind} {place.name!r}"
