"""The run's clock by its account: which time counts against a run's `timeout`, and how long it waited for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from crewctl.audit.events import (
    ClockStarted,
    Event,
    PersonDecided,
    Recorded,
    RunClosed,
    StepFinished,
    StepStarted,
    StopRequested,
)
from crewctl.audit.events_faults import DeadLetterSettled, StepRetryScheduled
from crewctl.audit.events_people import Acknowledged, CardAnswered
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken

_FROM_OUTSIDE = (CardAnswered, StopRequested, Acknowledged, PersonDecided, DeadLetterSettled)
"""What anybody may add at any time: no sign that somebody works on the run."""


class RunningTime:
    """The run's clock. This is its one definition; limits, reports and views all go by it.

    It begins when the first child of the run is ready (`ClockStarted`). From then on it counts the time
    in which a process has the run and at least one step is at work: from `StepStarted` to
    `StepFinished`, and after a `StepRetryScheduled` until the next try begins or its delay is over.
    Steps side by side count once. It stands still

    - between steps, and while the engine is started anew, which has a bound of its own;
    - while the run is put down until people answer, and while it is on the queue;
    - from the last thing that a process told before it died until somebody takes the run up.

    In the process that has the run, `RunClock` counts this on a clock that nobody can set and that
    stands still while the machine sleeps. Each `StepFinished` tells what it showed; between two of them
    the account goes by the times of its events.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._steps: set[tuple[str, int]] = set()
        self._pauses: dict[str, datetime] = {}
        self._held = True
        self._last: datetime | None = None

    def see(self, record: Recorded) -> None:
        """Take in the run's next event."""
        event, at = record.event, record.at
        if isinstance(event, _FROM_OUTSIDE):
            return
        if isinstance(event, RunTaken | RunClosed):
            # Whatever is still at work was lost with its process, and it may be somebody else who says so.
            self._steps.clear()
        if not _by_others(event):
            self.seconds = self.at(at)
        if self._last is not None or isinstance(event, ClockStarted):
            self._last = at
        self._note(event, at)

    def at(self, now: datetime) -> float:
        """Return the seconds counted by `now` if whoever has the run has gone on since its last event."""
        if self._last is None or not self._held:
            return self.seconds
        until = now if self._steps else min(now, max(self._pauses.values(), default=self._last))
        # The clock on the wall can be set back during a run; time cannot.
        return self.seconds + max(0.0, (until - self._last).total_seconds())

    def _note(self, event: Event, at: datetime) -> None:
        """Note what is at work from here on."""
        if isinstance(event, StepStarted):
            self._pauses.pop(event.step, None)
            self._steps.add((event.step, event.attempt))
        elif isinstance(event, StepFinished):
            self._steps.discard((event.step, event.attempt))
            self.seconds = self.seconds if event.clock is None else event.clock
        elif isinstance(event, StepRetryScheduled):
            self._pauses[event.step] = at + timedelta(seconds=event.delay)
        elif isinstance(event, RunTaken | RunSuspended | RunEnqueued | RunClosed):
            self._held = isinstance(event, RunTaken)
            self._steps.clear()


def seconds_running(records: Iterable[Recorded]) -> float:
    """Return what the run's clock shows after these events of its account."""
    clock = RunningTime()
    for record in records:
        clock.see(record)
    return clock.seconds


def has_readings(records: Iterable[Recorded]) -> bool:
    """Tell whether the account says what the run's clock showed; accounts of earlier versions do not."""
    events = (record.event for record in records)
    return any(isinstance(event, StepFinished) and event.clock is not None for event in events)


def seconds_waited(records: Iterable[Recorded]) -> float:
    """Return the seconds for which the run was put down until people had answered."""
    total = 0.0
    since = last = None
    for record in records:
        last = record.at
        if isinstance(record.event, RunSuspended):
            since = since or record.at
        elif since is not None and isinstance(record.event, RunTaken | RunClosed):
            total += max(0.0, (record.at - since).total_seconds())
            since = None
        if isinstance(record.event, RunClosed):
            break
    if since is not None and last is not None:
        total += max(0.0, (last - since).total_seconds())
    return total


def _by_others(event: Event) -> bool:
    """Tell whether the event comes from somebody who has not had the run until now."""
    return isinstance(event, RunTaken) or (isinstance(event, RunClosed) and event.outcome == "lost")
