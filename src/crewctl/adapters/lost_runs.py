"""Close the runs whose process died, once each, and write the reports that it could not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from crewctl.audit.dead_letters import fold_dead, is_set_aside
from crewctl.audit.events import RunClosed
from crewctl.audit.events_faults import DeadLettered
from crewctl.audit.events_work import RunEnqueued, RunTaken
from crewctl.audit.port import ContentStore, RunIsClosedError, RunStore
from crewctl.audit.run_state import RunState, fold_run
from crewctl.errors import Exit, StoreError
from crewctl.running.ownership import Locks, run_lock

_NO_MORE = (RunClosed, RunEnqueued, RunTaken)
"""After these a run does not end with the process that asked for it."""


class MortalRuns(RunStore, Protocol):
    """A run store that tells which runs end with their process."""

    def mortal_run_ids(self) -> Sequence[str]:
        """Return the open runs that nobody can take up again."""
        ...


def close_lost_runs(root: Path, store: MortalRuns, contents: ContentStore, locks: Locks) -> tuple[str, ...]:
    """Close every open run that nobody works on and nobody can take up again; return the ids of those.

    Safe to call from several commands at once: each loss is recorded by one of them. A run that was
    enqueued or taken up is left alone: a worker takes it up again.
    """
    return tuple(
        run_id for run_id in store.mortal_run_ids() if _close_if_lost(root, store, contents, locks, run_id)
    )


def _close_if_lost(root: Path, store: RunStore, contents: ContentStore, locks: Locks, run_id: str) -> bool:
    with locks.kept_free(run_lock(run_id)) as dead:
        records = store.events_of(run_id)
        # Since it was listed it may have been begun, left to a worker or closed.
        if not dead or any(isinstance(record.event, _NO_MORE) for record in records):
            return False
        state = fold_run(records, alive=False)
        error = _what_was_lost(state)
        try:
            if state.request and is_set_aside(state.request, "lost") and fold_dead(records) is None:
                store.append(run_id, DeadLettered(why=error))
            store.append(run_id, RunClosed(outcome="lost", exit_code=Exit.FAILED, error=error))
        except RunIsClosedError:
            return False  # another command looked at the same time
        if state.started_at is not None and not state.rehearsal:
            _write_report(root, store, contents, run_id)
        return True


def _write_report(root: Path, store: RunStore, contents: ContentStore, run_id: str) -> None:
    # Every command that looks at runs calls this module, and few of them find a lost one.
    from crewctl.adapters.report_files import ReportFiles  # noqa: PLC0415 - start-up cost
    from crewctl.audit.build_report import build_report  # noqa: PLC0415 - start-up cost

    # The loss is recorded; `crewctl report` says what is wrong and can write the report anew.
    with suppress(StoreError):
        ReportFiles(root).write(build_report(store.events_of(run_id), contents))


def _what_was_lost(state: RunState) -> str:
    done = [step.step for step in state.steps if step.outcome == "done"]
    open_steps = [step.step for step in state.steps if step.outcome == "lost"]
    finished = f"finished: {', '.join(done)}" if done else "no step was finished"
    during = f" during {', '.join(open_steps)}" if open_steps else ""
    return f"the process that worked on the run died{during}; {finished}"
