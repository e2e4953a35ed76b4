"""Runs as rows of a table and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from crewctl.audit.bill import Bill, Spent, fold_bill
from crewctl.audit.money import dollars
from crewctl.audit.run_state import RunState
from crewctl.cli.account import state_now
from crewctl.cli.amounts import count, duration, moment, money
from crewctl.diagnostics.visible import one_line

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project

# From the right, columns are left out on a narrow terminal; the run's id says when it started, too.
COLUMNS = ("run", "crew", "outcome", "turns", "tokens", "cost", "took", "started", "approved_by")


class Found(NamedTuple):
    """A run and what it has spent."""

    state: RunState
    bill: Bill


def runs(
    project: Project, *, crew: str | None, outcome: str | None, status: str | None, most: int
) -> Iterator[Found]:
    """Give the newest `most` runs of that crew, outcome and status, newest first."""
    found = 0
    for run_id in _possible(project, crew, outcome, status):
        if found == most:
            return
        records = project.store.events_of(run_id)
        if not records:
            continue
        state = state_now(project, records)
        if outcome in {None, ended_as(state)} and status in {None, state.status}:
            found += 1
            yield Found(state, fold_bill(records))


def _possible(project: Project, crew: str | None, outcome: str | None, status: str | None) -> Iterable[str]:
    """Return the runs that may be meant, newest first: of those that are over the last event tells it."""
    if outcome is None and status is None:
        return project.store.run_ids(crew=crew)
    return (
        each.run_id
        for each in project.store.closings(crew=crew)
        if each.outcome is None
        or (
            outcome in {None, each.outcome}
            and status in {None, "lost" if each.outcome == "lost" else "closed"}
        )
    )


def ended_as(state: RunState) -> str:
    """Return a run's outcome, or what it is doing."""
    return state.outcome or state.status


def decided_mark(state: RunState) -> list[str]:
    """Say who has since decided a run that ended undecided, or how far its vote is."""
    if state.decision is not None:
        return [f"decided by {' and '.join(one_line(ballot.by) for ballot in state.ballots)}"]
    return [f"{count(len(state.ballots), 'ballot')} in"] if state.ballots else []


def doing(state: RunState) -> str:
    """Say how a run ended, or what it waits for and since when."""
    if state.status == "waiting":
        cards = count(len(state.open_cards), "card")
        waits = f"for {cards}" if state.open_cards else "for a worker, all cards are answered"
        return f"waiting {waits}, since {moment(state.left_at)}"
    if state.status == "queued":
        return f"queued since {moment(state.left_at)}"
    if state.status == "lost" and state.closing is None:
        return "lost, can be resumed"
    return ended_as(state).replace("_", " ")


def refused_as(state: RunState) -> str | None:
    """Return the gate's answer where that ended the run."""
    last = state.decisions[-1].decision if state.decisions else None
    return last if state.outcome == "not_approved" else None


def table_row(found: Found) -> dict[str, Any]:
    """Return a run as a person reads it."""
    state, spent = found.state, found.bill.total
    row = run_data(state, spent)
    marks = ["suspended"] if refused_as(state) == "suspended" else []
    is_replay = state.request is not None and state.request.source == "replay"  # "rehearsal" says less
    marks += [
        mark for mark in ("simulated", "rehearsal") if row[mark] and (mark, is_replay) != ("rehearsal", True)
    ]
    marks += ["partial"] if row["partial"] else []
    marks += [f"rejudges {state.rejudges}"] if state.rejudges else [*origin(state)]
    return {
        "run": state.run_id,
        "crew": state.crew,
        "outcome": ", ".join([doing(state), *decided_mark(state), *marks]),
        "started": moment(state.requested_at),
        "took": None if state.seconds is None else duration(state.seconds),
        "turns": spent.turns,
        "tokens": f"{spent.tokens:,}{'*' if is_starred(spent) else ''}",
        "cost": cost_text(spent),
        # How the name is known stands in the report; here it would push everything else away.
        "approved_by": (row["approved_by"] or "").partition(" (")[0] or None,
    }


def is_starred(spent: Spent) -> bool:
    """Tell whether the tokens are no exact count."""
    return bool(spent.unsettled or spent.unknown_usage)


def data_row(found: Found) -> dict[str, Any]:
    """Return a run as data, in one level."""
    return run_data(found.state, found.bill.total)


def origin(state: RunState) -> Iterator[str]:
    """Say of which run it is a repetition or a fork, or what set it off."""
    request = state.request
    if request is not None and request.source != "person" and not request.rejudges:
        yield f"{request.source} of {request.of}" if request.of else f"by {request.source}"


def run_data(state: RunState, spent: Spent) -> dict[str, Any]:
    """Return what is known of a run; an unknown cost is null, and so is what has not happened."""
    approval = state.approval
    by_a_person = approval is not None and approval.decision == "approved" and approval.statement is not None
    return {
        "run": state.run_id,
        "crew": state.crew,
        "outcome": ended_as(state),
        "status": state.status,
        "refused": refused_as(state),
        "waits_for": [card.card for card in state.open_cards],
        "left_at": _iso(state.left_at),
        "exit_code": state.closing.exit_code if state.closing else None,
        "error": state.closing.error if state.closing else "",
        "requested_by": state.request.by if state.request else None,
        "requested_at": _iso(state.requested_at),
        "ended_at": _iso(state.ended_at),
        "seconds": state.seconds,
        "clock_seconds": state.clock_seconds,
        "turns": spent.turns,
        "tokens": spent.tokens,
        "cost_usd": dollars(spent.cost),
        "unsettled_turns": spent.unsettled,
        "approved_by": approval.by if approval and by_a_person else None,
        "approved_at": _iso(approval.at) if approval and by_a_person else None,
        "decided_by": [ballot.by for ballot in state.ballots] if state.decision else None,
        "decided_at": _iso(state.decided_at),
        "partial": bool(state.given_up),
        "simulated": state.simulated,
        "rehearsal": state.rehearsal,
        "rejudges": state.rejudges,
        "source": state.request.source if state.request else None,
        "of": state.request.of if state.request else None,
    }


def run_page(state: RunState, bill: Bill) -> dict[str, Any]:
    """Return everything that is known of one run without its contents."""
    return {
        **run_data(state, bill.total),
        "plan": None if state.plan is None else state.plan.model_dump(mode="json", exclude={"kind", "plan"}),
        "decisions": [decision.model_dump(mode="json", exclude={"kind"}) for decision in state.decisions],
        "limits_reached": [limit.model_dump(mode="json", exclude={"kind"}) for limit in state.limits_reached],
        "cards": [
            card.opened.model_dump(mode="json", exclude={"kind", "subject"}) for card in state.open_cards
        ],
        "kept": None if state.kept is None else state.kept.model_dump(mode="json", exclude={"kind"}),
        "steps": [step.model_dump(mode="json", exclude={"output"}) for step in state.steps],
        "files": [written.file for written in state.files],
        "retries": len(state.retries),
    }


def cost_text(spent: Spent) -> str:
    """Write the cost; where a price is unknown, at least what is known."""
    if spent.cost is not None:
        return money(spent.cost)
    return f"unknown, over {money(spent.known_cost)}" if spent.known_cost else "unknown"


def _iso(at: Any) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
