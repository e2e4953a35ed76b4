"""Put input values into a plan's prose, once: a value is never searched for placeholders."""

from __future__ import annotations

from crewctl.catalogue.placeholders import fill
from crewctl.planning.plan import Plan, PlannedAgent, PlannedTask


def filled(plan: Plan) -> Plan:
    """Return `plan` with every placeholder filled, to be worked from.

    Its digests stay those of the plan that was approved, so it must not be digested again. Names
    of files are no templates and stay as they are.
    """
    market = plan.market
    if market is not None:
        market = market.model_copy(update={"task": filled_task(plan, market.task)})
    return plan.model_copy(
        update={
            "agents": filled_agents(plan),
            "tasks": tuple(filled_task(plan, task) for task in plan.tasks),
            "market": market,
        }
    )


def filled_agents(plan: Plan) -> tuple[PlannedAgent, ...]:
    """Return the plan's agents with role, goal and backstory filled."""
    return tuple(
        agent.model_copy(
            update={
                "role": fill(agent.role, plan.inputs),
                "goal": fill(agent.goal, plan.inputs),
                "backstory": fill(agent.backstory, plan.inputs),
            }
        )
        for agent in plan.agents
    )


def filled_task(plan: Plan, task: PlannedTask) -> PlannedTask:
    """Return the task with description, expected output and guardrail filled."""
    return task.model_copy(
        update={
            "description": fill(task.description, plan.inputs),
            "expected_output": fill(task.expected_output, plan.inputs),
            "guardrail": None if task.guardrail is None else fill(task.guardrail, plan.inputs),
        }
    )
