"""Lets the person at the terminal decide an undecided run, one person at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from crewctl.adapters.output_files import ProjectFiles
from crewctl.adapters.report_files import ReportFiles
from crewctl.adapters.run_logs import RunLogs, WatchedRunStore
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.system_clock import SystemClock
from crewctl.adapters.zygote_environment import all_secrets
from crewctl.audit.redaction import Redaction
from crewctl.planning.kept_plan import plan_of
from crewctl.registry.decide import Decided, DecisionRooms, decide, to_decide
from crewctl.registry.undecided import DecidedAlreadyError, Undecided, undecided
from crewctl.running.ownership import run_lock
from crewctl.wiring.database import open_contents

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

T = TypeVar("T")


def case_of_run(project: Project, run_id: str) -> Undecided:
    """Return what people find who are to decide; CrewctlError where there is nothing to decide."""
    try:
        return undecided(project.store.events_of(run_id), project.contents)
    except DecidedAlreadyError:
        # Whoever decided may have been interrupted before all of it was written.
        return _alone(project, run_id, (), to_decide)


def decide_run(project: Project, run_id: str, word: str, reason: str) -> Decided:
    """Decide in the name of the person at the terminal; CrewctlError where that cannot be."""
    case_of_run(project, run_id)  # says at once why not, where others would wait for the run's end
    plan = plan_of(project.store.events_of(run_id), project.contents)
    hidden = all_secrets(plan, os.environ)
    said = Redaction(hidden).of_text(reason)
    return _alone(project, run_id, hidden, lambda rooms: decide(rooms, project.person, word, said))


def _alone(project: Project, run_id: str, hidden: Iterable[str], work: Callable[[DecisionRooms], T]) -> T:
    with (
        project.locks.hold(run_lock(run_id)),
        closing(RunLogs(project.root)) as logs,
        closing(SqlRunStore(project.database, secrets=hidden)) as store,
    ):
        return work(
            DecisionRooms(
                run_id=run_id,
                store=WatchedRunStore(store, logs.write),
                contents=open_contents(project.root, project.database, hidden),
                clock=SystemClock(),
                files=ProjectFiles(project.root),
                reports=ReportFiles(project.root),
            )
        )
