"""Choose what a child is given of earlier exchanges: its own run's, a replayed run's, or a recorded model's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crewctl.adapters.child_protocol import Departed
from crewctl.adapters.engine_context import RunContext
from crewctl.adapters.exchange_recording import RecordedAnswer, Recording
from crewctl.audit.events import StepFinished
from crewctl.audit.exchange_content import Json
from crewctl.audit.exchanges import Attempt, Exchange, ExchangeBook, ExchangeContents
from crewctl.audit.recording_digest import recording_digest
from crewctl.audit.replayed import counting
from crewctl.errors import StoreError
from crewctl.planning.plan import Plan
from crewctl.planning.question_changes import question_change
from crewctl.running.port import StepResult

_BEFORE_ANY = 0
"""The number of the exchange by which tools described themselves."""


@dataclass(frozen=True)
class Given:
    """What one attempt at a step is given. `tools` are descriptions of the tools that stand-ins are made of.

    `ending` is how the recorded attempt ended where that was not by an output: where its recording ends,
    the replayed step ends so too.
    """

    recordings: tuple[Recording, ...] = ()
    tools: tuple[Json, ...] | None = None
    ending: StepFinished | None = None


class Recordings:
    """The recordings that the steps of one run are given."""

    def __init__(self, plan: Plan, run: RunContext) -> None:
        self._plan = plan
        self._run = run
        self._books: dict[str, ExchangeBook] = {}
        self._checked: set[str] = set()

    def for_attempt(self, step: str, attempt: int) -> Given:
        """Return what this attempt is given; StoreError or NotFoundError where a recording cannot be read."""
        if self._run.replays is not None:
            return self._whole(self._run.replays, step, attempt)
        return Given(recordings=(*self._after_a_wait(step, attempt), *self._of_models(step, attempt)))

    def ended(self, departed: Departed, step: str, given: Given) -> StepResult:
        """Return what a step comes to that asked what is not recorded: what it came to then, or a failure that says what differs."""
        ending = given.ending
        if departed.cut_off and ending is not None:
            found = StepResult(outcome=ending.outcome, error=ending.error, limit=ending.limit)
            return as_then(found, given)
        return StepResult(outcome="failed", error=self._difference(departed, step))

    def _difference(self, departed: Departed, step: str) -> str:
        asked: Any = departed.asked
        whom = "the tool" if departed.what == "tool" else f"the model {asked.get('model')!r}"
        where = f"step {step!r} asked {whom} as question {departed.number} what run {departed.of_run}"
        book = self._book(departed.of_run)
        expected = book.find(step, departed.of_attempt, departed.of_number)
        question = asked.get("question", {})
        if expected is None:
            began = question_change({}, question)
            return f"{where} was not asked: its recording of this step has nothing more. It asked: {began}"
        recorded = ExchangeContents(self._run.contents, book).question_of(expected)
        return (
            f"{where} was not asked at its question {expected.number}: {question_change(recorded, question)}"
        )

    def _whole(self, of_run: str, step: str, attempt: int) -> Given:
        """Give the attempt the same-numbered one of the replayed run, not counting those that were put off."""
        book, source = self._book(of_run), self._source(self._book(of_run), step, attempt)
        if source is None:
            return Given((Recording(of_run=of_run, answers=(), strict=True),), tools=())
        contents = ExchangeContents(self._run.contents, book)
        exchanges = book.of(step, source.number)
        described = [contents.of(one)["answer"] for one in exchanges if one.number == _BEFORE_ANY]
        tools = tuple(described[0].get("tools", ())) if described else ()
        answers = tuple(_answers(exchanges, contents))
        cut_off = source.outcome != "done"
        recording = Recording(of_run=of_run, answers=answers, strict=True, cut_off=cut_off)
        return Given((recording,), tools, source.finished if cut_off else None)

    def _after_a_wait(self, step: str, attempt: int) -> Iterator[Recording]:
        """Give an attempt that follows a wait for people what the one before had asked already.

        A crash is no wait: what a lost attempt asked is asked again. Attempts lost since the wait are passed over.
        """
        if attempt == 1:
            return
        book = ExchangeBook(self._run.store.events_of, self._run.run_id)
        seen = [
            one for one in book.attempts(step) if one.number < attempt and one.outcome not in {None, "lost"}
        ]
        if not seen or seen[-1].outcome != "waiting":
            return
        exchanges = book.of(step, seen[-1].number)
        answers = tuple(_answers(exchanges, ExchangeContents(self._run.contents, book)))
        yield Recording(of_run=self._run.run_id, answers=answers)

    def _of_models(self, step: str, attempt: int) -> Iterator[Recording]:
        """Give the recordings that take the place of models."""
        by_run: dict[str, dict[str, str]] = {}
        for model in self._plan.models:
            if model.recorded is not None:
                by_run.setdefault(model.recorded.run, {})[model.name] = model.recorded.model
        for of_run, names in by_run.items():
            book = self._book(of_run)
            source = self._source(book, step, attempt)
            exchanges = book.of(step, source.number) if source else ()
            contents = ExchangeContents(self._run.contents, book)
            for name, recorded in names.items():
                self._refuse_another(book, name, recorded)
                yield Recording(
                    of_run=of_run,
                    answers=tuple(_answers(exchanges, contents, {recorded: name})),
                    models=(name,),
                    tools=False,
                    free=False,
                    strict=True,
                )

    def _refuse_another(self, book: ExchangeBook, name: str, recorded: str) -> None:
        """StoreError where the recording is not the one that was planned with, and perhaps approved."""
        planned = self._plan.model(name).recorded
        if name in self._checked or planned is None:
            return
        if recording_digest(book, self._run.contents, recorded) != planned.sha256:
            raise StoreError(
                f"the recording of run {planned.run} is not the one that was planned with",
                help="look at the change, then plan and approve the crew again",
            )
        self._checked.add(name)

    def _source(self, book: ExchangeBook, step: str, attempt: int) -> Attempt | None:
        found = counting(book, step)
        return found[min(self._order(step, attempt), len(found)) - 1] if found else None

    def _order(self, step: str, attempt: int) -> int:
        """Return which try of this run it is: attempts that were lost or put off are done again, and no further try."""
        if attempt == 1:
            return 1
        own = ExchangeBook(self._run.store.events_of, self._run.run_id).attempts(step)
        return 1 + sum(one.counts for one in own if one.number < attempt)

    def _book(self, run_id: str) -> ExchangeBook:
        if run_id not in self._books:
            self._books[run_id] = ExchangeBook(self._run.store.events_of, run_id)
        return self._books[run_id]


def as_then(result: StepResult, given: Given) -> StepResult:
    """Return a replayed failure with what was known of it then: whether and when it passes, of which model it was."""
    ending = given.ending
    if ending is None or ending.outcome != result.outcome:
        return result
    return result.model_copy(update={"passing": ending.passing, "model": ending.model, "until": ending.until})


def _answers(
    exchanges: tuple[Exchange, ...], contents: ExchangeContents, names: Mapping[str, str] | None = None
) -> Iterator[RecordedAnswer]:
    """Return the answers that can be given again; with `names` only those of models, under other names."""
    for exchange in exchanges:
        if exchange.number == _BEFORE_ANY:
            continue
        kept = contents.of(exchange)
        model = kept.get("model", "")
        if names is not None and model not in names:
            continue
        if "left_out" in kept["answer"]:
            continue
        yield RecordedAnswer(
            number=exchange.number,
            attempt=exchange.attempt,
            what=exchange.what,
            via=kept["via"],
            asked_sha256=exchange.asked_sha256,
            agent=kept["agent"],
            model=model if names is None else names[model],
            talk=kept.get("talk", ""),
            inside=kept.get("inside"),
            answer=kept["answer"],
        )
