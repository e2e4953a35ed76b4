"""Shows how a kickoff ended: the result and where its report is, or why it was refused and what to do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from crewctl.cli.amounts import count, duration
from crewctl.cli.changes_view import show_changes
from crewctl.cli.interrupted import way_on
from crewctl.cli.output import Format, emit_one, heading, note, pairs, say
from crewctl.diagnostics.visible import one_line
from crewctl.planning.plan import Plan

if TYPE_CHECKING:  # only their shapes are needed
    from crewctl.audit.events import ApprovalDecided
    from crewctl.wiring import Ended

SAID = {
    "missing": "nobody has approved this crew",
    "expired": "its approval has expired",
    "used_up": "its approval has been used as often as it allows",
    "revoked": "its approval was revoked",
    "drifted": "it has changed since it was approved",
    "prohibited": "its risk level is prohibited, and nobody can approve that",
    "suspended": "it is suspended",
}
"""What each refusal of the gate means."""


def show_end(plan: Plan, ended: Ended, form: Format, options: Sequence[str] = ()) -> None:
    """Write the report or the refusal to stdout in the asked form, or for a person.

    `options` are those by which the plan differs from the crew's own: an approval needs them, too.
    """
    if ended.refusal is not None:
        _refused(plan, ended, ended.refusal, form, options)
        return
    if ended.outcome == "waiting":
        _waiting(plan, ended, form)
        return
    report = ended.report or {"run_id": ended.run_id, "outcome": ended.outcome, "exit_code": ended.exit_code}
    emit_one(report, ended.run_id, form, lambda: _finished(plan, ended, report))
    if form != "table" and ended.report_path:
        note(f"Report: {ended.report_path}")


def _waiting(plan: Plan, ended: Ended, form: Format) -> None:
    data = {"run_id": ended.run_id, "crew": plan.crew, "outcome": ended.outcome, "exit_code": ended.exit_code}
    emit_one(data | {"cards": list(ended.cards)}, ended.run_id, form, lambda: None)
    head = click.style("waiting:", fg="yellow", bold=True)
    who = "another person" if plan.people.four_eyes else "a person"
    click.echo(f"{head} {one_line(plan.crew)} is put down until {who} has answered", err=True)
    for card in ended.cards:
        click.echo(f"      crewctl card show {card}", err=True)
    note(f"Then a worker goes on with it, or: crewctl resume {ended.run_id}")


def _refused(
    plan: Plan, ended: Ended, refusal: ApprovalDecided, form: Format, options: Sequence[str]
) -> None:
    data = {"run_id": ended.run_id, "crew": plan.crew, "outcome": ended.outcome, "exit_code": ended.exit_code}
    step = next_command(plan, refusal, options)
    data |= {"refusal": refusal.model_dump(mode="json"), "next": step}
    emit_one(data, ended.run_id, form, lambda: None)
    head = click.style("not approved:", fg="red", bold=True)
    why = refusal.reason or SAID.get(refusal.decision, refusal.decision)
    click.echo(f"{head} {one_line(plan.crew)} did not run: {one_line(why)}", err=True)
    if refusal.changes:
        note("What has changed since:")
        show_changes(refusal.changes, err=True)
    _way_out(plan, refusal.decision, options)


def _way_out(plan: Plan, decision: str, options: Sequence[str]) -> None:
    """Say after which command the gate would say yes, and who has to give it."""
    step, help_word = _next_command(plan, decision, options), click.style("help:", fg="cyan")
    if decision == "suspended":
        click.echo(f"{help_word} another person than the one who suspended it can lift that:", err=True)
        click.echo(f"      {one_line(step)}", err=True)
    elif step:
        look = shlex.join(["crewctl", "plan", plan.crew, *options])
        who = "have somebody else look" if plan.people.four_eyes else "look"
        click.echo(f"{help_word} {who} at it with '{one_line(look)}', then:", err=True)
        click.echo(f"      {one_line(step)}", err=True)
    else:
        click.echo(f"{help_word} see risk_level in registry/entries/{one_line(plan.crew)}.yaml", err=True)


def next_command(plan: Plan, refusal: ApprovalDecided, options: Sequence[str] = ()) -> str:
    """Return the exact command after which the kickoff would go through; empty when none would."""
    return _next_command(plan, refusal.decision, options)


def _next_command(plan: Plan, decision: str, options: Sequence[str]) -> str:
    if decision == "prohibited":
        return ""
    if decision == "suspended":
        return f'crewctl unsuspend {plan.crew} --reason "…"'
    return f'crewctl approve {shlex.join([plan.crew, *options])} --reason "…"'


def _finished(plan: Plan, ended: Ended, report: Mapping[str, Any]) -> None:
    simulated = ", simulated" if plan.simulated else ""
    partial = ", partial" if report.get("faults", {}).get("given_up") else ""
    heading(f"{plan.crew} {ended.outcome.replace('_', ' ')}{partial}{simulated}")
    _verdict(report)
    output = report.get("output")
    if output:
        heading("Output")
        say(str(output).strip(), indent=2)
    _why_not(report)
    pairs([*_kept(report), *_used(report), ("run", ended.run_id), ("report", ended.report_path)], indent=2)
    if ended.exit_code:
        _next(plan, ended, report)


def _next(plan: Plan, ended: Ended, report: Mapping[str, Any]) -> None:
    see = f"crewctl report {ended.run_id}"
    if ended.outcome == "undecided" and plan.market is not None:
        if report.get("rehearsal"):
            note(f"In a rehearsal nothing is decided. Read the drafts: {see}")
        else:
            note(f"Read the drafts without names: crewctl decide {ended.run_id}")
            then = "Then somebody else chooses one" if plan.people.four_eyes else "Then choose one"
            note(f'{then}: crewctl decide {ended.run_id} DRAFT --reason "…"')
        note(f"The rubric: registry/rubrics/{plan.market.rubric.name}.yaml")
        return
    decisions = (report.get("approval") or {}).get("decisions") or ()
    if ended.outcome == "not_approved" and decisions:
        _way_out(plan, decisions[-1]["decision"], ())
    note(f"See what happened: {see}")
    if ended.outcome == "interrupted" and (way := way_on(plan, ended.run_id, report)):
        note(way)
    for limit in report.get("limits", ()):
        if limit.get("reached") and limit.get("source"):
            note(f"{limit['limit']} is set in {limit['source']}.")


def _verdict(report: Mapping[str, Any]) -> None:
    verdict = report.get("verdict")
    if not isinstance(verdict, Mapping):
        return
    chosen = next((each for each in report.get("contestants", ()) if each.get("selected")), None)
    origin = verdict.get("final_text_origin")
    if origin == "consensus":
        heading("Verdict: a consensus, without a winner")
    elif origin == "merged":
        heading(f"Verdict: the merged text (draft {verdict.get('selected_draft')})")
    elif chosen is None:
        heading(f"Verdict: undecided, {_who_decides(verdict)}")
    else:
        heading(f"Verdict: {chosen['contestant']} (draft {verdict.get('selected_draft')})")
    say(str(verdict.get("reasoning") or "").strip(), indent=2)


def _who_decides(verdict: Mapping[str, Any]) -> str:
    people = verdict.get("people") or {}
    if people.get("kind") == "vote":
        return f"until {people['ballots']} people have voted"
    return "so a person must choose"


def _why_not(report: Mapping[str, Any]) -> None:
    for each in report.get("contestants", ()):
        if each["outcome"] == "failed":
            say(f"The draft of {each['contestant']} failed: {each['error']}", indent=2)
    stopped = report.get("stopped")
    told = report.get("outcome") == "undecided" and report.get("verdict")
    if not isinstance(stopped, Mapping) or told:
        # A verdict that chose nothing has said why above.
        return
    say(f"{'error' if report.get('outcome') == 'failed' else 'stopped'}: {stopped.get('why')}", indent=2)


def _kept(report: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if not report.get("partial"):
        return []
    if given_up := (report.get("faults") or {}).get("given_up"):
        return [("given up", ", ".join(each["task"] for each in given_up))]
    done = [
        each
        for part in ("tasks", "contestants")
        for each in report.get(part, ())
        if each["outcome"] == "done"
    ]
    return [
        ("kept", ", ".join(f"{each['task']} by {each['agent']}" for each in done) or "nothing was finished")
    ]


def _used(report: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what counts against the limits, and the whole time with every wait in it."""
    total = (report.get("bill") or {}).get("total")
    if not isinstance(total, Mapping):
        return []
    cost = total.get("cost_usd")
    spent = "unknown cost" if cost is None else f"${cost:.6f}".rstrip("0").rstrip(".")
    times = report.get("times") or {}
    clock, took = times.get("clock_seconds"), times.get("seconds")
    at_work = f", {duration(clock)} at work" if isinstance(clock, (int, float)) else ""
    used = f"{count(total.get('turns'), 'turn')}, {count(total.get('tokens'), 'token')}, {spent}{at_work}"
    return [
        ("used", used),
        ("took", duration(took) if isinstance(took, (int, float)) else None),
    ]
