"""What a task's output rests on in a plan: whether an output that was made by one plan still fits another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crewctl.planning.plan import Plan, PlannedAgent, PlannedTask
from crewctl.planning.rendering import filled

_AFTERWARDS = frozenset(
    {
        "name",
        "async_execution",
        "context",
        "create_directory",
        "fallback",
        "human_input",
        "on_failure",
        "output_file",
        "retry",
        "timeout",
    }
)
"""Fields of a task that say when it is done, how often it is tried and what becomes of its output."""

_OF_CALLS = frozenset({"api_key_env", "fallback", "price", "timeout"})
"""Fields of a model that change nothing about its answers."""

JsonObject = Mapping[str, Any]


def changed_basis(before: Plan, after: Plan, task: str, agent: str | None = None) -> tuple[str, ...]:
    """Return what differs of that which the task's output rests on, in a plan's words; empty if nothing does.

    `agent` is a contestant of the market, whose task has none. Inputs count where they stand in prose.
    """
    old, new = _basis(filled(before), task, agent), _basis(filled(after), task, agent)
    return tuple(name for name in {**old, **new} if old.get(name) != new.get(name))


def task_called(plan: Plan, name: str) -> PlannedTask | None:
    """Return the plan's task of that name, the market's included."""
    tasks = plan.tasks if plan.market is None else (*plan.tasks, plan.market.task)
    return next((task for task in tasks if task.name == name), None)


def _basis(plan: Plan, name: str, agent: str | None) -> dict[str, Any]:
    task = task_called(plan, name)
    if task is None:
        return {"task": None}
    doer = agent or task.agent
    basis: dict[str, Any] = {
        f"task.{field}": value for field, value in task.model_dump().items() if field not in _AFTERWARDS
    }
    basis["task.agent"] = doer
    basis["task.context"] = _context(plan, task)
    if plan.process == "hierarchical":
        basis |= {"manager_agent": plan.manager_agent, "manager_model": _manager_model(plan)}
    for each in _agents(plan, doer):
        basis |= dict(_of_agent(plan, each))
    return basis | _tools(plan, task, doer)


def _context(plan: Plan, task: PlannedTask) -> tuple[str, ...]:
    """Return the tasks whose outputs it is shown."""
    if task.context is not None:
        return task.context
    names = [each.name for each in plan.tasks]
    if task.name not in names:  # the market's: it sees all of them
        return tuple(names)
    return () if task.async_execution else tuple(names[: names.index(task.name)])


def _agents(plan: Plan, doer: str | None) -> tuple[PlannedAgent, ...]:
    """Return whoever may have had a part in it: everybody where work can be handed on."""
    if doer is None or any(
        agent.settings.get("allow_delegation") for agent in plan.agents if agent.name == doer
    ):
        return plan.agents
    return tuple(agent for agent in plan.agents if agent.name == doer)


def _of_agent(plan: Plan, agent: PlannedAgent) -> Iterator[tuple[str, Any]]:
    for field, value in agent.model_dump(exclude={"name", "fallback", "retry"}).items():
        yield f"agents.{agent.name}.{field}", value
    yield f"models.{agent.model}", _answering(plan, agent.model)


def _manager_model(plan: Plan) -> dict[str, Any] | None:
    return None if plan.manager_model is None else _answering(plan, plan.manager_model)


def _answering(plan: Plan, model: str) -> dict[str, Any]:
    return plan.model(model).model_dump(exclude=set(_OF_CALLS))


def _tools(plan: Plan, task: PlannedTask, doer: str | None) -> dict[str, Any]:
    named = set(task.tools or ()).union(*(agent.tools for agent in _agents(plan, doer)))
    used = [tool for tool in plan.tools if tool.name in named]
    basis: dict[str, Any] = {f"tools.{tool.name}": (tool.distribution, tool.source_digest) for tool in used}
    if any(tool.kind == "custom" for tool in used):
        basis["tool_sources"] = plan.tool_sources
    return basis
