"""Who and what a crew uses, each with the place in the crew that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from crewctl.catalogue.catalogue import AnyCrew, Catalogue
from crewctl.catalogue.fallbacks import stand_ins
from crewctl.catalogue.kinds import AGENTS_FILE, TASKS_FILE, crew_file
from crewctl.catalogue.specs.crew_spec import (
    PEOPLE,
    HierarchicalCrew,
    MarketCrew,
    MarketSpec,
    SequentialCrew,
)
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.yaml_source import Path


class Use(NamedTuple):
    """A name, and the file and path that name it."""

    name: str
    file: str
    path: Path


class TaskInOrder(NamedTuple):
    """A task in a crew's order; `agent` is the one it is given here, if any."""

    name: str
    path: Path
    agent: str | None


class CrewUses(NamedTuple):
    """All that one crew uses, worked out once for all checks.

    `order` lists its tasks; `tasks` adds a market's own; `agents` are those who take part, by the
    place that brings them in; `tools` pairs each tool with what in the crew brings it in.
    """

    order: tuple[TaskInOrder, ...]
    tasks: tuple[TaskInOrder, ...]
    agents: tuple[Use, ...]
    tools: tuple[tuple[Use, Use], ...]


def uses_of(catalogue: Catalogue, name: str, crew: AnyCrew) -> CrewUses:
    """Return what the crew `name` uses."""
    order = tuple(_tasks_in_order(crew))
    tasks = order
    if isinstance(crew, MarketCrew):
        tasks = (*order, TaskInOrder(crew.market.task, ("market", "task"), None))
    agents = tuple(_agents_used(catalogue, name, crew, order))
    agents += tuple(_stand_ins_used(catalogue, agents, tasks))
    return CrewUses(order, tasks, agents, tuple(_tools_used(catalogue, name, agents, tasks)))


def _tasks_in_order(crew: AnyCrew) -> Iterator[TaskInOrder]:
    for position, entry in enumerate(crew.tasks):
        if isinstance(entry, str):
            yield TaskInOrder(entry, ("tasks", position), None)
        else:
            yield TaskInOrder(entry.task, ("tasks", position, "task"), entry.agent)


def agents_named(name: str, crew: AnyCrew, order: Iterable[TaskInOrder]) -> Iterator[Use]:
    """Yield the agents that the file of the crew `name` itself names, except a manager."""
    for task in order:
        if task.agent is not None:
            yield Use(task.agent, crew_file(name), (*task.path[:-1], "agent"))
    yield from _agents_listed(name, crew)


def _agents_listed(name: str, crew: AnyCrew) -> Iterator[Use]:
    file = crew_file(name)
    if isinstance(crew, (SequentialCrew, HierarchicalCrew)):
        for position, agent in enumerate(crew.agents):
            yield Use(agent, file, ("agents", position))
    if isinstance(crew, MarketCrew):
        for position, agent in enumerate(crew.market.contestants):
            yield Use(agent, file, ("market", "contestants", position))
        for agent, path in judges_named(crew.market):
            yield Use(agent, file, path)
        if crew.market.editor is not None:
            yield Use(crew.market.editor, file, ("market", "editor"))


def judges_named(market: MarketSpec) -> Iterator[tuple[str, Path]]:
    """Yield every agent who may judge a market, with the path in the crew's file that names it."""
    if isinstance(market.judge, str):
        if market.judge not in PEOPLE:
            yield market.judge, ("market", "judge")
    else:
        for position, entry in enumerate(market.judge):
            here: Path = ("market", "judge", position)
            if isinstance(entry, str):
                yield entry, here
            else:
                yield entry.agent, (*here, "agent")
    for key in ("substitutes", "second_opinion"):
        for position, agent in enumerate(getattr(market, key)):
            yield agent, ("market", key, position)


def _agents_used(
    catalogue: Catalogue, name: str, crew: AnyCrew, order: Iterable[TaskInOrder]
) -> Iterator[Use]:
    for task in order:
        spec = catalogue.tasks.get(task.name)
        if task.agent is not None:
            yield Use(task.agent, crew_file(name), (*task.path[:-1], "agent"))
        elif spec is not None and spec.agent is not None:
            yield Use(spec.agent, crew_file(name), task.path)
    yield from _agents_listed(name, crew)
    if isinstance(crew, HierarchicalCrew) and crew.manager in catalogue.agents:
        yield Use(crew.manager, crew_file(name), ("manager",))


def _stand_ins_used(
    catalogue: Catalogue, agents: Iterable[Use], tasks: Iterable[TaskInOrder]
) -> Iterator[Use]:
    """Yield who may take over for an agent who works; nobody takes over for a judge."""
    first = [use.name for use in agents if use.path[:1] != ("market",) or use.path[1] == "contestants"]
    seen = set(first)
    for task in tasks:
        spec = catalogue.tasks.get(task.name)
        if spec is not None and spec.fallback is not None and spec.fallback not in seen:
            seen.add(spec.fallback)
            first.append(spec.fallback)
            yield Use(spec.fallback, TASKS_FILE, (task.name, "fallback"))
    for name in first:
        for before, after in pairwise(stand_ins(catalogue.agents, name)):
            if after not in seen:
                seen.add(after)
                yield Use(after, AGENTS_FILE, (before, "fallback"))


def _tools_used(
    catalogue: Catalogue, name: str, agents: Iterable[Use], tasks: Iterable[TaskInOrder]
) -> Iterator[tuple[Use, Use]]:
    for agent in agents:
        spec = catalogue.agents.get(agent.name)
        for position, tool in enumerate(spec.tools if spec is not None else ()):
            yield Use(tool, AGENTS_FILE, (agent.name, "tools", position)), agent
    for task in tasks:
        task_spec = catalogue.tasks.get(task.name)
        for position, tool in enumerate((task_spec.tools if task_spec is not None else None) or ()):
            place = Use(tool, TASKS_FILE, (task.name, "tools", position))
            yield place, Use(task.name, crew_file(name), task.path)


def models_used(catalogue: Catalogue) -> Iterator[tuple[str | ModelSpec, Use]]:
    """Yield every model that an agent names, whether a crew uses the agent or not."""
    for name, agent in catalogue.agents.items():
        yield agent.llm, Use(name, AGENTS_FILE, (name, "llm"))
