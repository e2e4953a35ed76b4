"""One run on a screen: what became of it, on whose word, and what it used."""

from __future__ import annotations

from crewctl.audit.bill import Bill
from crewctl.audit.events import LimitReached
from crewctl.audit.log_lines import amount
from crewctl.audit.run_state import RunState, StepState
from crewctl.cli.amounts import count, duration, moment, short
from crewctl.cli.output import emit_rows, heading, note, pairs
from crewctl.cli.run_rows import cost_text, decided_mark, doing, origin
from crewctl.cli.waiting_view import show_waiting


def show_run(state: RunState, bill: Bill) -> None:
    """Print the run for a person."""
    marks = [mark for mark, true in (("simulated", state.simulated), ("rehearsal", state.rehearsal)) if true]
    ended = [doing(state), *decided_mark(state), *origin(state)]
    heading(f"{state.crew}: {', '.join([*ended, *marks])}")
    pairs(
        [
            ("run", state.run_id),
            ("asked for", _asked(state)),
            ("approval", approval_text(state)),
            ("plan", _plan(state)),
            ("took", None if state.seconds is None else duration(state.seconds)),
            ("at work", duration(state.clock_seconds) if state.clock_started_at else None),
            ("used", used_text(bill)),
            ("not settled", _unsettled(bill)),
            *[("limit reached", _limit(limit)) for limit in state.limits_reached],
            *[
                ("stopped by", f"{stop.by}: {stop.reason}" if stop.reason else stop.by)
                for stop in state.stops
            ],
            ("decided", decision_text(state)),
            ("why", state.closing.error or None if state.closing else None),
            *[("written", written.file) for written in state.files],
        ],
        indent=2,
    )
    show_waiting(state)
    if state.steps:
        heading("Steps")
        emit_rows(
            [_step(step) for step in state.steps], ("step", "agent", "outcome", "took", "error"), "table"
        )
    if state.status == "lost" and state.closing is None:
        note(f"Go on with it: crewctl resume {state.run_id}")
    told = ("report",) if state.closing is not None else ()
    commands = (*told, "trace", "logs") if state.started_at else ("logs",)  # a refused run has no report
    note(f"More: {', '.join(f'crewctl {command} {state.run_id}' for command in commands)}")


def approval_text(state: RunState) -> str:
    """Say on whose word the run went on, or why it did not."""
    said = state.approval
    if said is None:
        return "not asked for" if state.rehearsal else "not decided"
    if said.decision != "approved":
        return said.decision + (f": {said.reason}" if said.reason else "")
    if said.statement is None:
        return f"none was needed{f': {said.reason}' if said.reason else ''}"
    return f"by {said.by} on {moment(said.at)} [{said.statement}]: {said.reason}"


def decision_text(state: RunState) -> str | None:
    """Say what people decided of an undecided run, and when."""
    decided = state.decision
    if decided is None:
        return None
    why = f": {decided.reason}" if decided.reason else ""
    who = " and ".join(ballot.by for ballot in state.ballots)
    return f"{decided.selected} by {decided.contestant}, by {who} on {moment(state.decided_at)}{why}"


def used_text(bill: Bill) -> str:
    """Write turns, tokens and cost in one line."""
    total = bill.total
    return f"{count(total.turns, 'turn')}, {count(total.tokens, 'token')}, {cost_text(total)}"


def _asked(state: RunState) -> str | None:
    request = state.request
    return f"{moment(state.requested_at)} by {request.by} on {request.host}" if request else None


def _plan(state: RunState) -> str | None:
    plan = state.plan
    return f"{short(plan.crew_digest)}, inputs {short(plan.inputs_digest)}" if plan else None


def _unsettled(bill: Bill) -> str | None:
    total = bill.total
    if not total.unsettled:
        return None
    calls = count(total.unsettled, "call")
    return f"{calls} not come back, counted as spent: {count(total.unsettled_tokens, 'token')}"


def _limit(limit: LimitReached) -> str:
    where = f" in {limit.step}" if limit.step else ""
    return f"{limit.limit}{where}: {amount(limit.limit, limit.used)} of {amount(limit.limit, limit.allowed)}"


def _step(step: StepState) -> dict[str, str | None]:
    again = f" (attempt {step.attempt})" if step.attempt > 1 else ""
    again += f" (kept from {step.kept})" if step.kept else ""
    return {
        "step": step.step + again,
        "agent": step.agent,
        "outcome": step.outcome or "running",
        "took": None if step.seconds is None else duration(step.seconds),
        "error": step.error,
    }
