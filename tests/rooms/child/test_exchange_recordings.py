"""Which recording an attempt at a step is given: after a wait its own, after a crash none, in a replay the run's."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from crewctl.adapters.child_protocol import Departed
from crewctl.adapters.exchange_recordings import Given, Recordings, as_then
from crewctl.audit.events import LimitName, StepFinished, StepOutcome, StepStarted
from crewctl.audit.events_recorded import ExchangeRecorded
from crewctl.audit.exchanges import ExchangeBook
from crewctl.audit.recording_digest import recording_digest
from crewctl.errors import StoreError
from crewctl.planning.plan import Plan, PlannedRecording
from crewctl.running.port import StepResult
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.small_plans import small_model, small_plan

RUN, THEN = "now", "then"


class Runs:
    """Two runs' accounts: the one that goes on, and an earlier one."""

    def __init__(self) -> None:
        self.store, self.contents = FakeRunStore(), FakeContentStore()

    def attempt(
        self, run: str, number: int, outcome: StepOutcome | None, *said: str, limit: LimitName | None = None
    ) -> None:
        """One attempt at the step, with one answered question for each word that was said."""
        self.store.append(run, StepStarted(step="s", step_kind="task", attempt=number, task="t", agent="a"))
        for place, word in enumerate(said, start=1):
            kept = {"via": "http", "agent": "a", "model": "m", "question": {"text": f"say {word}"}}
            content = json.dumps(kept | {"answer": {"text": word}}).encode()
            event = ExchangeRecorded(
                step="s",
                attempt=number,
                number=place,
                what="model",
                asked_sha256=word,
                exchange=self.contents.put(run, content),
            )
            self.store.append(run, event)
        if outcome is not None:
            finished = StepFinished(
                step="s",
                attempt=number,
                outcome=outcome,
                seconds=1.0,
                error="as it was",
                passing=True,
                limit=limit,
            )
            self.store.append(run, finished)

    def recordings(self, plan: Plan | None = None, *, replays: str | None = None) -> Recordings:
        run: Any = SimpleNamespace(store=self.store, contents=self.contents, run_id=RUN, replays=replays)
        return Recordings(plan or small_plan(models=(small_model(None),)), run)


@pytest.fixture
def runs() -> Runs:
    return Runs()


def words(given: Given) -> list[str]:
    return [str(answer.answer["text"]) for one in given.recordings for answer in one.answers]


def test_a_first_attempt_is_given_nothing(runs: Runs) -> None:
    assert runs.recordings().for_attempt("s", 1) == Given()


def test_after_a_wait_a_step_is_given_what_it_had_asked(runs: Runs) -> None:
    runs.attempt(RUN, 1, "waiting", "one", "two")
    given = runs.recordings().for_attempt("s", 2)
    assert words(given) == ["one", "two"]
    (recording,) = given.recordings
    assert recording.free
    assert not recording.strict
    assert given.tools is None


@pytest.mark.parametrize("outcome", [None, "lost", "failed", "stopped"])
def test_after_anything_else_everything_is_asked_again(runs: Runs, outcome: StepOutcome | None) -> None:
    runs.attempt(RUN, 1, outcome, "one")
    assert runs.recordings().for_attempt("s", 2) == Given()


@pytest.mark.parametrize("outcome", [None, "lost"])
def test_a_crash_after_a_wait_costs_only_what_was_asked_since_the_wait(
    runs: Runs, outcome: StepOutcome | None
) -> None:
    runs.attempt(RUN, 1, "waiting", "one")
    runs.attempt(RUN, 2, outcome, "two")
    assert words(runs.recordings().for_attempt("s", 3)) == ["one"]


def test_a_replayed_step_is_given_the_attempts_that_came_to_something_one_by_one(runs: Runs) -> None:
    runs.attempt(THEN, 1, "waiting", "put off")
    runs.attempt(THEN, 2, "failed", "one")
    runs.attempt(THEN, 3, None, "lost")
    runs.attempt(THEN, 4, "done", "two")
    recordings = runs.recordings(replays=THEN)
    first = recordings.for_attempt("s", 1)
    runs.attempt(RUN, 1, "failed")
    second = recordings.for_attempt("s", 2)
    assert (words(first), words(second)) == (["one"], ["two"])
    assert all(one.strict and one.free for one in (*first.recordings, *second.recordings))
    assert first.recordings[0].cut_off
    assert not second.recordings[0].cut_off
    assert first.tools == ()  # nothing is known of tools, so none can be made


def test_an_attempt_of_the_replay_that_was_cut_off_is_no_try(runs: Runs) -> None:
    runs.attempt(THEN, 1, "failed", "one")
    runs.attempt(THEN, 2, "done", "two")
    runs.attempt(RUN, 1, None)
    assert words(runs.recordings(replays=THEN).for_attempt("s", 2)) == ["one"]


def test_a_step_that_the_run_never_began_is_given_a_recording_of_nothing(runs: Runs) -> None:
    (recording,) = runs.recordings(replays=THEN).for_attempt("s", 1).recordings
    assert recording.strict
    assert recording.answers == ()


def test_where_the_recording_was_cut_off_the_step_ends_as_it_did_then(runs: Runs) -> None:
    runs.attempt(THEN, 1, "limit_reached", "one", limit="max_turns")
    recordings = runs.recordings(replays=THEN)
    given = recordings.for_attempt("s", 1)
    ended = recordings.ended(departure(cut_off=True), "s", given)
    assert (ended.outcome, ended.limit, ended.error) == ("limit_reached", "max_turns", "as it was")


def test_a_failure_that_comes_again_is_known_as_it_was_known_then(runs: Runs) -> None:
    """Whether it passes, and so whether the step is tried again, is not to be found out anew."""
    runs.attempt(THEN, 1, "failed", "one")
    given = runs.recordings(replays=THEN).for_attempt("s", 1)
    assert as_then(StepResult(outcome="failed", error="as it was"), given).passing
    assert not as_then(StepResult(outcome="done"), given).passing


def test_a_question_that_is_not_recorded_says_what_differs(runs: Runs) -> None:
    runs.attempt(THEN, 1, "done", "hello")
    recordings = runs.recordings(replays=THEN)
    given = recordings.for_attempt("s", 1)
    error = recordings.ended(departure(of=(1, 1)), "s", given).error
    assert "what run then was not asked at its question 1: text: say [-hello-]{+goodbye+}" in error
    error = recordings.ended(departure(), "s", given).error
    assert "its recording of this step has nothing more. It asked: text: {+say goodbye+}" in error


def departure(of: tuple[int, int] = (0, 0), *, cut_off: bool = False) -> Departed:
    return Departed(
        number=1,
        what="model",
        asked_sha256="x",
        of_run=THEN,
        of_attempt=of[0],
        of_number=of[1],
        final=True,
        cut_off=cut_off,
        asked={"model": "m", "question": {"text": "say goodbye"}},
    )


def recorded(runs: Runs, sha256: str | None = None) -> Plan:
    digest = recording_digest(ExchangeBook(runs.store.events_of, THEN), runs.contents, "m")
    source = PlannedRecording(run=THEN, model="m", sha256=sha256 or digest or "", kind="provider")
    return small_plan(models=(small_model(None, kind="recorded", recorded=source),))


def test_a_recorded_model_is_answered_strictly_but_takes_its_turns(runs: Runs) -> None:
    runs.attempt(THEN, 1, "done", "one")
    given = runs.recordings(recorded(runs)).for_attempt("s", 1)
    (recording,) = given.recordings
    assert words(given) == ["one"]
    assert (recording.models, recording.tools, recording.free, recording.strict) == (
        ("m",),
        False,
        False,
        True,
    )


def test_another_recording_than_was_planned_answers_nothing(runs: Runs) -> None:
    runs.attempt(THEN, 1, "done", "one")
    with pytest.raises(StoreError, match="not the one that was planned with"):
        runs.recordings(recorded(runs, "0" * 64)).for_attempt("s", 1)
