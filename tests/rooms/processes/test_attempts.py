"""What is done about a step that fails: tried again, by another model or agent, given up; and a crash forgets none of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from crewctl.audit.cards import fold_cards
from crewctl.audit.events import StepFinished, StepOutcome, StepStarted
from crewctl.audit.events_faults import FallbackTaken, StepGivenUp, StepRetryScheduled
from crewctl.audit.events_people import CardAnswered
from crewctl.planning.digest import sealed
from crewctl.planning.plan import Plan, PlannedModel, PlannedRetry
from crewctl.processes import asking_about_failures
from crewctl.processes.backoff import delay_before
from crewctl.running.port import StepResult, Suspended
from crewctl.testing.fake_engine import FakeEngine, judge_by_length
from crewctl.testing.fake_room import RUN, FakeRoom
from crewctl.testing.fake_store import FakeRunStore
from crewctl.testing.sample_plans import hierarchical_plan, market_plan, sequential_plan, task
from crewctl.testing.set_clock import SetClock

PASSING = StepResult(outcome="failed", error="the endpoint failed (500)", passing=True, model="default")
FINAL = StepResult(outcome="failed", error="the guardrail was not passed")
REFUSED = StepResult(outcome="failed", error="the key is refused (401)", model="default")
THRICE = PlannedRetry(attempts=3, backoff=2.0, jitter=0.2)


def with_spare_model(plan: Plan) -> Plan:
    """Return the plan, whose default model has a fallback."""
    spare = PlannedModel(name="spare", kind="offline", model="offline", max_output_tokens=256)
    default = plan.models[0].model_copy(update={"fallback": "spare"})
    return sealed(plan.model_copy(update={"models": (default, spare)}))


def with_stand_in(plan: Plan, agent: str, fallback: str) -> Plan:
    agents = tuple(
        each.model_copy(update={"fallback": fallback}) if each.name == agent else each for each in plan.agents
    )
    return sealed(plan.model_copy(update={"agents": agents}))


def events(room: FakeRoom, *kinds: type) -> list[object]:
    return [event for event in room.store.events(RUN) if isinstance(event, kinds)]


def test_a_passing_failure_is_tried_again_after_growing_waits() -> None:
    plan = sequential_plan(task("write", retry=THRICE.model_dump()))
    room = FakeRoom(plan, {"write": [PASSING, PASSING, "brief"]})

    outcome = room.run()

    assert (outcome.how, room.text(outcome.output)) == ("finished", "brief")
    assert [event.attempt for event in events(room, StepStarted)] == [1, 2, 3]
    waits = [event.delay for event in events(room, StepRetryScheduled)]
    assert 1.6 <= waits[0] <= 2.4
    assert 3.2 <= waits[1] <= 4.8
    assert [seconds for _, seconds in room.engine.pauses] == waits


def test_the_last_of_all_tries_decides() -> None:
    room = FakeRoom(sequential_plan(task("write", retry={"attempts": 2})), {"write": PASSING})

    outcome = room.run()

    assert (outcome.how, outcome.error) == ("failed", "write: the endpoint failed (500)")
    assert len(room.engine.kickoffs) == 2


@pytest.mark.parametrize(
    "failure", [FINAL, REFUSED, StepResult(outcome="limit_reached", limit="task_timeout")]
)
def test_only_what_may_pass_is_tried_again(failure: StepResult) -> None:
    room = FakeRoom(sequential_plan(task("write", retry=THRICE.model_dump())), {"write": failure})

    room.run()

    assert len(room.engine.kickoffs) == 1
    assert events(room, StepRetryScheduled) == []


def test_without_a_word_nothing_is_tried_again() -> None:
    room = FakeRoom(sequential_plan(task("write")), {"write": PASSING})

    assert room.run().how == "failed"
    assert len(room.engine.kickoffs) == 1


def attempt(room: FakeRoom, number: int, seconds: float | None, outcome: StepOutcome = "waiting") -> None:
    """Tell of an attempt by an earlier process; without `seconds` it was lost with that process."""
    step = "1.write"
    room.store.append(
        RUN, StepStarted(step=step, step_kind="task", attempt=number, task="write", agent="writer")
    )
    if seconds is not None:
        room.store.append(RUN, StepFinished(step=step, attempt=number, outcome=outcome, seconds=seconds))


def test_what_a_try_worked_before_people_were_asked_counts_towards_its_timeout() -> None:
    room = FakeRoom(sequential_plan(task("write", timeout=60.0)))
    attempt(room, 1, 4.0)
    attempt(room, 2, 3.5)

    room.run()

    assert [(work.timeout, work.worked) for work in room.engine.kickoffs] == [(60.0, 7.5)]


def test_an_attempt_that_was_lost_with_its_process_is_done_again_with_what_was_left_before_it() -> None:
    room = FakeRoom(sequential_plan(task("write", timeout=60.0)))
    attempt(room, 1, 4.0)
    attempt(room, 2, None)

    room.run()

    assert [work.worked for work in room.engine.kickoffs] == [4.0]


def test_another_try_has_the_whole_timeout_to_itself() -> None:
    plan = sequential_plan(task("write", timeout=60.0, retry=THRICE.model_dump()))
    room = FakeRoom(plan, {"write": [PASSING, "brief"]})
    attempt(room, 1, 4.0)

    room.run()

    assert [work.worked for work in room.engine.kickoffs] == [4.0, 0.0]


def test_a_stop_ends_a_wait_at_once_and_with_it_the_run() -> None:
    room = FakeRoom(sequential_plan(task("write", retry=THRICE.model_dump())), {"write": PASSING})
    room.engine.interrupted = StepResult(outcome="stopped", error="ada stopped it")

    outcome = room.run()

    assert (outcome.how, outcome.error) == ("stopped", "ada stopped it")
    assert len(room.engine.kickoffs) == 1


def test_first_another_model_takes_over_then_another_agent() -> None:
    plan = with_spare_model(
        with_stand_in(sequential_plan(task("write", retry={"attempts": 2})), "writer", "lead")
    )
    spare_fails = PASSING.model_copy(update={"model": "spare"})
    room = FakeRoom(plan, {"write": [PASSING, PASSING, spare_fails, spare_fails, "brief"]})

    outcome = room.run()

    assert room.text(outcome.output) == "brief"
    taken = events(room, FallbackTaken)
    assert [(event.what, event.instead_of, event.taken) for event in taken] == [
        ("model", "default", "spare"),
        ("agent", "writer", "lead"),
    ]
    assert [(work.agent, work.models) for work in room.engine.kickoffs] == [
        (None, {}),
        (None, {}),
        (None, {"default": "spare"}),
        (None, {"default": "spare"}),
        ("lead", {"default": "spare"}),
    ]


def test_a_refused_key_is_not_tried_again_but_another_model_takes_over() -> None:
    room = FakeRoom(
        with_spare_model(sequential_plan(task("write", retry=THRICE.model_dump()))),
        {"spare": "brief", "write": REFUSED},
    )

    assert room.text(room.run().output) == "brief"
    assert len(room.engine.kickoffs) == 2


def test_a_tasks_own_fallback_goes_before_its_agents() -> None:
    plan = with_stand_in(sequential_plan(task("write", fallback="brand_judge")), "writer", "lead")
    room = FakeRoom(plan, {"brand_judge": "brief", "write": FINAL})

    assert room.text(room.run().output) == "brief"
    assert [work.agent for work in room.engine.kickoffs] == [None, "brand_judge"]


def test_a_manager_has_no_stand_in() -> None:
    plan = with_stand_in(hierarchical_plan(task("write", "writer")), "writer", "lead")
    room = FakeRoom(plan, {"write": FINAL})

    assert room.run().how == "failed"
    assert len(room.engine.kickoffs) == 1


@pytest.mark.parametrize("how", ["continue", "skip"])
def test_a_run_goes_on_without_a_task_that_is_given_up(how: str) -> None:
    plan = sequential_plan(
        task("facts", on_failure=how), task("write"), task("check", context=["facts", "write"])
    )
    room = FakeRoom(plan, {"facts": FINAL, "write": "brief", "check": "checked"})

    outcome = room.run()

    assert (outcome.how, room.text(outcome.output)) == ("finished", "checked")
    [given_up] = events(room, StepGivenUp)
    assert (given_up.task, given_up.how, given_up.error) == ("facts", how, FINAL.error)
    told = {"continue": ("facts",), "skip": ()}[how]
    assert room.contexts() == {"facts": (), "write": told, "check": (*told, "write")}
    if told:
        assert (
            room.engine.kickoffs[1].context[0].raw
            == "The task facts came to nothing: there is no output of it."
        )


def test_a_task_that_ran_out_of_its_own_time_can_be_given_up_and_a_run_that_did_cannot() -> None:
    own = StepResult(outcome="limit_reached", limit="task_timeout")
    whole = StepResult(outcome="limit_reached", limit="timeout")
    plan = sequential_plan(task("facts", on_failure="skip"), task("write"))

    assert FakeRoom(plan, {"facts": own}).run().how == "finished"
    assert FakeRoom(plan, {"facts": whole}).run().how == "limit_reached"


def test_a_run_whose_every_task_was_given_up_has_failed() -> None:
    room = FakeRoom(sequential_plan(task("facts", on_failure="skip")), {"facts": FINAL})

    assert room.run().how == "failed"


def test_a_contestant_is_tried_again_and_given_up_without_a_word_about_the_market() -> None:
    plan = market_plan("direct", "story", retry={"attempts": 2}, on_failure="continue")
    room = FakeRoom(plan, {"direct": [PASSING, "a draft"], "story": PASSING})

    assert room.run().how in {"undecided", "finished"}
    assert len(room.engine.kickoffs) == 4
    assert events(room, StepGivenUp) == []


def test_a_judges_call_is_made_of_a_model_that_is_no_contestants_kin() -> None:
    plan = with_spare_model(market_plan("direct", "story"))
    assert plan.market is not None
    judge = plan.market.judges[0].model_copy(update={"fallbacks": ("spare",)})
    plan = sealed(plan.model_copy(update={"market": plan.market.model_copy(update={"judges": (judge,)})}))
    room = FakeRoom(
        plan,
        {"direct": "one draft", "story": "another, longer draft"},
        lambda call: judge_by_length(call) if call.model == "spare" else PASSING,
    )

    room.run()

    assert {call.model for call in room.engine.calls} == {"default", "spare"}
    assert all(event.taken == "spare" for event in events(room, FallbackTaken))

    alone = FakeRoom(
        with_spare_model(market_plan("direct", "story")),
        {"direct": "one", "story": "other"},
        lambda _: PASSING,
    )
    alone.run()
    assert {call.model for call in alone.engine.calls} == {"default"}


def test_what_waits_for_a_person_puts_the_run_down() -> None:
    room = FakeRoom(sequential_plan(task("write")), {"write": StepResult(outcome="waiting", card="run-1.1")})

    with pytest.raises(Suspended) as put_down:
        room.run()
    assert put_down.value.card == "run-1.1"
    assert room.steps.journal == {}


@pytest.mark.parametrize("heard", range(8))
def test_a_crash_at_any_event_neither_repeats_nor_forgets_a_try(heard: int) -> None:
    """Eight events lead to the end; after a crash behind any of them exactly the rest is done."""
    plan = with_stand_in(sequential_plan(task("write", retry={"attempts": 2})), "writer", "lead")
    script = {"write": [PASSING, PASSING, "brief"]}
    whole = FakeRoom(plan, script)
    whole.run()
    account = [type(event).__name__ for event in whole.store.events(RUN)]
    assert account == [
        *("StepStarted", "StepFinished", "StepRetryScheduled"),
        *("StepStarted", "StepFinished", "FallbackTaken"),
        *("StepStarted", "StepFinished"),
    ]
    store = FakeRunStore()
    for event in list(whole.store.events(RUN))[:heard]:
        store.append(RUN, event)
    room = FakeRoom(plan)
    room.store = store
    started = sum(isinstance(event, StepStarted) for event in store.events(RUN))
    finished = sum(type(event).__name__ == "StepFinished" for event in store.events(RUN))
    # What was going on at the crash is done again, with the same ending.
    room.engine = FakeEngine(RUN, store, room.contents, {"write": script["write"][finished:] or ["never"]})

    outcome = room.run()

    assert outcome.how == "finished"
    assert len(room.engine.kickoffs) == 3 - finished
    now = [type(event).__name__ for event in store.events(RUN)]
    assert now.count("StepRetryScheduled") == 1
    assert now.count("FallbackTaken") == 1
    assert now.count("StepFinished") == 3
    assert now.count("StepStarted") == 3 + (started - finished)


def test_the_rest_of_a_wait_is_waited_after_a_crash() -> None:
    plan = sequential_plan(task("write", retry={"attempts": 2, "backoff": 30.0, "jitter": 0.0}))
    times = iter([datetime(2026, 3, 2, 9, 0, second, tzinfo=UTC) for second in range(60)])
    store = FakeRunStore(lambda: next(times))
    store.append(RUN, StepStarted(step="1.write", step_kind="task", attempt=1, task="write", agent="writer"))
    scheduled = store.append(RUN, StepRetryScheduled(step="1.write", attempt=1, error="x", delay=30.0))
    room = FakeRoom(plan, {"write": "brief"})
    room.store, room.engine = store, FakeEngine(RUN, store, room.contents, {"write": "brief"})
    room.clock = SetClock(scheduled.at + timedelta(seconds=21))

    assert room.run().how == "finished"
    assert room.engine.pauses == [("1.write", pytest.approx(9.0))]


def test_jitter_is_the_same_for_a_try_whoever_asks_and_another_for_the_next() -> None:
    retry = PlannedRetry(attempts=9, backoff=1.0, factor=2.0, jitter=0.5, longest=10.0)
    drawn = {delay_before(f"run-{n}", "1.write", 2, retry) for n in range(200)}

    assert delay_before("run-1", "1.write", 2, retry) == delay_before("run-1", "1.write", 2, retry)
    assert len(drawn) == 200
    assert min(drawn) >= 0.5
    assert max(drawn) <= 1.5
    assert max(delay_before(f"run-{n}", "s", 9, retry) for n in range(200)) <= 15.0


def test_an_endpoint_that_is_left_alone_is_waited_for_only_if_nobody_else_can_take_over() -> None:
    until = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    closed = PASSING.model_copy(update={"until": until})
    plan = sequential_plan(task("write", retry={"attempts": 3, "backoff": 1.0, "longest": 60.0}))
    room = FakeRoom(plan, {"write": [closed, "brief"]})
    room.clock = SetClock(until - timedelta(seconds=40))
    assert room.run().how == "finished"
    [scheduled] = events(room, StepRetryScheduled)
    assert room.engine.pauses == [("1.write", 40.0)]
    assert scheduled.delay == 40.0

    helped = FakeRoom(with_spare_model(plan), {"spare": "brief", "write": closed})
    helped.clock = SetClock(until - timedelta(seconds=40))
    assert helped.run().how == "finished"
    assert events(helped, StepRetryScheduled) == []

    long = FakeRoom(plan, {"write": closed})
    long.clock = SetClock(until - timedelta(seconds=400))
    assert long.run().how == "failed"
    assert len(long.engine.kickoffs) == 1


def failing_room(*replies: str | StepResult) -> FakeRoom:
    """A room whose first task fails and asks a person; a second follows."""
    plan = sequential_plan(task("facts", on_failure="ask"), task("write"))
    return FakeRoom(plan, {"facts": [*replies], "write": "brief"})


def answered(room: FakeRoom, action: str, text: str | None = None) -> None:
    """Answer the one open card of the room."""
    [card] = [card for card in fold_cards(room.store.events_of(RUN)) if card.answer is None]
    kept = None if text is None else room.contents.put(RUN, text.encode())
    digest = "" if text is None else hashlib.sha256(text.encode()).hexdigest()
    room.store.append(
        RUN,
        CardAnswered(card=card.card, action=action, by="ada", reason="x", text=kept, text_sha256=digest),  # type: ignore[arg-type]
    )


def test_a_person_is_asked_about_a_failure_and_may_have_it_tried_once_more() -> None:
    room = failing_room(FINAL, FINAL, "facts")
    for _ in range(2):
        with pytest.raises(Suspended):
            room.run()
        answered(room, "approve")

    assert room.run().how == "finished"
    assert [event.attempt for event in events(room, StepStarted)][:3] == [1, 2, 3]
    cards = fold_cards(room.store.events_of(RUN))
    assert [card.opened.source for card in cards] == ["failed_step", "failed_step"]
    assert room.text(cards[0].opened.subject) == FINAL.error


def test_a_text_that_a_person_gives_stands_for_the_step() -> None:
    room = failing_room(FINAL)
    with pytest.raises(Suspended):
        room.run()
    answered(room, "amend", "the facts as I know them")

    assert room.run().how == "finished"
    assert room.engine.kickoffs[-1].context[0].raw == "the facts as I know them"
    assert len(events(room, StepStarted)) == 2


def test_a_person_may_have_the_run_go_on_without_the_step() -> None:
    room = failing_room(FINAL)
    with pytest.raises(Suspended):
        room.run()
    answered(room, "skip")

    assert room.run().how == "finished"
    assert room.engine.kickoffs[-1].context == ()
    [given_up] = events(room, StepGivenUp)
    assert given_up.how == "skip"


def test_nobody_answers_and_the_run_has_failed() -> None:
    room = failing_room(FINAL)
    with pytest.raises(Suspended):
        room.run()
    answered(room, "expire")

    outcome = room.run()
    assert (outcome.how, outcome.error) == ("failed", f"facts: {FINAL.error}")


def test_after_a_yes_a_crash_neither_asks_again_nor_forgets_it() -> None:
    room = failing_room(FINAL, "facts")
    with pytest.raises(Suspended):
        room.run()
    answered(room, "approve")
    room.run()
    for key in ("1.facts", "2.write"):
        del room.steps.journal[key]

    assert room.run().how == "finished"
    assert len(events(room, StepStarted)) == 3
    assert len(fold_cards(room.store.events_of(RUN))) == 1


def test_a_rule_that_always_says_yes_does_not_go_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking_about_failures, "MOST_ATTEMPTS", 4)
    room = failing_room(FINAL)
    for _ in range(3):
        with pytest.raises(Suspended):
            room.run()
        answered(room, "approve")

    assert room.run().how == "failed"
    assert len(events(room, StepStarted)) == 4
