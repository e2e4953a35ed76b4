"""Opens the account of the project's runs, the dead ones closed, and finds the run that is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crewctl.audit.events import Recorded
from crewctl.audit.run_state import RunState, fold_run
from crewctl.audit.running_time import RunningTime
from crewctl.cli.choose_run import choose_run
from crewctl.cli.output import note
from crewctl.cli.session import open_project
from crewctl.errors import NotFoundError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project

LAST = "last"


def open_account() -> Project:
    """Open the project; runs whose process died are closed as lost first, and said so on stderr."""
    project = open_project()
    for run_id in project.close_lost_runs():
        closing = state_of(project.store.events_of(run_id)).closing
        note(f"Run {run_id} is lost: {closing.error if closing else ''}")
    return project


def find_run(project: Project, word: str) -> str:
    """Return the run with this id, the only one whose id begins so, or the newest one for ``last``."""
    run_ids = project.store.run_ids()
    if not run_ids:
        raise NotFoundError(
            "no run has been made in this project yet", help="make one with: crewctl rehearse CREW"
        )
    return run_ids[0] if word == LAST else choose_run(run_ids, word)


def records_of(project: Project, word: str) -> Sequence[Recorded]:
    """Return all events of the run that is meant."""
    return project.store.events_of(find_run(project, word))


def state_of(records: Sequence[Recorded]) -> RunState:
    """Return the run's state, as if whatever is open is alive; see `state_now`."""
    return fold_run(records, alive=True)


def state_now(project: Project, records: Sequence[Recorded]) -> RunState:
    """Return the run's state, ``lost`` where nobody works on it any more and a worker could go on with it.

    The clock of a run that somebody works on has gone on since its last event.
    """
    state = state_of(records)
    if state.status not in {"requested", "running"}:
        return state
    from crewctl.wiring.attended import is_attended  # noqa: PLC0415 - only a run that goes on needs it

    if not is_attended(project, state.run_id):
        return fold_run(records, alive=False)
    clock = RunningTime()
    for record in records:
        clock.see(record)
    return state.model_copy(update={"clock_seconds": clock.at(project.clock.now())})
