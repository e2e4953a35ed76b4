"""Whether some process works on a run, and how to keep every process away from it for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crewctl.audit.events import RunClosed
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken
from crewctl.running.ownership import run_lock, worker_lock

if TYPE_CHECKING:
    from crewctl.wiring.project import Project


def is_attended(project: Project, run_id: str) -> bool:
    """Tell whether some process works on the run."""
    return project.locks.is_held(run_lock(run_id)) or _is_with_a_living_process(project, run_id)


@contextmanager
def kept_unattended(project: Project, run_id: str) -> Iterator[bool]:
    """Give whether nobody works on the run; as long as this lasts nobody should begin to."""
    held = project.locks.acquire(run_lock(run_id), patience=0)
    try:
        yield held is not None and not _is_with_a_living_process(project, run_id)
    finally:
        if held is not None:
            held.release()


def _is_with_a_living_process(project: Project, run_id: str) -> bool:
    """Tell whether whoever took the run up last, and did not put it down, still lives.

    The run's own lock may be in the hands of a process that froze.
    """
    hands = project.store.events_of_kinds(run_id, (RunTaken, RunSuspended, RunEnqueued, RunClosed))
    last = hands[-1].event if hands else None
    return isinstance(last, RunTaken) and project.locks.is_held(worker_lock(last.executor))
