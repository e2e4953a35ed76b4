"""What a plan says of people: after which tasks they are asked, how long a card waits, and which rules answer."""

from __future__ import annotations

from typing import Any

from crewctl.cli.amounts import duration
from crewctl.planning.plan import Plan, PlannedCondition, PlannedRule

_FOUR_EYES = "whoever asks for a run does not approve it, answer its cards or decide its market"


def people_rows(plan: Plan) -> list[tuple[str, Any]]:
    """Return the rows; none where nothing of the kind is said and nobody is ever asked."""
    tasks = [*plan.tasks, *([plan.market.task] if plan.market else [])]
    asks = [task.name for task in tasks if task.human_input]
    may_ask = asks or plan.tools or plan.risk.needs_approval
    return [
        ("asks people", f"after {', '.join(asks)}" if asks else None),
        ("cards", f"refused after {duration(plan.people.expires)}" if may_ask else None),
        ("four eyes", _FOUR_EYES if plan.people.four_eyes else None),
        ("notice", "people are told of every run" if plan.risk.notify else None),
        *[(f"rule {rule.name}", _rule(rule)) for rule in plan.people.rules],
    ]


def _rule(rule: PlannedRule) -> str:
    said = " and ".join(_condition(each) for each in rule.when)
    looked = f"; people look at {rule.sample:.0%} of them" if rule.sample else ""
    return f"answers yes where {said}{looked}"


def _condition(condition: PlannedCondition) -> str:
    words = {
        "equals": "is",
        "in": "is one of",
        "matches": "matches",
        "below": "is below",
        "above": "is above",
    }
    value = condition.value
    said = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"{condition.field} {words[condition.op]} {said}"
