"""Stops runs: shows which, riskiest first, asks whether to, and says what became of each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from crewctl.cli.account import state_now
from crewctl.cli.amounts import count, moment
from crewctl.cli.output import Format, emit_rows, note
from crewctl.cli.run_rows import ended_as
from crewctl.errors import Exit, UsageError
from crewctl.registry.inbox import RISKIEST_FIRST, Level, level_of

if TYPE_CHECKING:  # only their shapes are needed
    from crewctl.audit.run_state import RunState
    from crewctl.wiring import Project

COLUMNS = ("run", "crew", "risk", "status", "requested_at", "by")
_STATUSES = ("running", "lost", "requested", "waiting", "queued")


class StoppedRuns:
    """What became of the runs that were to be stopped."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.data = list(rows)

    @property
    def exit_code(self) -> int:
        """Whether every one of them is over."""
        return Exit.FAILED if any(row["became"] == "goes on" for row in self.data) else Exit.DONE

    def show(self, form: Format) -> None:
        """Say for a person what became of each."""
        if form == "table" and self.data:
            emit_rows(self.data, ("run", "crew", "risk", "became"), form)


def unfinished(project: Project, crew: str | None) -> list[dict[str, Any]]:
    """Return the runs that are not over, the riskiest first, and of those the ones that are being worked on."""
    rows = []
    for run_id in project.store.open_run_ids():
        records = project.store.events_of(run_id)
        state = state_now(project, records)
        if crew in {None, state.crew}:
            rows.append(_row(state, level_of(records, project.contents)))
    return sorted(
        rows, key=lambda row: (RISKIEST_FIRST.index(row["risk"]), _STATUSES.index(row["status"]), row["run"])
    )


def stop_all(project: Project, crew: str | None, reason: str, form: Format, *, yes: bool) -> int:
    """Show every run that is not over, ask, and stop them; return the exit code."""
    rows = unfinished(project, crew)
    if not rows:
        emit_rows([], COLUMNS, form)
        note(f"No run{f' of {crew}' if crew else ''} is unfinished.")
        return Exit.DONE
    if not yes:
        emit_rows(rows, COLUMNS, "table")
        _ask(len(rows))
    stopped = _stopped(project, rows, reason)
    emit_rows(stopped.data, (*COLUMNS[:4], "became"), form)
    note("See what each had finished: crewctl report RUN")
    return stopped.exit_code


def stop_runs_of(project: Project, crew: str, reason: str) -> StoppedRuns:
    """Stop every run of the crew that is not over."""
    project.close_lost_runs()
    return _stopped(project, unfinished(project, crew), reason)


def _stopped(project: Project, rows: list[dict[str, Any]], reason: str) -> StoppedRuns:
    from crewctl.wiring.stopping import stop_each  # noqa: PLC0415 - start-up cost

    became = stop_each(project, [str(row["run"]) for row in rows], reason)
    return StoppedRuns([{**row, "became": became[str(row["run"])]} for row in rows])


def _ask(runs: int) -> None:
    if not sys.stdin.isatty():
        raise UsageError(
            f"{count(runs, 'run')} would be stopped, and nobody is there to be asked",
            help="add --yes to stop them without asking",
        )
    click.confirm(f"Stop {count(runs, 'run')}?", abort=True, err=True)


def _row(state: RunState, level: Level) -> dict[str, Any]:
    return {
        "run": state.run_id,
        "crew": state.crew,
        "risk": level,
        "status": ended_as(state),
        "requested_at": moment(state.requested_at),
        "by": state.request.by if state.request else None,
    }
