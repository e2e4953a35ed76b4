"""A run's report on a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crewctl.audit.report import Approval, LimitUse, RunReport, StepKept, TaskDone, Times, Usage
from crewctl.cli.amounts import count, duration, moment, short
from crewctl.cli.fault_rows import fault_rows
from crewctl.cli.output import emit_rows, heading, note, pairs, say
from crewctl.cli.people_view import show_people
from crewctl.cli.verdict_reading import Judged, read_judged
from crewctl.cli.verdict_view import show_verdict


def show_report_page(report: RunReport, path: str | None) -> None:
    """Print the report for a person."""
    decided = report.decision is not None and report.decision.settled
    said = (
        ("partial", bool(report.faults.given_up)),
        ("then decided by people", decided),
        ("simulated", report.simulated),
        ("rehearsal", report.rehearsal),
    )
    marks = [mark for mark, true in said if true]
    heading(f"{report.crew}: {', '.join([report.outcome.replace('_', ' '), *marks])}")
    pairs(_facts(report), indent=2)
    _limits(report.limits)
    judged = read_judged(report)
    if judged is None:
        _verdict(report)
    else:
        show_verdict(judged)
    _drafts(report, judged)
    for task in report.tasks:
        _task(f"Task {task.task}" + (f" by {task.agent}" if task.agent else ""), task)
    show_people(report)
    _bill(report, blind=judged is not None and judged.blind)
    _tools(report)
    if report.erased:
        note("Some contents of this run have been erased; their places are empty.")
    if path:
        note(f"Report: {path}")


def _facts(report: RunReport) -> list[tuple[str, Any]]:
    stopped = report.stopped
    where = f" (in {stopped.step})" if stopped and stopped.step else ""
    requested = report.requested
    return [
        ("run", report.run_id),
        ("judges again", f"the drafts of run {report.rejudges}" if report.rejudges else None),
        ("asked for", f"{moment(requested.at)} by {requested.by} on {requested.host}"),
        (report.source, _origin(report)),
        *[("kept anyway", f"{step.step}, although changed: {step.changed}") for step in _changed(report)],
        ("approval", _approval(report.approval, rehearsal=report.rehearsal)),
        ("then refused", _refused(report.approval)),
        ("plan", f"{short(report.plan.crew_digest)}, inputs {short(report.plan.inputs_digest)}"),
        ("inputs", _inputs(report.plan.inputs)),
        ("took", _took(report.times)),
        ("stopped", f"{stopped.why}{where}" if stopped else None),
        ("kept", _kept(report) if report.partial else None),
        ("retries", f"{count(len(report.retries))} of model calls" if report.retries else None),
        *fault_rows(report.faults),
    ]


def _took(times: Times) -> str:
    waited = times.waited_seconds
    of_which = f", of which it waited {duration(waited)} for people" if waited else ""
    return f"{duration(times.seconds)}{of_which}"


def _kept(report: RunReport) -> str:
    done = [each for each in (*report.tasks, *report.contestants) if each.outcome == "done"]
    return ", ".join(f"{each.task} by {each.agent}" for each in done) or "nothing: no step had been finished"


def _origin(report: RunReport) -> str | None:
    if report.kept is not None:
        names = ", ".join(step.step for step in report.kept.steps) or "nothing"
        return f"of run {report.kept.run}, which did: {names}"
    if report.source == "person" or report.rejudges:
        return None
    return f"of run {report.of}" if report.of else "not asked for by hand"


def _changed(report: RunReport) -> Sequence[StepKept]:
    return [step for step in report.kept.steps if step.changed] if report.kept else []


def _refused(approval: Approval) -> str | None:
    """Say what the gate answered when it was asked again, if that was a no."""
    last = approval.decisions[-1] if approval.decisions else None
    if last is None or last.decision == "approved" or approval.decision != "approved":
        return None
    return f"{last.decision}: {last.reason}" if last.reason else last.decision


def _approval(approval: Approval, *, rehearsal: bool) -> str:
    if rehearsal:
        return "a rehearsal needs none"
    if approval.approved_by:
        return f"by {approval.approved_by} on {moment(approval.approved_at)}: {approval.reason}"
    why = "; ".join(approval.why)
    return (
        f"none was needed{f': {why}' if why else ''}"
        if approval.decision == "approved"
        else approval.decision
    )


def _inputs(inputs: Mapping[str, Any] | None) -> str | None:
    if inputs is None:
        return None
    return ", ".join(f"{name}={value}" for name, value in inputs.items()) or "none"


def _limits(limits: Sequence[LimitUse]) -> None:
    heading("Limits")
    rows = [
        {
            "limit": limit.limit,
            "used": amount_text(limit.used, limit.unit, "unknown"),
            "allowed": amount_text(limit.allowed, limit.unit, "no limit"),
            "reached": "reached" if limit.reached else None,
            "set_by": limit.source,
        }
        for limit in limits
    ]
    emit_rows(rows, ("limit", "used", "allowed", "reached", "set_by"), "table")


def amount_text(value: float | None, unit: str, absent: str) -> str:
    """Write an amount of a limit in its unit, or `absent` when there is none."""
    if value is None:
        return absent
    if unit == "seconds":
        return duration(value)
    return dollars_text(value) if unit == "USD" else f"{int(value):,}"


def dollars_text(dollars: float | None) -> str:
    """Write dollars, to the cent or with as many digits as they have; an unknown sum is never zero."""
    if dollars is None:
        return "unknown"
    whole, _, part = f"{dollars:.12f}".rstrip("0").partition(".")
    return f"${whole}.{part:0<2}" if part else f"${whole}"


def _drafts(report: RunReport, judged: Judged | None) -> None:
    if judged is not None and judged.blind:
        # In the order of their ids, and without times: neither may tell who wrote which.
        for draft in judged.drafts:
            heading(f"Draft {draft.candidate.id}")
            say(f"(it {draft.said})" if draft.text is None else draft.text.strip(), indent=2)
        return
    for contestant in report.contestants:
        chosen = ", selected" if contestant.selected else ""
        blind = f" ({contestant.blind_id})" if contestant.blind_id else ""
        _task(f"Draft of {contestant.contestant}{blind}{chosen}", contestant)
    merge = judged.verdict.merge if judged else None
    if merge is not None and merge.text is not None:
        heading(f"Draft {merge.candidate}, merged by {merge.editor}")
        say(merge.text.strip(), indent=2)


def _verdict(report: RunReport) -> None:
    """Print a verdict of an older form: what all forms have."""
    if report.verdict is None:
        return
    chosen = next((each.contestant for each in report.contestants if each.selected), None)
    heading(f"Verdict: {chosen}" if chosen else "Verdict: undecided, so a person has to choose")
    say(str(report.verdict.get("reasoning") or "").strip(), indent=2)
    if chosen is None:
        say("The run is over: read the drafts below and take one yourself.", indent=2)


def _task(title: str, task: TaskDone) -> None:
    took = f", {duration(task.seconds)}" if task.seconds is not None else ""
    again = f", {task.attempts} attempts" if task.attempts > 1 else ""
    kept = f", kept from run {task.kept_from}" if task.kept_from else ""
    without = ", given up" if task.given_up else ""
    heading(f"{title}: {task.outcome.replace('_', ' ')}{took}{again}{kept}{without}")
    if task.error:
        say(f"error: {task.error}", indent=2)
    if task.output is not None:
        say(task.output.strip(), indent=2)
    elif task.erased:
        say("(its output has been erased)", indent=2)
    if task.card:
        say(f"a person decided on this: card {task.card}", indent=2)
    for file in task.files:
        say(f"written to {file}", indent=2)


def _bill(report: RunReport, *, blind: bool) -> None:
    heading("Bill")
    bill = report.bill
    # Tokens tell a draft's length, and so its writer.
    rows: list[dict[str, str | None]] = [
        {"agent": line.agent, "model": line.model, **_usage(line)} for line in bill.lines if not blind
    ]
    rows.append({"agent": "in all", "model": None, **_usage(bill.total)})
    emit_rows(rows, ("agent", "model", "turns", "tokens_in", "tokens_out", "counted", "cost"), "table")
    total = bill.total
    if total.unsettled_turns:
        say(
            f"{count(total.unsettled_turns, 'call')} never came back, counted at the whole reservation.",
            indent=2,
        )
    if total.unknown_usage_turns:
        say(
            f"{count(total.unknown_usage_turns, 'call')} of unknown usage, counted at the whole reservation.",
            indent=2,
        )
    if total.tokens_over_reservation:
        say(
            f"{count(total.tokens_over_reservation, 'token')} more than was reserved were reported.", indent=2
        )
    if total.cost_usd is None:
        say(f"A price is unknown; known of the cost: {dollars_text(total.known_cost_usd)}.", indent=2)


def _usage(usage: Usage) -> dict[str, str]:
    return {
        "turns": count(usage.turns),
        "tokens_in": count(usage.prompt_tokens),
        "tokens_out": count(usage.completion_tokens),
        "counted": count(usage.tokens),
        "cost": dollars_text(usage.cost_usd),
    }


def _tools(report: RunReport) -> None:
    if not report.tools:
        return
    heading("Tools")
    rows = [
        {
            "tool": tool.tool,
            "agent": tool.agent,
            "calls": tool.calls,
            "failed": tool.failed or None,
            "unfinished": tool.unfinished or None,
            "took": duration(tool.seconds),
        }
        for tool in report.tools
    ]
    emit_rows(rows, ("tool", "agent", "calls", "failed", "unfinished", "took"), "table")
