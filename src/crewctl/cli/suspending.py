"""Suspends the crew that is meant, stops its runs if asked, and lifts what others have suspended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crewctl.cli.meant_crew import meant_crew
from crewctl.cli.stopping import StoppedRuns, stop_runs_of
from crewctl.wiring import suspending

if TYPE_CHECKING:  # only their shapes are needed
    from crewctl.wiring import Project, Said


def suspend(project: Project, crew: str, reason: str, *, stop_runs: bool) -> tuple[Said, StoppedRuns]:
    """Suspend the crew first, so that no run passes the gate any more, and then stop those that had."""
    said = suspending.suspend(project, meant_crew(project, crew), reason)
    if not stop_runs:
        return said, StoppedRuns(())
    return said, stop_runs_of(project, crew, f"the crew was suspended: {reason.strip()}")


def unsuspend(project: Project, crew: str, reason: str) -> Sequence[Said]:
    """Lift every suspension of the crew that somebody else stated."""
    return suspending.unsuspend(project, meant_crew(project, crew), reason)
