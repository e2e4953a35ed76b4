"""How often a step was tried and who does it now, computed from the run's account."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from crewctl.audit.events import Recorded, StepFinished, StepStarted
from crewctl.audit.events_faults import FallbackTaken, StepGivenUp, StepRetryScheduled
from crewctl.audit.port import RunStore
from crewctl.processes.outcome import came_to_nothing
from crewctl.running.port import StepResult


@dataclass(frozen=True)
class Tries:
    """Where a step stands.

    `count` failed tries of whoever does it now: `agent`, if somebody has taken over, on `models` in place
    of those that failed. `attempt` is the last attempt's number over all. `last` is how it ended, while
    nothing has been done about that yet. The next try begins at `due`. The one that is at work has `worked`
    so many seconds in attempts that were ended for a person's answer.
    """

    count: int = 0
    attempt: int = 0
    agent: str | None = None
    models: dict[str, str] = field(default_factory=dict)
    last: StepResult | None = None
    due: datetime | None = None
    worked: float = 0.0
    given_up: Literal["continue", "skip"] | None = None

    def after(self, record: Recorded) -> Tries:
        """Return where the step stands after an event of its own."""
        event = record.event
        if isinstance(event, StepStarted):
            return replace(self, attempt=event.attempt, last=None, due=None)
        if isinstance(event, StepFinished):
            return self._finished(event)
        if isinstance(event, StepRetryScheduled):
            return replace(self, last=None, due=record.at + timedelta(seconds=event.delay))
        if isinstance(event, FallbackTaken):
            return self._taken_over(event)
        return replace(self, given_up=event.how) if isinstance(event, StepGivenUp) else self

    def _finished(self, event: StepFinished) -> Tries:
        told = event.model_dump(include={"outcome", "output", "error", "passing", "model", "limit", "until"})
        result = StepResult.model_validate(told)
        if result.outcome != "done" and not came_to_nothing(result):
            # A wait, a stop or a limit: it is done again, as the same try.
            return replace(self, last=None, worked=self.worked + event.seconds)
        return replace(self, last=result, count=self.count + came_to_nothing(result), worked=0.0)

    def _taken_over(self, event: FallbackTaken) -> Tries:
        now = replace(self, count=0, last=None, due=None)
        if event.what == "agent":
            return replace(now, agent=event.taken)
        return replace(now, models={**self.models, event.instead_of: event.taken})


class TriesBook:
    """Where each step of one run stands; reads every event of the account once. Safe from several threads."""

    def __init__(self, store: RunStore, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._lock = threading.Lock()
        self._seen = 0
        self._steps: dict[str, Tries] = {}

    def of(self, step: str) -> Tries:
        """Return where a step stands by everything that the account tells of it by now."""
        with self._lock:
            for record in self._store.events_of(self._run_id, after=self._seen):
                self._seen = record.seq
                _take_in(record, self._steps)
            return self._steps.get(step, Tries())


def tries_of(records: Iterable[Recorded]) -> Mapping[str, Tries]:
    """Return where every step stands by these events of its run."""
    steps: dict[str, Tries] = {}
    for record in records:
        _take_in(record, steps)
    return steps


def _take_in(record: Recorded, steps: dict[str, Tries]) -> None:
    named = getattr(record.event, "step", None)
    if isinstance(named, str):
        steps[named] = steps.get(named, Tries()).after(record)
