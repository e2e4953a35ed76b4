"""Judges the drafts of many runs again, one after another, and sums up which choices would have changed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from crewctl.cli.account import find_run
from crewctl.cli.amounts import count, money
from crewctl.cli.ending import show_end
from crewctl.cli.output import Format, note
from crewctl.cli.rejudging import Again, compared, judge_again, prepare
from crewctl.cli.whatif_view import Row, emit_summary
from crewctl.errors import CrewctlError, Exit, UsageError
from crewctl.planning.overrides import Overrides

if TYPE_CHECKING:  # only their shapes are needed
    from crewctl.audit.run_state import RunState
    from crewctl.wiring import Ended, Project

_REFUSED = "not_approved"


@dataclass
class Progress:
    """What has been judged so far; `refused` is the ending of a judging that the gate did not let through."""

    rows: list[Row]
    refused: tuple[Again, Ended] | None = None
    interrupted: bool = False


def whatif(
    project: Project,
    states: Sequence[RunState],
    overrides: Overrides,
    form: Format,
    *,
    yes: bool,
    quiet: bool,
) -> int:
    """Judge these runs of one crew again; 1 when any judging failed, 4 or 130 when it ended early."""
    prepared, skipped = _prepare(project, states, overrides)
    if prepared:
        _ask(prepared, yes=yes)
    progress = Progress(rows=skipped)
    _judge_all(project, prepared, progress, quiet=quiet)
    if progress.refused and not any(row.judging for row in progress.rows):
        again, ended = progress.refused
        show_end(again.plan, ended, form, overrides.words)
        return ended.exit_code
    rows = sorted(progress.rows, key=lambda row: [state.run_id for state in states].index(row.run))
    emit_summary(states[0].crew, rows, form)
    return _exit(progress, overrides)


def _prepare(
    project: Project, states: Sequence[RunState], overrides: Overrides
) -> tuple[list[Again], list[Row]]:
    prepared: list[Again] = []
    skipped: list[Row] = []
    for state in states:
        try:
            prepared.append(prepare(project, find_run(project, state.run_id), overrides))
        except UsageError:
            raise
        except CrewctlError as error:
            skipped.append(Row(run=state.run_id, then=state.chosen, skipped=error.message))
    if skipped and not prepared and len({row.skipped for row in skipped}) == 1:
        prepare(project, states[0].run_id, overrides)  # what stands in the way of all of them is an error
    return prepared, skipped


def _ask(prepared: Sequence[Again], *, yes: bool) -> None:
    """Say what it takes at most; click.Abort or UsageError when nobody agrees to real models being asked."""
    calls = sum(again.bounds.calls for again in prepared)
    costs = [again.bounds.cost for again in prepared]
    cost = None if None in costs else sum(each for each in costs if each is not None)
    real = any(not again.simulated for again in prepared)
    price = f"{money(cost)} at most" if real else "simulated: no real model is asked"
    changed = sum(again.task_changed for again in prepared)
    note(f"{count(len(prepared), 'run')} to judge again: {count(calls, 'call')} at most, {price}.")
    if changed:
        note(
            f"For {count(changed, 'run')} the crew's task reads otherwise today; "
            "drafts are judged for the task they were written for."
        )
    if not real or yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("real models would be asked, and nobody is there to agree", help="add --yes")
    click.confirm("Judge them again?", abort=True, err=True)


def _judge_all(project: Project, prepared: Sequence[Again], progress: Progress, *, quiet: bool) -> None:
    """Judge one after another; a refusal or an interruption ends it, a failure does not."""
    for number, again in enumerate(prepared, 1):
        if not quiet:
            note(f"{number} of {len(prepared)}: run {again.past.run_id}")
        try:
            ended = judge_again(project, again, quiet=True)
        except KeyboardInterrupt:
            progress.interrupted = True
            return
        except CrewctlError as error:
            progress.rows.append(Row(run=again.past.run_id, then=again.past.selected, skipped=error.message))
            continue
        if ended.outcome == _REFUSED:
            progress.refused = again, ended
            return
        progress.rows.append(_row(again, ended))
        if ended.outcome == "interrupted":
            progress.interrupted = True
            return


def _row(again: Again, ended: Ended) -> Row:
    report: Any = ended.report or {}
    found = compared(again, ended)
    now = next((each["contestant"] for each in report.get("contestants", ()) if each["selected"]), None)
    judged = ended.outcome in {"finished", "undecided"}
    return Row(
        run=again.past.run_id,
        then=again.past.selected,
        now=now,
        changed=(again.past.selected != now) if judged else None,
        confidence=found.now.confidence if found and judged else None,
        judging=ended.run_id,
        outcome=ended.outcome,
        cost_usd=((report.get("bill") or {}).get("total") or {}).get("cost_usd"),
        contestants=tuple(each.contestant for each in again.past.drafts.drafts if each.output is not None),
    )


def _exit(progress: Progress, overrides: Overrides) -> int:
    if progress.interrupted:
        note("Interrupted: the runs that are not listed were not judged again.")
        return Exit.INTERRUPTED
    if progress.refused:
        again, ended = progress.refused
        note("The approval did not reach further; the runs that are not listed were not judged again.")
        show_end(again.plan, ended, "table", overrides.words)  # a refusal is told on stderr
        return ended.exit_code
    return Exit.FAILED if any(row.changed is None for row in progress.rows) else Exit.DONE
