"""People who are asked about an output: what goes on, what is written, and what a wait holds."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from crewctl.audit.cards import CardState, fold_cards
from crewctl.audit.events_people import CardAction, CardAnswered
from crewctl.errors import StoreError
from crewctl.planning.plan import Plan, PlannedCondition, PlannedPeople, PlannedRule, PlannedTask
from crewctl.running.port import StepResult, Suspended
from crewctl.testing.fake_room import RUN, FakeRoom
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.sample_plans import market_plan, sequential_plan, task


class MemoryFiles:
    """The OutputFiles port over a dict."""

    def __init__(self) -> None:
        self.written: dict[str, bytes] = {}

    def write(self, file: str, content: bytes, *, create_directory: bool) -> None:  # noqa: ARG002 - the port's
        self.written[file] = content


def asks(name: str = "research", **fields: object) -> PlannedTask:
    return task(name, human_input=True, **fields)


def room_of(plan: Plan, **script: str | StepResult) -> FakeRoom:
    return FakeRoom(plan, script, files=MemoryFiles())


def written(room: FakeRoom) -> dict[str, bytes]:
    assert isinstance(room.files, MemoryFiles)
    return room.files.written


def waits(room: FakeRoom) -> list[CardState]:
    """Run until somebody has to answer; return the open cards, and be a new process afterwards."""
    with pytest.raises(Suspended) as put_down:
        room.run()
    found = [card for card in fold_cards(room.store.events_of(RUN)) if card.answer is None]
    assert put_down.value.card in {card.card for card in found}
    room.steps = MemorySteps(room.steps.journal)
    return found


def answer(room: FakeRoom, card: CardState, action: CardAction, text: str | None = None) -> None:
    amended = None if text is None else room.contents.put(RUN, text.encode())
    digest = "" if text is None else hashlib.sha256(text.encode()).hexdigest()
    said = CardAnswered(
        card=card.card,
        action=action,
        by="ada",
        reason="seen it",
        text=amended,
        text_sha256=digest,
        subject_sha256=card.opened.subject_sha256,
    )
    room.store.append(RUN, said)


def test_a_task_with_human_input_waits_between_steps_and_the_wait_is_nobodys() -> None:
    room = room_of(sequential_plan(asks(output_file="out.md"), task("write")), research="facts")

    [card] = waits(room)

    assert (card.opened.source, card.opened.task, card.opened.step) == ("output", "research", "1.research")
    assert room.text(card.opened.subject) == "facts"
    assert card.opened.subject_sha256 == hashlib.sha256(b"facts").hexdigest()
    assert [work.task for work in room.engine.kickoffs] == ["research"]
    assert written(room) == {}
    assert waits(room) == [card], "however often the run is taken up, there is one card"


def test_after_a_yes_the_very_output_goes_on() -> None:
    room = room_of(sequential_plan(asks(output_file="out.md"), task("write")), research="facts")
    answer(room, waits(room)[0], "approve")

    outcome = room.run()

    assert outcome.how == "finished"
    assert [work.task for work in room.engine.kickoffs] == ["research", "write"]
    assert [each.raw for each in room.engine.kickoffs[1].context] == ["facts"]
    assert written(room) == {"out.md": b"facts"}


def test_an_output_that_was_changed_after_the_yes_does_not_go_on() -> None:
    room = room_of(sequential_plan(asks(), asks("write"), task("send")), research="facts")
    answer(room, waits(room)[0], "approve")
    [second] = waits(room)
    for ref, content in room.contents._contents.items():
        if content == b"facts":
            room.contents._contents[ref] = b"other"
    answer(room, second, "approve")

    with pytest.raises(StoreError, match="not the text that ada approved"):
        room.run()

    assert [work.task for work in room.engine.kickoffs] == ["research", "write"]


def test_an_amended_text_is_the_output_for_files_later_tasks_and_the_crew() -> None:
    room = room_of(
        sequential_plan(asks(output_file="out.md"), asks("write")), research="facts", write="a letter"
    )
    answer(room, waits(room)[0], "amend", "better facts")
    [second] = waits(room)
    answer(room, second, "amend", "a better letter")

    outcome = room.run()

    assert written(room) == {"out.md": b"better facts"}
    assert [each.raw for each in room.engine.kickoffs[1].context] == ["better facts"]
    assert room.text(outcome.output) == "a better letter"


def test_a_skipped_output_is_that_of_a_task_that_came_to_nothing() -> None:
    room = room_of(sequential_plan(asks(output_file="out.md"), task("write")), research="facts")
    answer(room, waits(room)[0], "skip")

    outcome = room.run()

    assert written(room) == {}
    assert [each.raw for each in room.engine.kickoffs[1].context] == [""]
    assert room.text(outcome.output) == "output of 2.write"


def test_a_run_of_which_everything_is_skipped_has_failed() -> None:
    room = room_of(sequential_plan(asks()))
    answer(room, waits(room)[0], "skip")
    assert room.run().how == "failed"


def test_a_card_that_nobody_answers_in_time_fails_the_run_and_no_step_follows() -> None:
    room = room_of(
        sequential_plan(asks(), task("write")).model_copy(update={"people": PlannedPeople(expires=3600)})
    )
    [card] = waits(room)
    room.clock.pass_time(timedelta(minutes=59))
    assert waits(room) == [card]
    room.clock.pass_time(timedelta(minutes=2))

    outcome = room.run()

    assert (outcome.how, outcome.error) == ("failed", f"research: nobody answered in time (card {card.card})")
    assert [work.task for work in room.engine.kickoffs] == ["research"]


def test_a_parked_card_goes_on_waiting_and_has_its_new_time() -> None:
    room = room_of(sequential_plan(asks()).model_copy(update={"people": PlannedPeople(expires=3600)}))
    [card] = waits(room)
    now = room.clock.now()
    until, then = now + timedelta(days=2), now + timedelta(days=2, hours=1)
    said = CardAnswered(card=card.card, action="park", by="ada", until=until, expires_at=then)
    room.store.append(RUN, said)
    room.clock.pass_time(timedelta(days=2, minutes=30))
    [parked] = waits(room)
    assert not parked.is_parked(room.clock.now()), "it has come back"
    assert parked.expires_at == then
    room.clock.pass_time(timedelta(minutes=31))
    assert room.run().how == "failed"


def test_tasks_side_by_side_ask_at_once_and_each_is_waited_for() -> None:
    room = room_of(
        sequential_plan(asks("one", async_execution=True), asks("two", async_execution=True), task("write"))
    )
    one, two = waits(room)
    answer(room, two, "amend", "other")
    assert waits(room) == [one]
    answer(room, one, "approve")
    assert room.run().how == "finished"
    assert [each.raw for each in room.engine.kickoffs[2].context] == ["output of 1.one", "other"]


def test_nobody_is_asked_where_a_step_beside_it_ended_the_run() -> None:
    failed = StepResult(outcome="failed", error="down")
    plan = sequential_plan(
        asks("one", async_execution=True, output_file="one.md"),
        task("two", async_execution=True),
        task("write"),
    )
    room = room_of(plan, two=failed)
    assert room.run().how == "failed"
    assert fold_cards(room.store.events_of(RUN)) == ()
    assert written(room) == {}, "an output that nobody has seen is not written"


def test_a_market_asks_once_about_the_selected_text_after_the_verdict() -> None:
    plan = market_plan(human_input=True, output_file="letter.md")
    room = room_of(plan, direct="short", story="the longer of the two")

    [card] = waits(room)

    assert room.text(card.opened.subject) == "the longer of the two"
    assert (card.opened.agent, card.opened.step) == ("story", "draft.story")
    calls = len(room.engine.calls)
    answer(room, card, "amend", "the text of a person")
    outcome = room.run()
    assert room.text(outcome.output) == "the text of a person"
    assert written(room) == {"letter.md": b"the text of a person"}
    assert len(room.engine.calls) == calls, "nothing is judged again"


def test_a_market_whose_text_is_put_aside_has_failed_and_says_by_whom() -> None:
    room = room_of(market_plan(human_input=True, output_file="letter.md"))
    answer(room, waits(room)[0], "skip")
    outcome = room.run()
    assert (outcome.how, outcome.error) == ("failed", "letter: ada put the text aside: seen it")
    assert written(room) == {}


def test_an_amendment_whose_bytes_are_not_those_that_were_given_stops_the_run() -> None:
    room = room_of(sequential_plan(asks()))
    [card] = waits(room)
    forged = room.contents.put(RUN, b"forged")
    digest = hashlib.sha256(b"honest").hexdigest()
    said = CardAnswered(card=card.card, action="amend", by="ada", text=forged, text_sha256=digest)
    room.store.append(RUN, said)
    with pytest.raises(StoreError, match="is not the text that was given"):
        room.run()


def test_a_rule_of_the_plan_answers_without_a_wait() -> None:
    short = PlannedCondition(field="length", op="below", value=20)
    rule = PlannedRule(name="short-texts", when=(short,), sample=0.0)
    people = PlannedPeople(rules=(rule,))
    room = room_of(sequential_plan(asks()).model_copy(update={"people": people}), research="facts")
    assert room.run().how == "finished"
    [card] = fold_cards(room.store.events_of(RUN))
    assert card.answer is not None
    assert (card.answer.by, card.answer.rule, card.answer.sampled) == (
        "rule short-texts",
        "short-texts",
        False,
    )
    long = room_of(room.plan, research="facts that go on and on")
    assert len(waits(long)) == 1


def test_without_a_desk_a_task_that_asks_people_never_just_goes_on() -> None:
    room = room_of(sequential_plan(asks()))
    room.clock = None  # type: ignore[assignment]
    with pytest.raises(AssertionError, match="has a desk"):
        room.run()
