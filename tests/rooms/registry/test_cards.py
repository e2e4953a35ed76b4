"""What an answer to a card may be, from whom, and what follows from it."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.audit.cards import CardState, fold_cards
from crewctl.audit.events import KickoffRequested, PlanMade, RunClosed
from crewctl.audit.events_people import CardAnswered, CardSource
from crewctl.audit.port import CardAnsweredError
from crewctl.audit.redaction import Redaction
from crewctl.errors import CrewctlError, NotFoundError, UsageError
from crewctl.planning.digest import canonical, sealed
from crewctl.planning.plan import Plan, PlannedPeople
from crewctl.registry.call_cards import CallCards
from crewctl.registry.cards import Answered, CardRooms, Word, answer
from crewctl.registry.subjects import OtherSubjectError
from crewctl.running.cards import Asking, Desk, desk_of
from crewctl.running.port import HoldTool, RefuseTool, RunTool, ToolCall
from crewctl.testing.fake_approvals import SOMEBODY, MemoryApprovals
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.sample_plans import sequential_plan
from crewctl.testing.set_clock import SetClock
from crewctl.testing.small_plans import small_tool

RUN = "20260302-090000-0001"
WHY = "looked at it with care"
CALL = b'{"to": "ada@example.eu", "sum": 3}'


class Office:
    """One run that asks, and the people who answer."""

    def __init__(
        self,
        plan: Plan | None = None,
        *,
        asked_by: str = "eve",
        hidden: tuple[str, ...] = (),
        store: FakeRunStore | SqlRunStore | None = None,
    ) -> None:
        self.plan = plan or sequential_plan()
        self.store = store or FakeRunStore()
        self.contents = FakeContentStore()
        self.clock = SetClock()
        self.approvals = MemoryApprovals()
        self.hidden = Redaction(hidden)
        self.store.append(RUN, KickoffRequested(crew=self.plan.crew, by=asked_by, host="h", pid=1))
        made = PlanMade(
            crew_digest=self.plan.crew_digest,
            inputs_digest=self.plan.inputs_digest,
            plan=self.contents.put(RUN, canonical(self.plan)),
            simulated=True,
        )
        self.store.append(RUN, made)

    @property
    def desk(self) -> Desk:
        return desk_of(self.plan, RUN, self.store, self.contents, self.clock)

    def asks(
        self, source: CardSource = "output", subject: bytes | None = b"a text", **fields: Any
    ) -> CardState:
        return self.desk.ask(
            Asking(key=f"k.{source}", source=source, asks="May it?", subject=subject, **fields)
        )

    def says(self, card: CardState | str, action: Any, by: str = "ada", **fields: Any) -> Answered:
        rooms = CardRooms(
            run_id=RUN,
            store=self.store,
            contents=self.contents,
            clock=self.clock,
            approvals=self.approvals,
            approver=SOMEBODY,
            hidden=self.hidden,
        )
        name = card if isinstance(card, str) else card.card
        return answer(rooms, Word(card=name, action=action, by=by, **{"reason": WHY, **fields}))

    def cards(self) -> tuple[CardState, ...]:
        return fold_cards(self.store.events_of(RUN))

    def answers(self) -> list[CardAnswered]:
        events = [record.event for record in self.store.events_of(RUN)]
        return [event for event in events if isinstance(event, CardAnswered)]


def test_a_yes_says_who_when_why_and_to_which_bytes() -> None:
    office = Office()
    card = office.asks()

    answered = office.says(card, "approve", seen=card.opened.subject_sha256)

    [kept] = office.cards()
    assert kept.answer == answered.answer
    assert (answered.answer.by, answered.answer.reason, answered.answer.action) == ("ada", WHY, "approve")
    assert answered.answer.subject_sha256 == hashlib.sha256(b"a text").hexdigest()
    assert kept.answered_at is not None
    assert answered.left == ()


def test_only_the_first_answer_counts_and_the_second_learns_who_gave_it() -> None:
    office = Office()
    card = office.asks()
    office.says(card, "skip")
    with pytest.raises(CardAnsweredError, match=f"has its answer: skipped by ada on .*: {WHY}"):
        office.says(card, "approve", by="bob")
    assert [each.action for each in office.answers()] == ["skip"]


@pytest.mark.parametrize("kept", ["in memory", "in SQLite"])
def test_of_many_who_answer_at_once_one_is_heard_and_the_others_are_told(kept: str, tmp_path: Path) -> None:
    real = None if kept == "in memory" else SqlRunStore(SqliteDatabase(tmp_path / "crewctl.db"))
    office = Office(store=real)
    card = office.asks()
    refused: list[str] = []
    start = threading.Barrier(8)

    def say(number: int) -> None:
        start.wait()
        try:
            office.says(card, "approve" if number % 2 else "skip", by=f"p{number}")
        except CrewctlError as error:
            refused.append(error.message)

    threads = [threading.Thread(target=say, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [heard] = office.cards()
    assert heard.answer is not None
    assert len(refused) == 7
    assert all(f"by {heard.answer.by} on" in message for message in refused)
    assert len(office.answers()) == 1


@pytest.mark.parametrize(
    "reason", ["", "short", "   too few    ", "with \x1b[31m control characters", "x" * 2001]
)
def test_a_reason_is_wanted_as_for_an_approval(reason: str) -> None:
    office = Office()
    card = office.asks()
    with pytest.raises(UsageError, match="reason"):
        office.says(card, "approve", reason=reason)
    assert office.answers() == []


def test_an_answer_to_other_bytes_than_those_that_were_seen_is_refused() -> None:
    office = Office()
    card = office.asks()
    with pytest.raises(OtherSubjectError, match="and what was seen is 000000000000"):
        office.says(card, "approve", seen="0" * 64)
    with pytest.raises(UsageError, match="at least 8 characters"):
        office.says(card, "approve", seen=card.opened.subject_sha256[:4])
    assert office.says(card, "approve", seen=card.opened.subject_sha256[:8]).answer.action == "approve"


def test_what_was_kept_of_a_card_and_changed_since_can_only_be_put_aside() -> None:
    office = Office()
    card = office.asks()
    assert card.opened.subject is not None
    office.contents._contents[card.opened.subject.id] = b"another text"
    for action in ("approve", "amend"):
        with pytest.raises(OtherSubjectError, match="is not what it asks about"):
            office.says(card, action, text=b"mine")
    assert office.says(card, "skip").answer.action == "skip"


def test_what_has_been_erased_can_only_be_put_aside() -> None:
    office = Office()
    card = office.asks()
    assert card.opened.subject is not None
    del office.contents._contents[card.opened.subject.id]
    with pytest.raises(OtherSubjectError, match="has been erased"):
        office.says(card, "approve")
    assert office.says(card, "skip").answer.action == "skip"


def test_a_card_takes_only_what_it_offers_and_one_that_is_not_there_takes_nothing() -> None:
    office = Office()
    card = office.asks("approval", actions=("approve", "park", "skip"))
    with pytest.raises(UsageError, match="nobody can amend card"):
        office.says(card, "amend", text=b"x")
    with pytest.raises(NotFoundError, match="there is no card"):
        office.says(f"{RUN}.9", "approve")


def test_a_card_whose_time_is_over_is_refused_and_stays_so() -> None:
    office = Office(sequential_plan().model_copy(update={"people": PlannedPeople(expires=3600)}))
    office.plan = sealed(office.plan)
    card = office.asks()
    office.clock.pass_time(timedelta(hours=1))
    with pytest.raises(CardAnsweredError, match="expired on 2026-03-02 10:00 UTC"):
        office.says(card, "approve")
    assert [each.action for each in office.answers()] == ["expire"]
    with pytest.raises(CardAnsweredError, match="refused by crewctl"):
        office.says(card, "approve")


def test_a_card_of_a_run_that_is_over_needs_no_answer() -> None:
    office = Office()
    card = office.asks()
    office.store.append(RUN, RunClosed(outcome="stopped", exit_code=6))
    with pytest.raises(CrewctlError, match="is over, so its card"):
        office.says(card, "approve")


def test_a_parked_card_comes_back_with_its_whole_time() -> None:
    office = Office()
    card = office.asks()
    until = office.clock.now() + timedelta(days=5)

    office.says(card, "park", until=until)

    [parked] = office.cards()
    assert (parked.answer, parked.back_at) == (None, until)
    assert parked.expires_at is not None
    assert abs(parked.expires_at - until - timedelta(days=3)) < timedelta(seconds=5)
    assert not parked.has_expired(office.clock.now() + timedelta(days=4)), "who put it off is not punished"
    office.clock.pass_time(timedelta(days=6))
    assert office.says(card, "approve").answer.action == "approve"


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_a_card_is_parked_until_a_day_to_come(days: int) -> None:
    office = Office()
    card = office.asks()
    with pytest.raises(UsageError, match="a moment to come"):
        office.says(card, "park", until=office.clock.now() + timedelta(days=days))
    with pytest.raises(UsageError, match="a moment to come"):
        office.says(card, "park")


def test_where_four_eyes_are_wanted_whoever_asked_for_the_run_does_not_answer() -> None:
    plan = sealed(sequential_plan().model_copy(update={"people": PlannedPeople(four_eyes=True)}))
    office = Office(plan, asked_by="ada")
    card = office.asks()
    for action in ("approve", "amend", "skip"):
        with pytest.raises(CrewctlError, match="wants four eyes on crew 'letters'"):
            office.says(card, action, by="ada", text=b"mine")
    assert office.answers() == []
    assert office.says(card, "approve", by="bob").answer.by == "bob"
    alone = Office(asked_by="ada")
    assert alone.says(alone.asks(), "approve", by="ada").answer.by == "ada"


def test_an_amended_text_is_kept_byte_for_byte() -> None:
    office = Office()
    text = "Grüße,\r\nAda \n".encode()
    said = office.says(office.asks(), "amend", text=text).answer
    assert said.text is not None
    assert office.contents.get(said.text) == text
    assert said.text_sha256 == hashlib.sha256(text).hexdigest()
    assert len(office.cards()) == 1, "a text is what goes on; nobody is asked again"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"a text", "is what is there already"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * 1_000_001, "at most 1,000,000 bytes"),
        (b"the key is hunter2hunter2", "the value of a secret"),
    ],
)
def test_an_amendment_that_cannot_be_used_answers_nothing(text: bytes, why: str) -> None:
    office = Office(hidden=("hunter2hunter2",))
    card = office.asks()
    with pytest.raises(UsageError, match=why):
        office.says(card, "amend", text=text)
    assert office.answers() == []


def test_a_secret_in_a_reason_is_taken_out() -> None:
    office = Office(hidden=("hunter2hunter2",))
    said = office.says(office.asks(), "skip", reason="it says hunter2hunter2 aloud").answer
    assert said.reason == "it says [redacted] aloud"


def test_changed_arguments_make_a_card_of_their_own_and_are_no_yes() -> None:
    office = Office()
    card = office.asks("tool_call", CALL, step="1.write", tool="custom:send", agent="writer")
    changed = b'{"to": "bob@example.eu", "sum": 3}'

    answered = office.says(card, "amend", text=b"  " + changed + b"\n")

    first, second = office.cards()
    assert first.answer is not None
    assert first.answer.action == "amend"
    assert (answered.instead, answered.left) == (second.card, (second.card,))
    assert second.answer is None
    assert (second.opened.instead_of, second.opened.tool, second.opened.step) == (
        card.card,
        "custom:send",
        "1.write",
    )
    assert second.opened.subject is not None
    assert office.contents.get(second.opened.subject) == changed
    assert "A person changed them" in second.opened.asks


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[1]", "no JSON object"),
        (b'"x"', "no JSON object"),
        (b"{", "not JSON"),
        (b'{"to": "a", "to": "b"}', "stands twice"),
        (b'{"sum": NaN}', "NaN is no number"),
        (b'{"sum": 1e400}', "1e400 is too large a number"),
        (b"[" * 100_000, "not JSON"),
        (CALL, "is what is there already"),
    ],
)
def test_arguments_that_are_no_object_are_refused(text: bytes, why: str) -> None:
    office = Office()
    card = office.asks("tool_call", CALL)
    with pytest.raises(UsageError, match=why):
        office.says(card, "amend", text=text)
    assert office.answers() == []


def calls(office: Office, arguments: str = CALL.decode()) -> RunTool | RefuseTool | HoldTool:
    """Ask the gate about one call, as an attempt at its step does."""
    call = ToolCall(
        step="1.write", attempt=1, call=1, agent="writer", tool="custom:send", arguments=arguments
    )
    tool = small_tool("send").model_copy(update={"name": "custom:send"})
    return CallCards(office.desk, call, tool, "1.write/custom:send/x/1", "key", "write").ask()


def test_the_gate_of_calls_goes_on_with_exactly_what_was_approved_in_the_end() -> None:
    """Both sides of an amendment ask about it at one place: a person is never asked twice."""
    office = Office()
    held = calls(office)
    assert isinstance(held, HoldTool)
    changed = json.dumps({"to": "bob@example.eu"}).encode()
    second = office.says(held.card, "amend", text=changed).instead
    assert calls(office) == HoldTool(card=second or "")
    assert len(office.cards()) == 2
    again = b'{"to":"cleo@example.eu"}'
    third = office.says(second or "", "amend", text=again).instead
    assert calls(office) == HoldTool(card=third or "")
    office.says(third or "", "approve")
    ran = calls(office)
    assert isinstance(ran, RunTool)
    assert (ran.arguments.encode(), ran.card) == (again, third)
    assert len(office.cards()) == 3


def test_a_call_that_is_skipped_or_forgotten_is_not_made() -> None:
    office = Office()
    held = calls(office)
    assert isinstance(held, HoldTool)
    office.says(held.card, "skip")
    refused = calls(office)
    assert isinstance(refused, RefuseTool)
    assert WHY in refused.said


def test_steps_that_ask_side_by_side_get_cards_of_their_own() -> None:
    office = Office()
    start = threading.Barrier(8)

    def ask(number: int) -> None:
        start.wait()
        for key in (f"k{number}", "shared"):
            office.desk.ask(Asking(key=key, source="output", asks="?", subject=key.encode()))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cards = office.cards()
    assert len(cards) == 9, "one each, and one that all of them asked"
    assert {card.card for card in cards} == {f"{RUN}.{number}" for number in range(1, 10)}


def test_the_clock_of_a_card_is_the_runs() -> None:
    office = Office()
    assert office.asks().opened.expires_at == datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
