"""Compare a run with its replay: how both ended, what each step came to, the verdict, and where they parted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from crewctl.audit.events import Recorded, RunClosed, TurnGranted, VerdictGiven
from crewctl.audit.events_recorded import ExchangeReplayed, ReplayDiverged
from crewctl.audit.exchange_content import Json
from crewctl.audit.exchanges import Attempt, EventsOf, ExchangeBook, ExchangeContents
from crewctl.audit.fact import ContentRef, Fact
from crewctl.audit.port import ContentStore

_SEAL = "verdict_sha256"
"""A verdict's digest of itself, which covers the run it was given in."""


class StepPair(Fact):
    """A step in both runs; None is how a step ended that was not begun. `equal` is of outcome and output."""

    step: str
    before: str | None
    after: str | None
    equal: bool


class Parting(Fact):
    """The first question that was not the recorded one; without `recorded` nothing more was recorded."""

    step: str
    number: int
    what: str
    recorded_number: int | None
    recorded: Json | None
    asked: Json


class Compared(Fact):
    """A run and its replay. `given` recorded answers were given, of `recorded`; `asked` models for real: none."""

    run: str
    replay: str
    outcome: tuple[str, str]
    output_equal: bool
    steps: tuple[StepPair, ...]
    verdict_equal: bool | None
    given: int
    recorded: int
    asked: int
    parting: Parting | None = None

    @property
    def equal(self) -> bool:
        """Whether the replay came to the very same."""
        same = self.outcome[0] == self.outcome[1] and self.output_equal and self.verdict_equal is not False
        return same and self.parting is None and all(step.equal for step in self.steps)


class Comparison:
    """Compares two runs of one store."""

    def __init__(self, events_of: EventsOf, contents: ContentStore, run: str, replay: str) -> None:
        self._contents = contents
        self._books = (ExchangeBook(events_of, run), ExchangeBook(events_of, replay))
        self._records = (events_of(run), events_of(replay))

    def compared(self) -> Compared:
        """Return what is equal and what is not; NotFoundError where an output has been erased."""
        before, after = self._books
        closings = tuple(_closing(records) for records in self._records)
        verdicts = tuple(self._verdict(records) for records in self._records)
        return Compared(
            run=before.run_id,
            replay=after.run_id,
            outcome=(closings[0].outcome, closings[1].outcome),
            output_equal=self._same(closings[0].output, closings[1].output),
            steps=self._steps(),
            verdict_equal=None if verdicts == (None, None) else verdicts[0] == verdicts[1],
            given=sum(isinstance(record.event, ExchangeReplayed) for record in self._records[1]),
            recorded=sum(
                len([one for one in before.of(step, attempt.number) if one.number])
                for step in before.steps
                for attempt in counting(before, step)
            ),
            asked=sum(isinstance(record.event, TurnGranted) for record in self._records[1]),
            parting=self._parting(),
        )

    def _steps(self) -> tuple[StepPair, ...]:
        before, after = self._books
        pairs = []
        for step in dict.fromkeys([*before.steps, *after.steps]):
            one, other = _last(before, step), _last(after, step)
            ends = (one and one.outcome, other and other.outcome)
            outputs = [end.finished.output if end and end.finished else None for end in (one, other)]
            equal = ends[0] == ends[1] and self._same(*outputs)
            pairs.append(StepPair(step=step, before=ends[0], after=ends[1], equal=equal))
        return tuple(pairs)

    def _same(self, one: ContentRef | None, other: ContentRef | None) -> bool:
        if one is None or other is None:
            return one is other
        return self._contents.get(one) == self._contents.get(other)

    def _verdict(self, records: Sequence[Recorded]) -> Any:
        given = next((record.event for record in records if isinstance(record.event, VerdictGiven)), None)
        if given is None:
            return None
        verdict = json.loads(self._contents.get(given.verdict))
        if isinstance(verdict.get("integrity"), dict):
            verdict["integrity"].pop(_SEAL, None)
        return verdict | {"run_id": None}

    def _parting(self) -> Parting | None:
        event = next(
            (record.event for record in self._records[1] if isinstance(record.event, ReplayDiverged)), None
        )
        if event is None:
            return None
        before = self._books[0]
        expected = before.find(event.step, event.of_attempt, event.of_number)
        asked = json.loads(self._contents.get(event.asked)) if event.asked else {}
        contents = ExchangeContents(self._contents, before)
        return Parting(
            step=event.step,
            number=event.number,
            what=event.what,
            recorded_number=expected.number if expected else None,
            recorded=contents.question_of(expected) if expected else None,
            asked=asked.get("question", {}),
        )


def counting(book: ExchangeBook, step: str) -> tuple[Attempt, ...]:
    """Return the attempts by which a step came to something; of a step that never did, the last one."""
    attempts = book.attempts(step)
    return tuple(one for one in attempts if one.counts) or attempts[-1:]


def _last(book: ExchangeBook, step: str) -> Attempt | None:
    found = counting(book, step)
    return found[-1] if found else None


def _closing(records: Sequence[Recorded]) -> RunClosed:
    found = next((record.event for record in records if isinstance(record.event, RunClosed)), None)
    if found is None:
        raise AssertionError("only runs that are over are compared")
    return found
