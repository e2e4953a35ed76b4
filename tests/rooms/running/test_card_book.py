"""What a replay says of the cards that it answers: who answered, in which run, and when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crewctl.audit.cards import CardState
from crewctl.audit.events import KickoffRequested, Recorded
from crewctl.audit.events_people import CardAction, CardAnswered
from crewctl.audit.log_lines import log_line
from crewctl.audit.report_people import cards_done
from crewctl.cli.people_view import said_of
from crewctl.planning.plan import PlannedCondition, PlannedPeople, PlannedRule
from crewctl.registry.cards import answered_already
from crewctl.running.cards import Asking, Desk, desk_of
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.set_clock import SetClock
from crewctl.testing.small_plans import small_model, small_plan

THEN, REPLAY, SECOND = "20260301-090000-0001", "20260302-090000-0002", "20260303-090000-0003"
ASKING = Asking(key="output.1.x", source="output", asks="May it?", subject=b"a text")
RULE = PlannedRule(
    name="outputs", when=(PlannedCondition(field="source", op="equals", value="output"),), sample=1.0
)


class Runs:
    """A run that asked, and runs that replay it or its replay."""

    def __init__(self, *rules: PlannedRule) -> None:
        self.store = FakeRunStore()
        self.contents = FakeContentStore()
        self.plan = small_plan(models=(small_model(None),), people=PlannedPeople(rules=rules))
        self._begin(THEN, None)
        self.desk(THEN).ask(ASKING)

    def desk(self, run_id: str) -> Desk:
        clock = SetClock(datetime(2026, 3, 3, 9, 0, tzinfo=UTC))
        return desk_of(self.plan, run_id, self.store, self.contents, clock)

    def answered(self, action: CardAction = "approve") -> datetime:
        said = CardAnswered(card=f"{THEN}.1", action=action, by="ada", reason="it is right")
        return self.store.append(THEN, said).at

    def replayed(self, run_id: str, of: str) -> CardState:
        self._begin(run_id, of)
        return self.desk(run_id).ask(ASKING)

    def last(self, run_id: str) -> Recorded:
        return self.store.events_of(run_id)[-1]

    def _begin(self, run_id: str, of: str | None) -> None:
        source = "person" if of is None else "replay"
        asked = KickoffRequested(crew="small", by="eve", host="h", pid=1, source=source, of=of)  # type: ignore[arg-type]
        self.store.append(run_id, asked)


@pytest.mark.parametrize("action", ["approve", "skip"])
def test_a_replayed_answer_names_the_run_and_the_time_in_which_it_was_given(action: CardAction) -> None:
    runs = Runs()
    at = runs.answered(action)

    card = runs.replayed(REPLAY, THEN)

    assert card.answer is not None
    assert (card.answer.action, card.answer.by, card.answer.card) == (action, "ada", f"{REPLAY}.1")
    assert (card.answer.of_run, card.answer.said_at) == (THEN, at)
    assert card.answered_at is not None
    assert card.answered_at > at


def test_a_replay_of_a_replay_names_the_run_in_which_the_person_answered() -> None:
    runs = Runs()
    at = runs.answered()
    runs.replayed(REPLAY, THEN)

    answer = runs.replayed(SECOND, REPLAY).answer

    assert answer is not None
    assert (answer.of_run, answer.said_at) == (THEN, at)


def test_the_log_and_the_report_of_a_replay_do_not_say_that_the_person_answered_now() -> None:
    runs = Runs()
    at = runs.answered()
    runs.replayed(REPLAY, THEN)

    line = log_line(runs.last(REPLAY))
    [told] = cards_done(runs.store.events_of(REPLAY), lambda _: None)

    when = f"on {at:%Y-%m-%d %H:%M:%S} UTC"
    assert f"approve by ada on {at:%Y-%m-%dT%H:%M:%SZ} in run {THEN}, which is replayed" in line
    assert said_of(told) == f"approved by ada {when} in run {THEN}, which is replayed"
    assert (told.of_run, told.said_at, told.waited_seconds) == (THEN, at, None)


def test_whoever_answers_a_replayed_card_is_told_in_which_run_it_was_answered() -> None:
    runs = Runs()
    at = runs.answered()

    said = answered_already(runs.replayed(REPLAY, THEN)).message

    assert f"approved by ada on {at:%Y-%m-%d %H:%M} UTC in run {THEN}, which is replayed: it is right" in said


def test_an_answer_of_today_names_no_other_run() -> None:
    runs = Runs()
    runs.answered()

    [told] = cards_done(runs.store.events_of(THEN), lambda _: None)

    assert (told.by, told.of_run, told.said_at) == ("ada", None, None)
    assert said_of(told).startswith("approved by ada on ")
    assert "replay" not in said_of(told)


def test_a_rules_answer_that_is_replayed_is_not_to_be_looked_at_again() -> None:
    runs = Runs(RULE)
    [first] = runs.desk(THEN).cards()
    assert first.answer is not None
    assert first.answer.sampled

    answer = runs.replayed(REPLAY, THEN).answer

    assert answer is not None
    assert (answer.rule, answer.of_run, answer.sampled) == ("outputs", THEN, False)
    assert [left.run_id for left in runs.store.leftovers()] == [THEN]


def test_a_card_that_nobody_answered_then_waits_in_the_replay_too() -> None:
    runs = Runs()

    assert runs.replayed(REPLAY, THEN).answer is None
