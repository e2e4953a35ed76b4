"""What prose asks for is among a crew's inputs, and what is among them is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from crewctl.catalogue.catalogue import AnyCrew, Catalogue
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import AGENTS_FILE, TASKS_FILE
from crewctl.catalogue.placeholders import placeholders
from crewctl.catalogue.uses import CrewUses
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem, Related, Severity

_AGENT_PROSE = ("role", "goal", "backstory")
_TASK_PROSE = ("description", "expected_output", "guardrail")


class _Asked(NamedTuple):
    """Where a placeholder stands, and who says it."""

    file: str
    path: Path
    who: str


def inputs_declared(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every undeclared input, and a warning for every unused one."""
    by_item: dict[tuple[str, str], dict[str, _Asked]] = {}
    for name, crew in draft.catalogue.crews.items():
        asked: dict[str, _Asked] = {}
        for item in _items(draft.uses[name]):
            if item not in by_item:
                by_item[item] = _asked_by(draft.catalogue, *item)
            asked = {**by_item[item], **asked}
        yield from _undeclared(draft, name, crew, asked)
        yield from _unused(draft, name, crew, asked)


def _items(uses: CrewUses) -> Iterator[tuple[str, str]]:
    for task in uses.tasks:
        yield "task", task.name
    for agent in uses.agents:
        yield "agent", agent.name


def _asked_by(catalogue: Catalogue, kind: str, name: str) -> dict[str, _Asked]:
    """Return the placeholders in one agent's or task's prose, each with its first place."""
    specs, fields, file = (
        (catalogue.tasks, _TASK_PROSE, TASKS_FILE)
        if kind == "task"
        else (catalogue.agents, _AGENT_PROSE, AGENTS_FILE)
    )
    spec = specs.get(name)
    asked: dict[str, _Asked] = {}
    for field in fields:
        for found, _, _ in placeholders(getattr(spec, field, None) or ""):
            asked.setdefault(found, _Asked(file, (name, field), f"{kind} '{name}'"))
    return asked


def _undeclared(draft: Draft, name: str, crew: AnyCrew, asked: dict[str, _Asked]) -> Iterator[Problem]:
    for found, by in asked.items():
        if found in crew.inputs:
            continue
        place = draft.crew(name, "inputs", key=True) if crew.inputs else draft.crew(name, "tasks", key=True)
        yield Problem(
            place,
            "undeclared-input",
            f"crew '{name}' does not declare the input '{found}'",
            did_you_mean(found, crew.inputs) or f"'{found}' is missing here",
            f"add {found} to inputs, or correct the placeholder",
            (Related(draft.find(by.file, by.path, f"{{{found}}}"), f"{by.who} asks for {{{found}}}"),),
        )


def _unused(draft: Draft, name: str, crew: AnyCrew, asked: dict[str, _Asked]) -> Iterator[Problem]:
    if _anything_missing(draft, name):
        return
    for found in crew.inputs:
        if found not in asked:
            yield Problem(
                draft.crew(name, "inputs", found, key=True),
                "unused-input",
                f"nothing in crew '{name}' asks for the input '{found}'",
                did_you_mean(found, asked) or "no prose says it",
                f"write {{{found}}} in a task or an agent, or take the input away",
                severity=Severity.WARNING,
            )


def _anything_missing(draft: Draft, name: str) -> bool:
    """Tell whether a task or agent could not be read, so that nothing can be said about its prose."""
    catalogue = draft.catalogue
    return any(
        item not in (catalogue.tasks if kind == "task" else catalogue.agents)
        for kind, item in _items(draft.uses[name])
    )
