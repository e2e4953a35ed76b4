"""Real children on a model server that fails: what is tried again, who takes over, who is left alone."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from crewctl.audit.events import StepFinished, StepStarted, ToolCallFinished, ToolCallStarted, TurnGranted
from crewctl.audit.events_faults import BreakerOpened, FallbackTaken, StepRetryScheduled
from crewctl.planning.plan import EffectiveLimit, EffectiveLimits, Plan, PlannedBreaker, PlannedModel
from crewctl.testing.model_server_behaviours import by_turn, failing
from crewctl.testing.model_server_exchange import Answer, Failure, ToolCall
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_task, small_tool

pytestmark = pytest.mark.real
Room = Any
FAST = {"attempts": 3, "backoff": 0.2, "factor": 2.0, "jitter": 0.2, "longest": 5.0}


def plan_on(room: Room, behaviour: str, retry: dict[str, float] | None = None, **given: Any) -> Plan:
    """Return a plan of one task whose model behaves so."""
    task = small_task("draft", retry=FAST if retry is None else retry)
    return small_plan(
        **{"models": (small_model(room.server.base_url, behaviour),), "tasks": (task,), **given}
    )


def tried(done: Any) -> list[int]:
    return [event.attempt for event in done.of(StepStarted)]


@pytest.mark.parametrize("behaviour", ["500-once", "429-once"])
def test_a_passing_failure_is_tried_again_in_a_new_child(room: Room, behaviour: str) -> None:
    done = room.run(plan_on(room, behaviour))

    assert done.outcome.how == "finished", done.outcome.error
    assert tried(done) == [1, 2]
    first, second = done.of(StepFinished)
    assert (first.outcome, first.passing, first.model) == ("failed", True, "m")
    assert (second.outcome, second.passing, second.model) == ("done", False, "")
    assert done.ledger.totals("run-1").turns == 2


@pytest.mark.parametrize(
    ("failure", "passing"),
    [
        (Failure(408), True),
        (Failure(409), True),
        (Failure(425), True),
        (Failure(429), True),
        (Failure(503), True),
        (Failure(400), False),
        (Failure(401), False),
        (Failure(404), False),
        (Failure(422), False),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
def test_what_passes_is_known_by_the_status(room: Room, failure: Failure, passing: bool) -> None:  # noqa: FBT001
    room.server.behave("wrong", failing(failure, when=lambda _: True))
    done = room.run(plan_on(room, "wrong", {**FAST, "attempts": 2, "backoff": 0.05}))

    assert done.outcome.how == "failed"
    assert tried(done) == ([1, 2] if passing else [1])
    assert {event.passing for event in done.of(StepFinished)} == {passing}


@pytest.mark.parametrize("behaviour", ["drop", "hang"])
def test_a_connection_that_breaks_and_a_client_that_waits_in_vain_are_passing(
    room: Room, behaviour: str
) -> None:
    model = small_model(room.server.base_url, behaviour, timeout=0.5)
    done = room.run(plan_on(room, behaviour, {**FAST, "attempts": 2, "backoff": 0.05}, models=(model,)))

    assert tried(done) == [1, 2]
    assert all(event.passing for event in done.of(StepFinished))


def test_nobody_listens_at_all(room: Room) -> None:
    model = small_model("http://127.0.0.1:9/v1", "plain")
    done = room.run(plan_on(room, "plain", {**FAST, "attempts": 2, "backoff": 0.05}, models=(model,)))

    assert tried(done) == [1, 2]


def test_what_a_model_says_of_errors_makes_nothing_passing(room: Room) -> None:
    said = "openai.InternalServerError: Error code: 500, connection error, please retry"
    room.server.behave("talks", failing(Failure(400, said), when=lambda _: True))
    done = room.run(plan_on(room, "talks"))

    assert tried(done) == [1]


def test_waits_grow_and_are_those_of_the_account(room: Room) -> None:
    done = room.run(plan_on(room, "500", {**FAST, "attempts": 4}))

    waits = [event.delay for event in done.of(StepRetryScheduled)]
    assert [round(wait, 3) for wait in waits] == sorted(round(wait, 3) for wait in waits)
    records = done.store.events_of("run-1")
    scheduled = [record for record in records if isinstance(record.event, StepRetryScheduled)]
    started = [record for record in records if isinstance(record.event, StepStarted)][1:]
    real = [(then.at - before.at).total_seconds() for before, then in zip(scheduled, started, strict=True)]
    for wait, waited in zip(waits, real, strict=True):
        assert wait <= waited <= wait + 2.0


def test_every_try_is_booked_in_the_same_ledger_and_a_limit_ends_them(room: Room) -> None:
    limits = EffectiveLimits(max_turns=EffectiveLimit(value=2, source="test"))
    done = room.run(plan_on(room, "500", {**FAST, "attempts": 9, "backoff": 0.05}, limits=limits))

    assert (done.outcome.how, done.outcome.limit) == ("limit_reached", "max_turns")
    assert done.ledger.totals("run-1").turns == 2
    assert len(room.server.calls) == 2


def test_a_stop_ends_a_wait_at_once(room: Room) -> None:
    began = time.monotonic()

    def stop_later(context: Any) -> None:
        def wait() -> None:
            while not any(isinstance(event, StepRetryScheduled) for event in context.store.events("run-1")):
                time.sleep(0.02)
            context.stop.request("ada", "enough")

        threading.Thread(target=wait, daemon=True).start()

    done = room.run(plan_on(room, "500", {**FAST, "backoff": 60.0, "longest": 60.0}), before=stop_later)

    assert done.outcome.how == "stopped"
    assert time.monotonic() - began < 30
    assert tried(done) == [1]


def test_the_runs_time_ends_a_wait(room: Room) -> None:
    limits = EffectiveLimits(timeout=EffectiveLimit(value=2.0, source="test"))
    done = room.run(plan_on(room, "500", {**FAST, "backoff": 60.0, "longest": 60.0}, limits=limits))

    assert (done.outcome.how, done.outcome.limit) == ("limit_reached", "timeout")
    assert done.seconds < 30


def test_another_model_takes_over_and_then_another_agent(room: Room) -> None:
    url = room.server.base_url
    room.server.behave("down", failing(Failure(503), when=lambda _: True))
    room.server.behave("gone", failing(Failure(404), when=lambda _: True))
    models = (
        small_model(url, "down", fallback="spare"),
        small_model(url, "gone", name="spare"),
        small_model(url, "plain", name="third"),
    )
    agents = (small_agent("writer", fallback="helper"), small_agent("helper", model="third"))
    done = room.run(
        plan_on(
            room,
            "down",
            {**FAST, "attempts": 2, "backoff": 0.05},
            models=models,
            agents=agents,
            stand_ins=("helper",),
        )
    )

    assert done.outcome.how == "finished", done.outcome.error
    assert [(event.what, event.taken) for event in done.of(FallbackTaken)] == [
        ("model", "spare"),
        ("agent", "helper"),
    ]
    assert [event.model for event in done.of(TurnGranted)] == ["m", "m", "spare", "third"]
    assert [event.agent for event in done.of(StepStarted)] == ["writer", "writer", "writer", "helper"]


def test_who_only_stands_in_is_no_coworker(room: Room) -> None:
    agents = (
        small_agent("writer", fallback="helper", settings={"allow_delegation": True}),
        small_agent("reader"),
        small_agent("helper"),
    )
    done = room.run(plan_on(room, "plain", agents=agents, stand_ins=("helper",)))

    assert done.outcome.how == "finished"
    asked = str(room.server.calls[0].body)
    assert "The reader" in asked
    assert "The helper" not in asked


def test_an_endpoint_that_keeps_failing_is_left_alone_by_the_next_run_too(room: Room) -> None:
    breaker = PlannedBreaker(failures=3, within=60.0, open_for=3.0)
    first = room.run(plan_on(room, "500", {**FAST, "attempts": 3, "backoff": 0.05}, breaker=breaker))
    [opened] = first.of(BreakerOpened)
    asked = len(room.server.calls)

    second = room.run(plan_on(room, "500", {"attempts": 1}, breaker=breaker))

    assert second.outcome.how == "failed"
    assert "is left alone until" in second.outcome.error
    assert len(room.server.calls) == asked
    assert second.ledger.totals("run-1").turns == 0
    [finished] = second.of(StepFinished)
    assert (finished.passing, finished.until) == (True, opened.until)


def test_a_step_waits_for_the_breaker_and_one_probe_closes_it(room: Room) -> None:
    breaker = PlannedBreaker(failures=2, within=60.0, open_for=1.5)
    room.server.behave("ill", failing(Failure(500), when=lambda count: count <= 2))
    done = room.run(plan_on(room, "ill", {**FAST, "attempts": 4, "backoff": 0.05}, breaker=breaker))

    assert done.outcome.how == "finished", done.outcome.error
    assert len(done.of(BreakerOpened)) == 1
    assert done.ledger.totals("run-1").turns == 3
    again = room.run(plan_on(room, "ill", breaker=breaker))
    assert again.outcome.how == "finished"


def test_a_failure_that_opens_the_breaker_is_not_waited_for_while_somebody_can_take_over(room: Room) -> None:
    breaker = PlannedBreaker(failures=2, within=60.0, open_for=60.0)
    models: tuple[PlannedModel, ...] = (
        small_model(room.server.base_url, "500", fallback="spare"),
        small_model(room.server.base_url, "plain", name="spare"),
    )
    done = room.run(
        plan_on(room, "500", {**FAST, "attempts": 5, "backoff": 0.05}, models=models, breaker=breaker)
    )

    assert [event.model for event in done.of(TurnGranted)] == ["m", "m", "spare"]
    assert len(done.of(StepRetryScheduled)) == 1


def test_while_an_endpoint_is_left_alone_another_model_takes_over_at_once(room: Room) -> None:
    breaker = PlannedBreaker(failures=1, within=60.0, open_for=60.0)
    models: tuple[PlannedModel, ...] = (
        small_model(room.server.base_url, "500", fallback="spare"),
        small_model(room.server.base_url, "plain", name="spare"),
    )
    done = room.run(
        plan_on(room, "500", {**FAST, "attempts": 3, "backoff": 0.05}, models=models, breaker=breaker)
    )

    assert done.outcome.how == "finished"
    assert [event.model for event in done.of(TurnGranted)] == ["m", "spare"]


def test_a_tool_that_keeps_failing_is_left_alone_and_its_agent_is_told(room: Room) -> None:
    tool = small_tool("broken").model_copy(update={"watched": True})
    source = """
from crewai.tools import tool

@tool("broken")
def broken(number: int) -> str:
    \"\"\"Count.\"\"\"
    raise OSError("the service is down")
"""
    calls = [Answer(tool_calls=(ToolCall("broken", {"number": number}),)) for number in range(4)]
    room.server.behave("calls", by_turn(*calls, plain_answer()))
    done = room.run(
        plan_on(
            room,
            "calls",
            agents=(small_agent("writer", tools=("custom:broken",)),),
            tools=(tool,),
            tool_sources={"tools/broken.py": source},
            breaker=PlannedBreaker(failures=2, within=60.0, open_for=60.0),
        )
    )

    assert done.outcome.how == "finished", done.outcome.error
    assert len(done.of(ToolCallStarted)) == 2
    [opened] = done.of(BreakerOpened)
    assert opened.target == "tool custom:broken"
    assert "left alone until" in str(room.server.calls[-1].body)


WRONG_ARGUMENTS = {
    "refused by the function": (
        """
from crewai.tools import tool
from pydantic import ConfigDict, PositiveInt, validate_call

@validate_call
def counted(number: PositiveInt) -> str:
    return str(number)

@tool("careful")
def careful(number: int) -> str:
    \"\"\"Count.\"\"\"
    return str(number)

careful.func = counted
""",
        {"number": -1},
    ),
    "refused by what the tool makes of them": (
        """
from crewai.tools import tool
from pydantic import BaseModel, Field

class Letter(BaseModel):
    to: str = Field(pattern="@")

@tool("careful")
def careful(to: str) -> str:
    \"\"\"Send.\"\"\"
    return Letter(to=to).to
""",
        {"to": "elena"},
    ),
}


@pytest.mark.parametrize("way", list(WRONG_ARGUMENTS))
def test_arguments_that_do_not_fit_are_no_failure_of_the_tool(room: Room, way: str) -> None:
    source, arguments = WRONG_ARGUMENTS[way]
    tool = small_tool("careful").model_copy(update={"watched": True})
    calls = [Answer(tool_calls=(ToolCall("careful", arguments),)) for _ in range(3)]
    room.server.behave("calls", by_turn(*calls, plain_answer()))
    done = room.run(
        plan_on(
            room,
            "calls",
            agents=(small_agent("writer", tools=("custom:careful",)),),
            tools=(tool,),
            tool_sources={"tools/careful.py": source},
            breaker=PlannedBreaker(failures=2, within=60.0, open_for=60.0),
        )
    )

    assert done.outcome.how == "finished", done.outcome.error
    assert [event.error == "" for event in done.of(ToolCallFinished)] == [False] * 3
    assert done.of(BreakerOpened) == []


def plain_answer() -> Answer:
    return Answer("I now can give a great answer.\nFinal Answer: done")


def test_tries_of_one_step_do_not_overlap(room: Room) -> None:
    done = room.run(plan_on(room, "500", {**FAST, "attempts": 3, "backoff": 0.05}))
    ends = [record.at for record in done.store.events_of("run-1") if isinstance(record.event, StepFinished)]
    starts = [record.at for record in done.store.events_of("run-1") if isinstance(record.event, StepStarted)]

    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
