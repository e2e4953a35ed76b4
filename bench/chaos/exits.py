"""Holds the exit code of every process that was asked for a run against the account of that run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from account import Run

from crewctl.audit.events import Event, RunClosed
from crewctl.audit.events_work import RunSuspended, RunTaken
from crewctl.errors import Exit


class Left(NamedTuple):
    """A kickoff or a resume that ended by itself: not killed."""

    run_id: str
    pid: int
    code: int


def wrong_exits(left: Sequence[Left], runs: Sequence[Run], *, database_went: bool) -> Iterator[str]:
    """Yield every exit code that the account contradicts."""
    of = {run.run_id: run for run in runs}
    for one in left:
        run = of.get(one.run_id)
        may = (
            _may_be(run, one.pid, database_went=database_went) if run else _lost(database_went=database_went)
        )
        if one.code not in may:
            yield f"process {one.pid} left run {one.run_id} with exit {one.code}, where {sorted(may)} is right"


def _may_be(run: Run, pid: int, *, database_went: bool) -> set[int]:
    mine = _last_hold(run.events, pid)
    closing = run.closing
    if mine is None:
        # Closed before anybody took it up (refused at the gate), or somebody else has it: resume says so and goes.
        taken = any(isinstance(event, RunTaken) for event in run.events)
        return {Exit.FAILED} if taken else {closing.exit_code} if closing else set()
    if any(isinstance(event, RunClosed) for event in mine):
        return {closing.exit_code} if closing else set()
    if any(isinstance(event, RunSuspended) for event in mine):
        return {Exit.WAITING}
    return _lost(database_went=database_went)


def _lost(*, database_went: bool) -> set[int]:
    """Return how a process may leave a run that it could neither begin nor bring to an end."""
    return {Exit.FAILED} if database_went else set()


def _last_hold(events: Sequence[Event], pid: int) -> list[Event] | None:
    """Return what happened while the process held the run for the last time; None where it never did."""
    found: list[Event] | None = None
    holds = False
    for event in events:
        if isinstance(event, RunTaken):
            holds = event.pid == pid
            found = [] if holds else found
        elif holds and found is not None:
            found.append(event)
    return found
