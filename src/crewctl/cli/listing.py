"""The rows of ``crewctl list``: one function for each kind of thing in a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.known_tools import tags_of
from crewctl.catalogue.uses import uses_of

Row = dict[str, Any]


def crew_agents(catalogue: Catalogue, crew: str) -> list[str]:
    """Return every agent that has a part in the crew, in the order they come up."""
    return list(dict.fromkeys(use.name for use in uses_of(catalogue, crew, catalogue.crews[crew]).agents))


def _crews(catalogue: Catalogue) -> list[Row]:
    return [
        {
            "name": name,
            "process": crew.process,
            "risk": _risk(catalogue, name),
            "inputs": list(crew.inputs),
            "agents": crew_agents(catalogue, name),
            "description": crew.description.strip(),
        }
        for name, crew in sorted(catalogue.crews.items())
    ]


def _risk(catalogue: Catalogue, crew: str) -> str:
    entry = catalogue.entries.get(crew)
    level = entry.risk_level if entry else None
    return level or "limited (untagged)"


def _agents(catalogue: Catalogue) -> list[Row]:
    crews: dict[str, list[str]] = {}
    for crew in sorted(catalogue.crews):
        for agent in crew_agents(catalogue, crew):
            crews.setdefault(agent, []).append(crew)
    return [
        {
            "name": name,
            "role": agent.role.strip(),
            "model": agent.llm if isinstance(agent.llm, str) else agent.llm.model,
            "tools": list(agent.tools),
            "crews": crews.get(name, []),
        }
        for name, agent in sorted(catalogue.agents.items())
    ]


def _tasks(catalogue: Catalogue) -> list[Row]:
    return [
        {
            "name": name,
            "agent": task.agent,
            "context": task.context,
            "expected_output": task.expected_output.strip(),
            "description": task.description.strip(),
        }
        for name, task in sorted(catalogue.tasks.items())
    ]


def _models(catalogue: Catalogue) -> list[Row]:
    used: dict[str, list[str]] = {}
    for name, agent in sorted(catalogue.agents.items()):
        used.setdefault(agent.llm if isinstance(agent.llm, str) else "", []).append(name)
    return [
        {"name": name, "model": model.model, "base_url": model.base_url, "agents": used.get(name, [])}
        for name, model in sorted(catalogue.models.items())
    ]


def _tools(catalogue: Catalogue) -> list[Row]:
    used: dict[str, list[str]] = {
        f"custom:{file.removeprefix('tools/').removesuffix('.py')}": [] for file in catalogue.tool_files
    }
    for owner, names in _tool_users(catalogue).items():
        for tool in names:
            used.setdefault(tool, []).append(owner)
    return [
        {
            "name": tool,
            "kind": "custom" if tool.startswith("custom:") else "crewai_tools",
            "tags": sorted(tags_of(catalogue, tool)),
            "used_by": users,
        }
        for tool, users in sorted(used.items())
    ]


def _tool_users(catalogue: Catalogue) -> Mapping[str, list[str]]:
    users = {name: agent.tools for name, agent in sorted(catalogue.agents.items())}
    return users | {name: task.tools for name, task in sorted(catalogue.tasks.items()) if task.tools}


def _rubrics(catalogue: Catalogue) -> list[Row]:
    return [
        {"name": name, "criteria": list(rubric.criteria), "description": rubric.description.strip()}
        for name, rubric in sorted(catalogue.rubrics.items())
    ]


LISTINGS: dict[str, Callable[[Catalogue], list[Row]]] = {
    "crews": _crews,
    "agents": _agents,
    "tasks": _tasks,
    "models": _models,
    "tools": _tools,
    "rubrics": _rubrics,
}
