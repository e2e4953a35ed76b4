"""Closes a run that nobody works on: it waits for people or for a worker, or its process died."""

from __future__ import annotations

from contextlib import suppress

from crewctl.audit.build_report import build_report
from crewctl.audit.port import ContentStore, RunIsClosedError, RunStore
from crewctl.audit.run_state import fold_run
from crewctl.errors import Exit, StoreError
from crewctl.registry.close import Ending, last_event
from crewctl.registry.port import Reports


def close_stopped(run_id: str, store: RunStore, contents: ContentStore, reports: Reports) -> bool:
    """End the run as stopped by whoever asked for it last; False when it was over by then.

    The caller sees to it that nobody takes the run up meanwhile. With the run, its cards are closed; a
    run that was started gets its report.
    """
    state = fold_run(store.events_of(run_id), alive=True)
    if state.closing is not None:
        return False
    asked = state.stops[-1] if state.stops else None
    why = f"stopped by {asked.by}" if asked else "stopped"
    why += f": {asked.reason}" if asked and asked.reason else ""
    try:
        store.append(run_id, last_event(Ending(outcome="stopped", exit_code=Exit.STOPPED, error=why)))
    except RunIsClosedError:
        return False
    if state.started_at is not None and not state.rehearsal:
        # The end is recorded; `crewctl report` says what is wrong and can write the report anew.
        with suppress(StoreError):
            reports.write(build_report(store.events_of(run_id), contents))
    return True
