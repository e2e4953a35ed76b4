"""Asks a run that another process works on to end, and waits until it has."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from crewctl.adapters.os_identity import user_name
from crewctl.adapters.run_lock import is_alive
from crewctl.audit.events import RunClosed, StopRequested
from crewctl.audit.port import RunIsClosedError
from crewctl.errors import CrewctlError

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

PATIENCE = 30.0
"""Seconds to wait for the run's own process to close it: the children are gone long before."""


def stop(project: Project, run_id: str, reason: str) -> bool:
    """Ask for the end and wait for it; False when the run was over, CrewctlError when it does not end."""
    project.close_lost_runs()
    try:
        project.store.append(run_id, StopRequested(by=user_name(), reason=reason))
    except RunIsClosedError:
        return False
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        if any(isinstance(record.event, RunClosed) for record in project.store.events_of(run_id)):
            return True
        if not is_alive(project.root, run_id):
            project.close_lost_runs()
        time.sleep(0.05)
    raise CrewctlError(
        f"run {run_id} was asked to end and has not after {PATIENCE:g} s",
        help="see what it does with 'crewctl trace', and end its process if it hangs",
    )
