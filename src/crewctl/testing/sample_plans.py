"""Plans of one crew by each process, on the offline model, for tests of what a process does."""

from __future__ import annotations

from crewctl.planning.plan import (
    Plan,
    PlannedAgent,
    PlannedCriterion,
    PlannedJudge,
    PlannedMarket,
    PlannedModel,
    PlannedRubric,
    PlannedTask,
    Risk,
)
from crewctl.testing.small_plans import small_plan


def agent(name: str) -> PlannedAgent:
    """Return an agent on the offline model."""
    return PlannedAgent(
        name=name,
        role=f"Role of {name}",
        goal="Help {company}",
        backstory="Long experience.",
        model="default",
    )


def task(name: str, agent_name: str | None = "writer", **fields: object) -> PlannedTask:
    """Return a task; `fields` are further fields of PlannedTask."""
    return PlannedTask.model_validate(
        {
            "name": name,
            "description": f"Do {name} for {{company}}",
            "expected_output": "A text",
            "agent": agent_name,
            **fields,
        }
    )


def rubric(*, must: bool = False) -> PlannedRubric:
    """Return a rubric of two graded criteria, with a third that must be met if wanted."""
    criteria = [
        PlannedCriterion(name="specificity", says="Names facts.", weight=3, must=False),
        PlannedCriterion(name="voice", says="Plain and warm.", weight=1, must=False),
    ]
    if must:
        criteria.append(PlannedCriterion(name="length", says="At most 220 words.", weight=1, must=True))
    return PlannedRubric(name="letters", criteria=tuple(criteria), digest="0" * 64)


def sequential_plan(*tasks: PlannedTask, needs_approval: bool = False) -> Plan:
    """Return a sequential plan of the tasks, or of two that follow one another."""
    return _plan(
        {"process": "sequential", "tasks": tasks or (task("research"), task("write"))}, needs_approval
    )


def hierarchical_plan(*tasks: PlannedTask) -> Plan:
    """Return a plan whose tasks a manager leads."""
    given = tasks or (task("analyse", None),)
    return _plan({"process": "hierarchical", "tasks": given, "manager_agent": "lead"}, needs_approval=False)


def market_plan(
    *contestants: str, tasks: tuple[PlannedTask, ...] = (), needs_approval: bool = False, **fields: object
) -> Plan:
    """Return a market of the contestants, two if none are named; `fields` are the market task's."""
    market = PlannedMarket(
        task=task("letter", None, **fields),
        contestants=contestants or ("direct", "story"),
        judges=(PlannedJudge(agent="brand_judge"),),
        rubric=rubric(),
        protocol="all_pairs",
    )
    return _plan({"process": "market", "tasks": tasks, "market": market}, needs_approval)


def _plan(parts: dict[str, object], needs_approval: bool) -> Plan:  # noqa: FBT001 - private, and always named in words above
    market = parts.get("market")
    contestants = market.contestants if isinstance(market, PlannedMarket) else ()
    names = dict.fromkeys(("writer", "lead", "brand_judge", *contestants))
    return small_plan(
        **{
            "crew": "letters",
            "description": "A crew for tests",
            "agents": tuple(agent(name) for name in names),
            "models": (PlannedModel(name="default", kind="offline", model="offline", max_output_tokens=256),),
            "inputs": {"company": "Acme Corp"},
            "risk": Risk(level="limited", tagged=True, needs_approval=needs_approval, why=("a test",)),
            **parts,
        }
    )
