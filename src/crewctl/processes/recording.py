"""Events of a process that a recovery must not write a second time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from crewctl.audit.events import DraftsTaken, OutputWritten, VerdictGiven
from crewctl.audit.port import RunStore

E = TypeVar("E", DraftsTaken, OutputWritten, VerdictGiven)


def recorded_once(
    store: RunStore, run_id: str, kind: type[E], same: Callable[[E], bool], make: Callable[[], E]
) -> E:
    """Return the run's event of this kind that is the `same`, or make and append it.

    A crash between the event and the journal would otherwise leave two of them.
    """
    for record in store.events_of_kinds(run_id, (kind,)):
        if isinstance(record.event, kind) and same(record.event):
            return record.event
    event = make()
    store.append(run_id, event)
    return event
