"""Who and what a crew uses, each with the place in the crew that says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from crewctl.catalogue.catalogue import AnyCrew, Catalogue
from crewctl.catalogue.kinds import TASKS_FILE, crew_file
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew, MarketCrew, SequentialCrew
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


def tasks_in_order(crew: AnyCrew) -> Iterator[TaskInOrder]:
    """Yield the tasks that `crew` lists, in order; a market's own task is not among them."""
    for position, entry in enumerate(crew.tasks):
        if isinstance(entry, str):
            yield TaskInOrder(entry, ("tasks", position), None)
        else:
            yield TaskInOrder(entry.task, ("tasks", position, "task"), entry.agent)


def all_tasks(crew: AnyCrew) -> Iterator[TaskInOrder]:
    """Yield the tasks in order, the market's own last."""
    yield from tasks_in_order(crew)
    if isinstance(crew, MarketCrew):
        yield TaskInOrder(crew.market.task, ("market", "task"), None)


def agents_named(name: str, crew: AnyCrew) -> Iterator[Use]:
    """Yield the agents that the file of the crew `name` itself names, except a manager."""
    file = crew_file(name)
    for task in tasks_in_order(crew):
        if task.agent is not None:
            yield Use(task.agent, file, (*task.path[:-1], "agent"))
    if isinstance(crew, (SequentialCrew, HierarchicalCrew)):
        for position, agent in enumerate(crew.agents):
            yield Use(agent, file, ("agents", position))
    if isinstance(crew, MarketCrew):
        for position, agent in enumerate(crew.market.contestants):
            yield Use(agent, file, ("market", "contestants", position))
        yield Use(crew.market.judge, file, ("market", "judge"))


def agents_used(catalogue: Catalogue, name: str, crew: AnyCrew) -> Iterator[Use]:
    """Yield every agent who takes part in the crew `name`, by the place that brings them in."""
    yield from agents_named(name, crew)
    for task in tasks_in_order(crew):
        spec = catalogue.tasks.get(task.name)
        if task.agent is None and spec is not None and spec.agent is not None:
            yield Use(spec.agent, crew_file(name), task.path)
    if isinstance(crew, HierarchicalCrew) and crew.manager in catalogue.agents:
        yield Use(crew.manager, crew_file(name), ("manager",))


def tools_used(catalogue: Catalogue, name: str, crew: AnyCrew) -> Iterator[tuple[Use, Use]]:
    """Yield each tool that the crew `name` may call, with what in the crew brings it in."""
    for agent in agents_used(catalogue, name, crew):
        spec = catalogue.agents.get(agent.name)
        for position, tool in enumerate(spec.tools if spec is not None else ()):
            yield Use(tool, "config/agents.yaml", (agent.name, "tools", position)), agent
    for task in all_tasks(crew):
        task_spec = catalogue.tasks.get(task.name)
        for position, tool in enumerate((task_spec.tools if task_spec is not None else None) or ()):
            place = Use(tool, TASKS_FILE, (task.name, "tools", position))
            yield place, Use(task.name, crew_file(name), task.path)


def models_used(catalogue: Catalogue) -> Iterator[tuple[str | ModelSpec, Use]]:
    """Yield every model that an agent names, whether a crew uses the agent or not."""
    for name, agent in catalogue.agents.items():
        yield agent.llm, Use(name, "config/agents.yaml", (name, "llm"))
