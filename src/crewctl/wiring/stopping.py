"""Ends runs: those that another process works on are asked to, and the others are closed at once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from crewctl.adapters.os_identity import user_name
from crewctl.adapters.report_files import ReportFiles
from crewctl.audit.events import RunClosed, StopRequested
from crewctl.audit.port import RunIsClosedError
from crewctl.errors import CrewctlError
from crewctl.registry.close_unattended import close_stopped
from crewctl.wiring.attended import kept_unattended

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

PATIENCE = 30.0
"""Seconds to wait for the runs' own processes to close them: the children are gone long before."""

How = Literal["stopped", "over", "goes on"]
"""What became of the wish: it ended, it was over before, or it has not ended in time."""


def stop(project: Project, run_id: str, reason: str) -> bool:
    """Ask for the end and wait for it; False when the run was over, CrewctlError when it does not end."""
    how = stop_each(project, (run_id,), reason)[run_id]
    if how == "goes on":
        raise CrewctlError(
            f"run {run_id} was asked to end and has not after {PATIENCE:g} s",
            help="see what it does with 'crewctl trace', and end its process if it hangs",
        )
    return how == "stopped"


def stop_each(project: Project, run_ids: Sequence[str], reason: str) -> Mapping[str, How]:
    """Ask every run to end, in this order, before waiting for the first: the riskiest should not wait."""
    asked = {run_id: _ask(project, run_id, reason) for run_id in run_ids}
    give_up = time.monotonic() + PATIENCE
    return {run_id: _end(project, run_id, give_up) if asked[run_id] else "over" for run_id in run_ids}


def _ask(project: Project, run_id: str, reason: str) -> bool:
    try:
        project.store.append(run_id, StopRequested(by=user_name(), reason=reason))
    except RunIsClosedError:
        return False
    _close_if_unattended(project, run_id)
    return True


def _end(project: Project, run_id: str, give_up: float) -> How:
    while True:
        if project.store.events_of_kinds(run_id, (RunClosed,)):
            return "stopped"
        _close_if_unattended(project, run_id)
        if time.monotonic() >= give_up:
            return "goes on"
        time.sleep(0.05)


def _close_if_unattended(project: Project, run_id: str) -> None:
    """Close the run ourselves unless a process works on it; none can begin to meanwhile."""
    with kept_unattended(project, run_id) as free:
        if free:
            close_stopped(run_id, project.store, project.contents, ReportFiles(project.root))
