"""The deadlines of one step: its child's start, its own timeout, and the run's."""

from __future__ import annotations

import time

from crewctl.adapters.engine_state import EngineState
from crewctl.running.port import Refusal, TaskWork

START_SECONDS = 60.0
"""Seconds in which a child must be ready, the import of CrewAI included."""


class StepLimits:
    """Knows which deadline comes next, and holds the run's clock while the step runs.

    A task's own timeout counts from when its child is ready, on top of what the same try has worked before.
    """

    def __init__(self, state: EngineState, task: TaskWork | None, began: float) -> None:
        self._state = state
        self._timeout = None if task is None else task.timeout
        self._worked = 0.0 if task is None else task.worked
        self._began = began
        self._ready_at: float | None = None
        self._clocked = False
        # Once a run's clock goes, the start of a further child counts as running.
        if state.clock_started:
            self._clock_on()

    def ready(self) -> None:
        """Note that the child begins its work; the first child of a run starts the run's clock."""
        if self._ready_at is None:
            self._ready_at = time.monotonic()
            self._state.start_clock()
            self._clock_on()

    def leave(self) -> None:
        """Stop the run's clock, unless other steps still run."""
        if self._clocked:
            self._clocked = False
            self._state.clock.leave()

    def next(self) -> float | None:
        """Return the seconds to the next deadline; None when there is none."""
        return min((limit.allowed - limit.used for limit in self._all()), default=None)

    def passed(self) -> Refusal | None:
        """Return the deadline that has passed, if one has."""
        return next((limit for limit in self._all() if limit.used >= limit.allowed), None)

    def passed_of_run(self) -> Refusal | None:
        """Return the run's own deadline if it has passed; no child is waited for."""
        return next((limit for limit in self._of_run() if limit.used >= limit.allowed), None)

    def next_of_run(self) -> float | None:
        """Return the seconds to the run's own deadline; None without one."""
        return next((limit.allowed - limit.used for limit in self._of_run()), None)

    def _of_run(self) -> list[Refusal]:
        run = self._state.plan.limits.timeout
        if run is None or not self._clocked:
            return []
        return [Refusal(limit="timeout", allowed=run.value, used=self._state.clock.elapsed())]

    def _all(self) -> list[Refusal]:
        now = time.monotonic()
        found = self._of_run()
        if self._ready_at is None:
            found.append(Refusal(limit="engine_start", allowed=START_SECONDS, used=now - self._began))
        elif self._timeout is not None:
            worked = self._worked + now - self._ready_at
            found.append(Refusal(limit="task_timeout", allowed=self._timeout, used=worked))
        return found

    def _clock_on(self) -> None:
        if not self._clocked:
            self._clocked = True
            self._state.clock.enter()
