"""What became of the calls of tools at a run's steps, computed from its events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from crewctl.audit.events import Recorded, StepStarted, ToolCallFinished, ToolCallStarted
from crewctl.audit.events_recorded import ExchangeRecorded, ExchangeReplayed
from crewctl.audit.fact import Fact

FAILED = "The tool failed, and may have done a part of its work: "
"""What an agent is told of a call that failed, before the error."""


class CallState(Fact):
    """A call as the events tell it; one that was begun and has no `finished` may have happened."""

    started: ToolCallStarted
    finished: ToolCallFinished | None = None


class CallFold:
    """Folds events as they come: the calls that have a key, by step, the latest of each key; and the steps' tasks."""

    def __init__(self) -> None:
        self.seq = 0
        self._tasks: dict[str, str] = {}
        self._calls: dict[str, dict[str, CallState]] = {}
        self._latest: dict[tuple[str, int], str] = {}
        self._recorded: dict[tuple[str, int, int], str] = {}
        self._replayed: Counter[tuple[str, int, str]] = Counter()

    def add(self, records: Iterable[Recorded]) -> None:
        """Take further events, in their order."""
        for record in records:
            self.seq, event = record.seq, record.event
            if isinstance(event, StepStarted):
                self._tasks[event.step] = event.task
                self._latest = {key: one for key, one in self._latest.items() if key[0] != event.step}
            elif isinstance(event, ToolCallStarted):
                self._begun(event)
            elif isinstance(event, ToolCallFinished):
                self._ended(event)
            elif isinstance(event, ExchangeRecorded | ExchangeReplayed) and event.what == "tool":
                self._exchanged(event)

    def task(self, step: str) -> str:
        """Return the task that a step is about; empty for none."""
        return self._tasks.get(step, "")

    def before(self, step: str, attempt: int) -> dict[str, CallState]:
        """Return the calls that were begun at attempts before this one, by key."""
        calls = self._calls.get(step, {})
        return {key: state for key, state in calls.items() if state.started.attempt < attempt}

    def replayed(self, step: str, attempt: int, asked_sha256: str) -> int:
        """Return how often an attempt was given the recorded result of a call with this digest."""
        return self._replayed[step, attempt, asked_sha256]

    def _exchanged(self, event: ExchangeRecorded | ExchangeReplayed) -> None:
        if isinstance(event, ExchangeRecorded):
            self._recorded[event.step, event.attempt, event.number] = event.asked_sha256
        elif (of := self._recorded.get((event.step, event.of_attempt, event.of_number))) is not None:
            self._replayed[event.step, event.attempt, of] += 1

    def _begun(self, event: ToolCallStarted) -> None:
        self._latest.pop((event.step, event.call), None)
        if event.key:
            self._calls.setdefault(event.step, {})[event.key] = CallState(started=event)
            self._latest[event.step, event.call] = event.key

    def _ended(self, event: ToolCallFinished) -> None:
        # Calls are numbered within the attempt: a number belongs to the latest call that has it.
        key = self._latest.pop((event.step, event.call), None)
        if key is not None:
            calls = self._calls[event.step]
            calls[key] = calls[key].model_copy(update={"finished": event})
