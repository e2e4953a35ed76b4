"""What was asked of models and tools is found again: by step and attempt, through waits, and from other runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crewctl.audit.events import StepFinished, StepOutcome, StepStarted
from crewctl.audit.events_recorded import ExchangeKind, ExchangeRecorded, ExchangeReplayed
from crewctl.audit.exchanges import ExchangeBook, ExchangeContents
from crewctl.audit.recording_digest import recording_digest
from crewctl.audit.replayed import counting
from crewctl.errors import NotFoundError
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore

RUN, OTHER = "run-1", "run-2"


class Account:
    """Writes the account of a run as an engine would."""

    def __init__(self) -> None:
        self.store, self.contents = FakeRunStore(), FakeContentStore()

    def began(self, attempt: int, run: str = RUN) -> None:
        self.store.append(run, StepStarted(step="s", step_kind="task", attempt=attempt, task="t", agent="a"))

    def ended(self, attempt: int, outcome: StepOutcome, run: str = RUN) -> None:
        self.store.append(run, StepFinished(step="s", attempt=attempt, outcome=outcome, seconds=1.0))

    def asked(self, attempt: int, number: int, what: ExchangeKind = "model", **kept: Any) -> None:
        told: dict[str, Any] = {"via": "http", "agent": "a", "model": "m", "question": {}, "answer": {}}
        content = self.contents.put(RUN, json.dumps(told | kept).encode())
        digest = kept.pop("digest", f"{attempt}.{number}")
        self.store.append(
            RUN,
            ExchangeRecorded(
                step="s", attempt=attempt, number=number, what=what, asked_sha256=digest, exchange=content
            ),
        )

    def given(self, attempt: int, number: int, of: tuple[int, int], run: str = RUN) -> None:
        event = ExchangeReplayed(
            step="s",
            attempt=attempt,
            number=number,
            what="model",
            of_run=RUN,
            of_attempt=of[0],
            of_number=of[1],
        )
        self.store.append(run, event)

    def book(self, run: str = RUN) -> ExchangeBook:
        return ExchangeBook(self.store.events_of, run)


@pytest.fixture
def account() -> Account:
    return Account()


def found(book: ExchangeBook, attempt: int) -> list[str]:
    return [one.asked_sha256 for one in book.of("s", attempt)]


def test_an_attempt_that_was_given_answers_has_asked_those_questions_too(account: Account) -> None:
    account.began(1)
    account.asked(1, 1)
    account.asked(1, 2)
    account.ended(1, "waiting")
    account.began(2)
    account.given(2, 1, of=(1, 1))
    account.given(2, 2, of=(1, 2))
    account.asked(2, 3)
    account.ended(2, "done")
    book = account.book()
    assert found(book, 1) == ["1.1", "1.2"]
    assert found(book, 2) == ["1.1", "1.2", "2.3"]
    # What the step came to, the second attempt says: the first was only put off.
    assert [one.number for one in counting(book, "s")] == [2]


def test_what_another_run_recorded_is_found_there(account: Account) -> None:
    account.began(1)
    account.asked(1, 1)
    account.began(1, OTHER)
    account.given(1, 1, of=(1, 1), run=OTHER)
    (one,) = account.book(OTHER).of("s", 1)
    assert (one.run_id, one.asked_sha256) == (RUN, "1.1")


def test_of_a_step_that_never_came_to_anything_the_last_attempt_counts(account: Account) -> None:
    account.began(1)
    account.ended(1, "waiting")
    account.began(2)
    assert [one.number for one in counting(account.book(), "s")] == [2]
    assert counting(account.book(), "other") == ()


def test_every_failed_attempt_counts(account: Account) -> None:
    for attempt in (1, 2):
        account.began(attempt)
        account.ended(attempt, "failed")
    account.began(3)
    account.ended(3, "done")
    assert [one.number for one in counting(account.book(), "s")] == [1, 2, 3]


def test_a_question_comes_back_whole_over_several_exchanges(account: Account) -> None:
    account.began(1)
    account.asked(1, 1, question={"messages": ["a", "b"], "model": "m"})
    for number in (2, 3):
        same = {
            "exchange": number - 1,
            "keys": ["messages", "model"],
            "lists": {"messages": number},
            "equal": [],
        }
        account.asked(1, number, question={"messages": [f"{number}"], "model": "m"}, same=same)
    book = account.book()
    contents = ExchangeContents(account.contents, book)
    last = book.of("s", 1)[-1]
    assert contents.question_of(last) == {"messages": ["a", "b", "2", "3"], "model": "m"}


def test_a_recordings_digest_is_of_every_answer_of_that_model_and_of_nothing_else(account: Account) -> None:
    account.began(1)
    account.asked(1, 1, answer={"text": "one"})
    account.asked(1, 2, "tool", answer={"result": "x"})
    digest = recording_digest(account.book(), account.contents, "m")
    assert digest is not None
    assert recording_digest(account.book(), account.contents, "other") is None
    account.asked(1, 3, model="other", answer={"text": "elsewhere"})
    assert recording_digest(account.book(), account.contents, "m") == digest
    account.asked(1, 4, answer={"text": "two"})
    assert recording_digest(account.book(), account.contents, "m") != digest


def test_what_was_erased_is_said_to_be_erased(account: Account) -> None:
    account.began(1)
    account.asked(1, 1)
    account.contents.erase(RUN)
    with pytest.raises(NotFoundError):
        recording_digest(account.book(), account.contents, "m")
