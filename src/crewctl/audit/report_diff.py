"""What differs between the reports of two runs, place by place."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from crewctl.audit.fact import Fact
from crewctl.audit.report import RunReport, TaskDone, Usage
from crewctl.audit.report_data import is_blind
from crewctl.audit.report_diff_verdict import verdict_places


class Difference(Fact):
    """One place that differs; None is where a report has nothing there, ``unknown`` an unknown cost."""

    place: str
    before: JsonValue
    after: JsonValue


def report_differences(before: RunReport, after: RunReport) -> tuple[Difference, ...]:
    """Return what differs in the plan, the approval, the outputs, the verdict and the bill.

    Ids and times of day always differ and are left out. While people are still to choose in one of
    the runs, nothing is said that tells who wrote which draft.
    """
    blind = is_blind(before) or is_blind(after)
    old, new = _places(before, blind=blind), _places(after, blind=blind)
    return tuple(
        Difference(place=place, before=old.get(place), after=new.get(place))
        for place in {**old, **new}
        if old.get(place) != new.get(place)
    )


def _places(report: RunReport, *, blind: bool) -> Mapping[str, JsonValue]:
    places: dict[str, JsonValue] = {
        "crew": report.crew,
        "outcome": report.outcome,
        "simulated": report.simulated,
        "plan.crew_digest": report.plan.crew_digest,
        "plan.inputs_digest": report.plan.inputs_digest,
        "approval.approved_by": report.approval.approved_by,
        "approval.statement": report.approval.statement,
        "stopped.why": report.stopped.why if report.stopped else None,
    }
    places |= {f"plan.inputs.{name}": value for name, value in (report.plan.inputs or {}).items()}
    for model in report.plan.models:
        places[f"plan.models.{model.name}"] = f"{model.model} at {model.endpoint or 'its own endpoint'}"
    places |= {f"limits.{limit.limit}.allowed": limit.allowed for limit in report.limits}
    for task in report.tasks:
        places |= _task(f"tasks.{task.task}", task)
    places |= verdict_places(report, blind=blind)
    for contestant in report.contestants:
        if not blind:
            places |= _task(f"contestants.{contestant.contestant}", contestant)
    places["output"] = report.output
    places |= _bill(report, blind=blind)
    return places | {f"versions.{name}": version for name, version in report.versions.items()}


def _task(place: str, task: TaskDone) -> dict[str, JsonValue]:
    return {
        f"{place}.agent": task.agent,
        f"{place}.outcome": task.outcome,
        f"{place}.attempts": task.attempts,
        f"{place}.error": task.error or None,
        f"{place}.output": task.output,
    }


def _bill(report: RunReport, *, blind: bool) -> dict[str, JsonValue]:
    bill = report.bill
    places = _usage("bill.total", bill.total)
    # Tokens tell a draft's length, and so its writer.
    for name, usage in () if blind else bill.by_agent.items():
        places |= _usage(f"bill.by_agent.{name}", usage)
    for name, usage in bill.by_model.items():
        places |= _usage(f"bill.by_model.{name}", usage)
    return places


def _usage(place: str, usage: Usage) -> dict[str, JsonValue]:
    return {
        f"{place}.turns": usage.turns,
        f"{place}.tokens": usage.tokens,
        f"{place}.cost_usd": "unknown" if usage.cost_usd is None else usage.cost_usd,
        f"{place}.unsettled_turns": usage.unsettled_turns,
    }
