"""A manager delegates: it has no tools, and is not one of those it leads."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew
from crewctl.diagnostics.problem import Problem, Related


def leader_only_leads(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every manager whom CrewAI would refuse."""
    for name, crew in draft.catalogue.crews.items():
        if not isinstance(crew, HierarchicalCrew):
            continue
        manager = draft.catalogue.agents.get(crew.manager)
        if manager is not None and manager.tools:
            yield Problem(
                draft.crew(name, "manager"),
                "bad-manager",
                f"the manager '{crew.manager}' of crew '{name}' has tools, and a manager only delegates",
                "has tools",
                "take the tools away, or name another manager",
                (Related(draft.agent(crew.manager, "tools"), "its tools"),),
            )
        if manager is not None and crew.manager in crew.agents:
            position = crew.agents.index(crew.manager)
            yield Problem(
                draft.crew(name, "agents", position),
                "bad-manager",
                f"the manager '{crew.manager}' is one of the agents that it leads in crew '{name}'",
                "leads itself",
                "take the manager out of agents",
                (Related(draft.crew(name, "manager"), "the manager"),),
            )
