"""Computes a run's report from its events and contents; the same account always gives the same report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crewctl.audit.bill import fold_bill
from crewctl.audit.events import LimitName, LimitReached, Recorded, RunClosed, StopRequested
from crewctl.audit.fact import ContentRef
from crewctl.audit.log_lines import amount
from crewctl.audit.money import PICO_PER_USD
from crewctl.audit.plan_view import PlanView, SeenModel, plan_view
from crewctl.audit.port import ContentStore
from crewctl.audit.report import (
    Approval,
    KeptDone,
    ModelUsed,
    PlanDone,
    Requested,
    RunReport,
    StepKept,
    Stopped,
    Times,
)
from crewctl.audit.report_bill import bill_done, limits_used
from crewctl.audit.report_decision import decision_done
from crewctl.audit.report_faults import faults_done
from crewctl.audit.report_people import cards_done, notice_done
from crewctl.audit.report_steps import StepPages
from crewctl.audit.run_state import RunState, fold_run
from crewctl.audit.running_time import seconds_waited
from crewctl.errors import NotFoundError, StoreError


class Contents:
    """Reads what a run kept, and remembers whether anything has been erased since."""

    def __init__(self, store: ContentStore) -> None:
        self._store = store
        self.erased = False

    def bytes_of(self, ref: ContentRef | None) -> bytes | None:
        """Return the content, or None when there is none or it has been erased."""
        if ref is None:
            return None
        try:
            return self._store.get(ref)
        except NotFoundError:
            self.erased = True
            return None

    def text(self, ref: ContentRef | None) -> str | None:
        """Return the content as text; bytes that are none become question marks."""
        data = self.bytes_of(ref)
        return None if data is None else data.decode("utf-8", "replace")


def build_report(records: Sequence[Recorded], store: ContentStore) -> RunReport:
    """Build the report of a closed run; NotFoundError while it is still going on."""
    state = fold_run(records, alive=True)
    if state.closing is None or state.ended_at is None:
        raise NotFoundError(
            f"run {state.run_id} is still going on, so it has no report yet",
            help=f"see what it is doing with 'crewctl trace {state.run_id}' or 'crewctl logs {state.run_id}'",
        )
    contents = Contents(store)
    plan = _plan_of(state, contents)
    verdict = _verdict_of(state, contents)
    pages = StepPages(records, state, plan, verdict, contents.text)
    output = contents.text(state.decision.output if state.decision else state.closing.output)
    bill = fold_bill(records)
    faults = faults_done(records)
    request = state.request
    return RunReport(
        run_id=state.run_id,
        crew=state.crew,
        outcome=state.closing.outcome,
        exit_code=state.closing.exit_code,
        error=state.closing.error,
        simulated=state.simulated,
        rehearsal=state.rehearsal,
        rejudges=state.rejudges,
        source=request.source if request else "person",
        of=request.of if request else None,
        kept=_kept(state),
        partial=state.closing.outcome not in {"finished", "undecided"} or bool(faults.given_up),
        requested=Requested(
            by=request.by if request else "", host=request.host if request else "", at=state.requested_at
        ),
        times=_times(state, state.ended_at, seconds_waited(records)),
        approval=_approval(state, plan),
        plan=_plan_done(state, plan),
        limits=limits_used(state, plan, bill.total),
        stopped=_stopped(records, state),
        output=output,
        tasks=pages.tasks(),
        contestants=pages.contestants(),
        judge_calls=pages.judge_calls(),
        verdict=verdict,
        decision=decision_done(records, state, verdict),
        bill=bill_done(bill),
        tools=pages.tools(),
        delegations=pages.delegations(),
        retries=pages.retries(),
        faults=faults,
        cards=cards_done(records, contents.text),
        notice=notice_done(records),
        erased=contents.erased,
        versions=plan.versions if plan else {},
    )


def _times(state: RunState, ended: datetime, waited: float) -> Times:
    return Times(
        requested=state.requested_at,
        started=state.started_at,
        clock_started=state.clock_started_at,
        ended=ended,
        seconds=round(state.seconds or 0.0, 6),
        clock_seconds=round(state.clock_seconds, 6),
        waited_seconds=round(waited, 6),
    )


def earlier_reports(records: Sequence[Recorded], store: ContentStore) -> tuple[RunReport, ...]:
    """Return the reports that this run had before, one for each time that something was decided since it closed."""
    end = next(
        (n for n, record in enumerate(records, 1) if isinstance(record.event, RunClosed)), len(records)
    )
    return tuple(build_report(records[:length], store) for length in range(end, len(records)))


def _plan_of(state: RunState, contents: Contents) -> PlanView | None:
    data = contents.bytes_of(state.plan.plan) if state.plan else None
    try:
        return None if data is None else plan_view(data)
    except ValueError as error:
        raise StoreError(f"the plan that run {state.run_id} kept is damaged", help=_KEEP) from error


def _verdict_of(state: RunState, contents: Contents) -> dict[str, Any] | None:
    given = state.ballots[-1] if state.ballots else state.verdict
    data = contents.bytes_of(given.verdict) if given else None
    try:
        verdict = None if data is None else json.loads(data)
    except ValueError as error:
        raise StoreError(f"the verdict that run {state.run_id} kept is damaged", help=_KEEP) from error
    return verdict if isinstance(verdict, dict) else None


def _approval(state: RunState, plan: PlanView | None) -> Approval:
    said = state.approval
    by_a_person = said is not None and said.decision == "approved" and said.statement is not None
    return Approval(
        needed=plan.risk.needs_approval if plan else None,
        why=plan.risk.why if plan else (),
        decision=said.decision if said else "missing",
        approved_by=said.by if said and by_a_person else None,
        approved_at=said.at if said and by_a_person else None,
        reason=said.reason if said else "",
        statement=said.statement if said else None,
        decisions=state.decisions,
    )


def _kept(state: RunState) -> KeptDone | None:
    kept = state.kept
    if kept is None:
        return None
    steps = (
        StepKept(
            step=step.step,
            task=step.task,
            agent=step.agent,
            decided_by=step.decided_by or None,
            changed=step.changed or None,
        )
        for step in kept.steps
    )
    return KeptDone(run=kept.run, steps=tuple(steps))


def _plan_done(state: RunState, plan: PlanView | None) -> PlanDone:
    return PlanDone(
        crew_digest=state.plan.crew_digest if state.plan else "",
        inputs_digest=state.plan.inputs_digest if state.plan else "",
        plan_format=plan.plan_format if plan else None,
        process=plan.process if plan else None,
        description=plan.description if plan else None,
        inputs=plan.inputs if plan else None,
        models=tuple(_model(model) for model in plan.models) if plan else (),
        risk_level=plan.risk.level if plan else None,
        business_risk=plan.risk.business_risk if plan else None,
        data_categories=plan.risk.data_categories if plan else (),
        owner=plan.risk.owner if plan else None,
    )


def _model(model: SeenModel) -> ModelUsed:
    price = model.price
    return ModelUsed(
        name=model.name,
        model=model.model,
        kind=model.kind,
        endpoint=model.base_url,
        # Pico-dollars a token are millionths of a dollar a million tokens.
        input_usd_per_million=price.input / 10**6 if price else None,
        output_usd_per_million=price.output / 10**6 if price else None,
        price_source=price.source if price else None,
    )


def _stopped(records: Sequence[Recorded], state: RunState) -> Stopped | None:
    closing = state.closing
    if closing is None or closing.outcome == "finished":
        return None
    limit = _limit_that_bit(records) if closing.outcome == "limit_reached" else None
    stop = _last_stop(records) if closing.outcome in {"stopped", "interrupted"} else None
    bitten = limit.event if limit and isinstance(limit.event, LimitReached) else None
    asked = stop.event if stop and isinstance(stop.event, StopRequested) else None
    cause = limit or stop
    return Stopped(
        why=_why(closing, bitten, asked),
        limit=bitten.limit if bitten else None,
        used=_in_units(bitten.limit, bitten.used) if bitten else None,
        allowed=_in_units(bitten.limit, bitten.allowed) if bitten else None,
        step=(bitten.step if bitten else None) or _halted_step(state, closing),
        by=asked.by if asked else None,
        at=cause.at if cause else state.last_at,
    )


def _in_units(limit: LimitName, value: float) -> float:
    return value / PICO_PER_USD if limit == "max_cost" else value


def _why(closing: RunClosed, limit: LimitReached | None, stop: StopRequested | None) -> str:
    if limit is not None:
        allowed, used = amount(limit.limit, limit.allowed), amount(limit.limit, limit.used)
        if limit.limit in {"max_tokens", "max_cost"} and limit.used < limit.allowed:
            return f"{limit.limit} allows {allowed}: {used} were used, and the next call could have gone beyond it"
        return f"{limit.limit} allows {allowed}, and {used} were used"
    if stop is not None:
        return f"{stop.by} stopped it" + (f": {stop.reason}" if stop.reason else "")
    return closing.error or _WHY.get(closing.outcome, closing.outcome)


_KEEP = "keep .crewctl/content for inquiry; 'crewctl trace' needs no contents"
_WHY = {
    "not_approved": "no approval lets this plan run as it is",
    "undecided": "the judge's votes select no draft, so a person has to decide",
    "lost": "the process that worked on the run ended without closing it",
    "interrupted": "it was interrupted",
    "stopped": "it was stopped",
}


def _limit_that_bit(records: Sequence[Recorded]) -> Recorded | None:
    """Return the first limit of the run that was reached, else the last one of a task."""
    reached = [record for record in records if isinstance(record.event, LimitReached)]
    of_the_run = (r for r in reached if isinstance(r.event, LimitReached) and r.event.limit != "task_timeout")
    return next(of_the_run, reached[-1] if reached else None)


def _last_stop(records: Sequence[Recorded]) -> Recorded | None:
    return next((record for record in reversed(records) if isinstance(record.event, StopRequested)), None)


def _halted_step(state: RunState, closing: RunClosed) -> str | None:
    """Return the step in which the run ended, if it was one: side by side, none of them is the place."""
    if closing.outcome == "undecided":
        return None
    if closing.outcome == "failed":
        return next((step.step for step in reversed(state.steps) if step.outcome != "done"), None)
    halted = [step.step for step in state.steps if step.outcome not in {"done", "failed"}]
    return halted[0] if len(halted) == 1 else None
