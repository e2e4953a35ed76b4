"""Find in a run's account what was asked of models and tools, and what they answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from crewctl.audit.events import Recorded, StepFinished, StepOutcome, StepStarted
from crewctl.audit.events_recorded import ExchangeKind, ExchangeRecorded, ExchangeReplayed
from crewctl.audit.exchange_content import Json, whole_question
from crewctl.audit.fact import ContentRef, Fact
from crewctl.audit.port import ContentStore
from crewctl.errors import NotFoundError, StoreError

EventsOf = Callable[[str], Sequence[Recorded]]

_PUT_OFF = frozenset({"waiting", "lost"})
"""How attempts end that were put off or broken off; what such a step comes to, a later attempt says."""


class Exchange(Fact):
    """One exchange and where it was recorded; an attempt that was given its answer again has it too."""

    run_id: str
    step: str
    attempt: int
    number: int
    what: ExchangeKind
    asked_sha256: str
    content: ContentRef


class Attempt(Fact):
    """One attempt at a step; `outcome` None means that nobody saw its end."""

    number: int
    outcome: StepOutcome | None = None
    finished: StepFinished | None = None

    @property
    def counts(self) -> bool:
        """Whether the step came to something by it."""
        return self.outcome is not None and self.outcome not in _PUT_OFF


class ExchangeBook:
    """The exchanges of one run by step and attempt; other runs are opened where answers came from them."""

    def __init__(self, events_of: EventsOf, run_id: str) -> None:
        self.run_id = run_id
        self._events_of = events_of
        self._others: dict[str, ExchangeBook] = {run_id: self}

    @cached_property
    def _records(self) -> Sequence[Recorded]:
        return self._events_of(self.run_id)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever recorded."""
        return not self._recorded

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that were started, in that order."""
        return tuple(self._attempts)

    def attempts(self, step: str) -> tuple[Attempt, ...]:
        """Return every attempt at the step, in order."""
        return tuple(self._attempts.get(step, {}).values())

    def of(self, step: str, attempt: int) -> tuple[Exchange, ...]:
        """Return what this attempt asked, in the order in which it did, whoever gave the answer."""
        given = [
            (number, found)
            for number, event in self._replayed.get((step, attempt), ())
            if (found := self._other(event.of_run).find(step, event.of_attempt, event.of_number)) is not None
        ]
        own = [
            (number, one) for (of, no, number), one in self._recorded.items() if (of, no) == (step, attempt)
        ]
        return tuple(one for _, one in sorted([*given, *own], key=lambda pair: pair[0]))

    def find(self, step: str, attempt: int, number: int) -> Exchange | None:
        """Return the exchange that was recorded under this number, if there is one."""
        return self._recorded.get((step, attempt, number))

    def _other(self, run_id: str) -> ExchangeBook:
        if run_id not in self._others:
            self._others[run_id] = ExchangeBook(self._events_of, run_id)
        return self._others[run_id]

    @cached_property
    def _recorded(self) -> dict[tuple[str, int, int], Exchange]:
        return {
            (event.step, event.attempt, event.number): Exchange(
                run_id=self.run_id,
                step=event.step,
                attempt=event.attempt,
                number=event.number,
                what=event.what,
                asked_sha256=event.asked_sha256,
                content=event.exchange,
            )
            for event in (record.event for record in self._records)
            if isinstance(event, ExchangeRecorded)
        }

    @cached_property
    def _replayed(self) -> dict[tuple[str, int], list[tuple[int, ExchangeReplayed]]]:
        found: dict[tuple[str, int], list[tuple[int, ExchangeReplayed]]] = {}
        for event in (record.event for record in self._records):
            if isinstance(event, ExchangeReplayed):
                found.setdefault((event.step, event.attempt), []).append((event.number, event))
        return found

    @cached_property
    def _attempts(self) -> dict[str, dict[int, Attempt]]:
        found: dict[str, dict[int, Attempt]] = {}
        for event in (record.event for record in self._records):
            if isinstance(event, StepStarted):
                found.setdefault(event.step, {})[event.attempt] = Attempt(number=event.attempt)
            elif isinstance(event, StepFinished):
                found.setdefault(event.step, {})[event.attempt] = Attempt(
                    number=event.attempt, outcome=event.outcome, finished=event
                )
        return found


class ExchangeContents:
    """Reads what exchanges say; NotFoundError where it has been erased."""

    def __init__(self, contents: ContentStore, book: ExchangeBook) -> None:
        self._contents = contents
        self._book = book

    def of(self, exchange: Exchange) -> Json:
        """Return the exchange as it was kept; its question may lack what an earlier one said."""
        try:
            kept: Any = json.loads(self._contents.get(exchange.content))
        except ValueError as error:
            raise StoreError(
                f"a recorded exchange of run {exchange.run_id} is damaged",
                help="keep .crewctl/content for inquiry",
            ) from error
        if not isinstance(kept, dict):
            raise StoreError(f"a recorded exchange of run {exchange.run_id} is none")
        return kept

    def question_of(self, exchange: Exchange) -> Json:
        """Return the question whole, as it was asked."""

        def earlier(number: int) -> Json:
            found = self._book.find(exchange.step, exchange.attempt, number)
            if found is None:
                raise NotFoundError(f"exchange {number} of step {exchange.step!r} was never recorded")
            return self.of(found)

        return whole_question(self.of(exchange), earlier)
