"""Agents can be told apart by their roles, by which CrewAI delegates."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.diagnostics.problem import Problem, Related, Severity


def roles_differ(draft: Draft) -> Iterator[Problem]:
    """Yield a warning for every agent whose role another agent has."""
    first: dict[str, str] = {}
    for name, agent in draft.catalogue.agents.items():
        role = " ".join(agent.role.split()).casefold()
        if role in first:
            other = first[role]
            yield Problem(
                draft.agent(name, "role"),
                "same-role",
                f"agents '{other}' and '{name}' have the same role",
                "delegation finds agents by their role",
                "give each agent a role of its own",
                (Related(draft.agent(other, "role"), f"the role of '{other}'"),),
                Severity.WARNING,
            )
        first.setdefault(role, name)
