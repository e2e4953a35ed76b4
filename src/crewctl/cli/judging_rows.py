"""How a market is judged, in rows for a plan: who, how, and in how many calls."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.cli.amounts import count
from crewctl.planning.plan import Plan, PlannedJudge, PlannedMarket

_OUTCOMES = {
    "select": "",
    "merge": "the editor's merged text must beat the best draft in both orders",
    "consensus": "the judge draws up what the drafts agree on",
}
_INJECTED = {
    "disqualify": "a draft that speaks to its judge is never shown to one",
    "person": "",
    "warn": "a draft that speaks to its judge may win, unless the judges say so themselves",
}


def judging_rows(plan: Plan, market: PlannedMarket) -> Iterator[tuple[str, str]]:
    """Yield what a plan says of its judges, a name and a value each."""
    yield "judge", judges_named(market)
    if market.judges:
        most = count(plan.worst_case.judge_calls, "call")
        how = "all drafts at once" if market.decision == "consensus" else market.protocol
        yield "protocol", f"{how}, at most {most}; one that is not understood is made once more"
    for judge in market.judges:
        if judge.own_family:
            yield "beware", f"{judge.agent}'s model is of the family of {', '.join(judge.own_family)}"
    if market.decision != "select":
        yield "decision", f"{market.decision}: {_OUTCOMES[market.decision]}"
    if market.editor is not None:
        yield "editor", market.editor
    if _INJECTED[market.injected_drafts]:
        yield "policy", _INJECTED[market.injected_drafts]


def judges_named(market: PlannedMarket) -> str:
    """Return who judges, in a few words."""
    if market.people == "person":
        return "a person, who sees the drafts without names"
    if market.people == "vote":
        return f"a vote of {market.ballots} people, who see the drafts without names"
    first = [_seat(judge) for judge in market.judges if judge.role == "judge"]
    second = [_seat(judge) for judge in market.judges if judge.role == "second_opinion"]
    return ", ".join(first) + (f"; where that is unclear: {', '.join(second)}" if second else "")


def _seat(judge: PlannedJudge) -> str:
    notes = [f"weight {judge.weight:g}"] if judge.weight != 1 else []
    notes += [f"for {judge.replaces}"] if judge.replaces else []
    return f"{judge.agent} ({', '.join(notes)})" if notes else judge.agent
