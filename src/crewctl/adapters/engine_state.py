"""What the steps of one run share: its clock, the limit it has reached, and who must be woken."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from crewctl.adapters.engine_context import RunContext
from crewctl.adapters.stop_watch import StopWatch
from crewctl.audit.events import ClockStarted, Event, LimitName, LimitReached
from crewctl.audit.running_time import seconds_running
from crewctl.planning.plan import Plan
from crewctl.running.port import Refusal
from crewctl.running.run_clock import RunClock


class EngineState:
    """Shared by all steps of a run; safe from several threads."""

    def __init__(self, plan: Plan, run: RunContext) -> None:
        self.plan = plan
        self.run = run
        before = run.store.events_of(run.run_id)
        self.clock = RunClock(time.monotonic, spent=seconds_running(before))
        self.watch = StopWatch(run.store, run.run_id, run.stop)
        self.reached: Refusal | None = None
        self._lock = threading.Lock()
        self._clock_started = any(isinstance(record.event, ClockStarted) for record in before)
        self._bells: tuple[int, ...] = ()
        self._silent: list[int] = []

    def record(self, event: Event) -> None:
        """Add an event to the run's account."""
        self.run.store.append(self.run.run_id, event)

    def start_clock(self) -> None:
        """Note that a child is ready; the first one starts the run's clock."""
        with self._lock:
            first, self._clock_started = not self._clock_started, True
        if first:
            self.record(ClockStarted())

    @property
    def clock_started(self) -> bool:
        """Whether a child of this run has ever been ready."""
        return self._clock_started

    @property
    def clock_shows(self) -> float | None:
        """The seconds on the run's clock; None before any child has been ready."""
        return self.clock.elapsed() if self._clock_started else None

    def reach(self, refusal: Refusal, step: str) -> None:
        """Note the limit that ends the run: the first one is recorded and stays."""
        with self._lock:
            first = self.reached is None
            self.reached = self.reached or refusal
        if first:
            self.record(limit_event(refusal, step))
        self.ring()

    @contextmanager
    def bell(self) -> Iterator[int]:
        """Give a descriptor that becomes readable when a settlement, a limit or a stop has come.

        Bells are used again and closed at the end only: ringing one whose number has passed to
        another file would write into that file.
        """
        with self._lock:
            bell = self._silent.pop() if self._silent else os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            if bell not in self._bells:
                self._bells = (*self._bells, bell)
        try:
            yield bell
        finally:
            with self._lock:
                self._silent.append(bell)

    def ring(self) -> None:
        """Wake every step. Takes no lock, because signal handlers ring too."""
        for bell in self._bells:
            os.eventfd_write(bell, 1)

    def close(self) -> None:
        """Let go of the bells; nobody may ring any more."""
        bells, self._bells, self._silent = self._bells, (), []
        for bell in bells:
            os.close(bell)


def wait_for_bell(bell: int, seconds: float) -> None:
    """Sleep until the bell rings, or for so many seconds."""
    poll = select.poll()
    poll.register(bell, select.POLLIN)
    poll.poll(max(0.0, seconds) * 1000)
    with suppress(BlockingIOError):
        os.eventfd_read(bell)


def limit_event(refusal: Refusal, step: str) -> LimitReached:
    """Return the event that tells of a limit."""
    limit: LimitName = refusal.limit
    return LimitReached(limit=limit, allowed=refusal.allowed, used=refusal.used, step=step)
