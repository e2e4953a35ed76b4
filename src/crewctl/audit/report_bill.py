"""The report's money pages: usage, the bill, and limits used against allowed."""

from __future__ import annotations

from typing import Literal

from crewctl.audit.bill import Bill, Spent
from crewctl.audit.money import PICO_PER_USD, dollars
from crewctl.audit.plan_view import PlanView, SeenLimit, SeenLimits
from crewctl.audit.report import BillDone, LimitUse, Usage, UsageLine
from crewctl.audit.run_state import RunState

_Name = Literal["max_turns", "timeout", "max_tokens", "max_cost"]
_Unit = Literal["turns", "seconds", "tokens", "USD"]


def usage_of(spent: Spent) -> Usage:
    """Return a sum in the report's units."""
    return Usage(
        turns=spent.turns,
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        tokens=spent.tokens,
        cost_usd=dollars(spent.cost),
        known_cost_usd=spent.known_cost / PICO_PER_USD,
        unsettled_turns=spent.unsettled,
        unsettled_tokens=spent.unsettled_tokens,
        unsettled_cost_usd=dollars(spent.unsettled_cost),
        unknown_usage_turns=spent.unknown_usage,
        tokens_over_reservation=spent.over_reservation,
        failed_turns=spent.failed_turns,
        simulated_turns=spent.simulated_turns,
    )


def bill_done(bill: Bill) -> BillDone:
    """Return the bill in the report's units."""
    return BillDone(
        total=usage_of(bill.total),
        by_agent={name: usage_of(spent) for name, spent in bill.by_agent.items()},
        by_model={name: usage_of(spent) for name, spent in bill.by_model.items()},
        lines=tuple(
            UsageLine(agent=line.agent, model=line.model, **usage_of(line).model_dump())
            for line in bill.lines
        ),
    )


def limits_used(state: RunState, plan: PlanView | None, total: Spent) -> tuple[LimitUse, ...]:
    """Return every limit with what was used of it; the limits are unknown once the plan is erased."""
    limits = plan.limits if plan else SeenLimits()
    reached = {event.limit for event in state.limits_reached}
    rows: tuple[tuple[_Name, _Unit, SeenLimit | None, float | None, int], ...] = (
        ("max_turns", "turns", limits.max_turns, total.turns, 1),
        ("timeout", "seconds", limits.timeout, round(state.clock_seconds, 3), 1),
        ("max_tokens", "tokens", limits.max_tokens, total.tokens, 1),
        ("max_cost", "USD", limits.max_cost, dollars(total.cost), PICO_PER_USD),
    )
    return tuple(
        LimitUse(
            limit=name,
            unit=unit,
            allowed=limit.value / scale if limit else None,
            used=used,
            source=limit.source if limit else None,
            reached=name in reached,
        )
        for name, unit, limit, used, scale in rows
    )
