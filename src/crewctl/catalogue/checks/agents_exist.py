"""Every agent that is named has been described in config/agents.yaml."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import AGENTS_FILE, TASKS_FILE, crew_file
from crewctl.catalogue.model_names import is_model
from crewctl.catalogue.specs.crew_spec import PEOPLE, HierarchicalCrew
from crewctl.catalogue.uses import Use, agents_named
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem


def agents_exist(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every agent that nobody described."""
    for use in _named_outside_crews(draft):
        if use.name not in draft.declared.agents:
            yield _unknown(draft, use)
    for name, crew in draft.catalogue.crews.items():
        for use in agents_named(name, crew, draft.uses[name].order):
            if use.name not in draft.declared.agents:
                yield _unknown(draft, use)
        if isinstance(crew, HierarchicalCrew):
            yield from _manager(draft, name, crew.manager)


def _named_outside_crews(draft: Draft) -> Iterator[Use]:
    for name, task in draft.catalogue.tasks.items():
        if task.agent is not None:
            yield Use(task.agent, TASKS_FILE, (name, "agent"))
        if task.fallback is not None:
            yield Use(task.fallback, TASKS_FILE, (name, "fallback"))
    for name, agent in draft.catalogue.agents.items():
        if agent.fallback is not None:
            yield Use(agent.fallback, AGENTS_FILE, (name, "fallback"))


def _manager(draft: Draft, crew: str, manager: str) -> Iterator[Problem]:
    if manager in draft.declared.agents or is_model(draft.declared.models, manager):
        return
    known = [*draft.catalogue.agents, *draft.catalogue.models]
    yield Problem(
        draft.place(crew_file(crew), ("manager",)),
        "unknown-agent",
        f"the manager '{manager}' is neither an agent nor a model",
        did_you_mean(manager, known) or "nobody has this name",
        f"name an agent of {AGENTS_FILE} without tools, or a model",
    )


def _unknown(draft: Draft, use: Use) -> Problem:
    known = draft.data(AGENTS_FILE)
    return Problem(
        draft.place(use.file, use.path),
        "unknown-agent",
        f"there is no agent '{use.name}'",
        did_you_mean(use.name, known) or "nobody has this name",
        _advice(use),
    )


def _advice(use: Use) -> str:
    if use.name in PEOPLE and "market" in use.path:
        return f"people choose without agents beside them: write judge: {use.name}; or name an agent here"
    return f"describe '{use.name}' in {AGENTS_FILE}, or name another agent"
