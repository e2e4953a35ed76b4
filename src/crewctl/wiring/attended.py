"""Whether some process works on a run, and how to keep every process away from it for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crewctl.running.ownership import run_lock

if TYPE_CHECKING:
    from crewctl.wiring.project import Project


def is_attended(project: Project, run_id: str) -> bool:
    """Tell whether some process works on the run."""
    return project.locks.is_held(run_lock(run_id))


@contextmanager
def kept_unattended(project: Project, run_id: str) -> Iterator[bool]:
    """Give whether nobody works on the run; as long as this lasts nobody can begin to."""
    held = project.locks.acquire(run_lock(run_id), patience=0)
    try:
        yield held is not None
    finally:
        if held is not None:
            held.release()
