"""The smallest plan and its parts, each made in one place, for tests that need a plan and no catalogue."""

from __future__ import annotations

from typing import Any

from crewctl.planning.digest import sealed
from crewctl.planning.plan import (
    EffectiveLimits,
    Plan,
    PlannedAgent,
    PlannedModel,
    PlannedTask,
    PlannedTool,
    Retry,
    Risk,
    WorstCase,
)


def small_model(base_url: str | None, behaviour: str = "plain", **given: Any) -> PlannedModel:
    """Return the model ``m``, whose behaviour is what a model server on loopback calls it."""
    plan: dict[str, Any] = {
        "name": "m",
        "kind": "provider",
        "model": f"openai/{behaviour}",
        "base_url": base_url,
        "timeout": 20.0,
        "max_output_tokens": 512,
    }
    return PlannedModel(**{**plan, **given})


def small_agent(name: str, **given: Any) -> PlannedAgent:
    """Return an agent whose role, goal and backstory follow from its name."""
    plan: dict[str, Any] = {
        "role": f"The {name}",
        "goal": f"Do well as {name}",
        "backstory": f"You have long been {name}.",
        "model": "m",
    }
    return PlannedAgent(name=name, **{**plan, **given})


def small_task(name: str, agent: str | None = "writer", **given: Any) -> PlannedTask:
    """Return a task whose description and expected output follow from its name."""
    plan: dict[str, Any] = {"description": f"Do {name}.", "expected_output": f"What {name} comes to."}
    return PlannedTask(name=name, agent=agent, **{**plan, **given})


def small_tool(name: str, **given: Any) -> PlannedTool:
    """Return the plan's entry of a custom tool; its source goes into `tool_sources`."""
    plan: dict[str, Any] = {"kind": "custom", "distribution": "project", "source_digest": "0" * 64}
    return PlannedTool(name=f"custom:{name}", **{**plan, **given})


def small_plan(**given: Any) -> Plan:
    """Return a sealed plan: one agent, one task, no limits; `given` replaces whole fields.

    `models` must be given: an endpoint is only known to the test.
    """
    plan: dict[str, Any] = {
        "crew": "small",
        "description": "A crew made by hand.",
        "process": "sequential",
        "agents": (small_agent("writer"),),
        "tasks": (small_task("draft"),),
        "limits": EffectiveLimits(),
        "retry": Retry(attempts=1, backoff=0.01),
        "risk": Risk(level="minimal", tagged=True, needs_approval=False, why=()),
        "versions": {},
        "worst_case": WorstCase(turns=None, tokens=None, cost=None),
        "crew_digest": "",
        "inputs_digest": "",
    }
    return sealed(Plan(**{**plan, **given}))
