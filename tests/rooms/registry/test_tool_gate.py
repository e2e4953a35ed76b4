"""What the gate says of a call of a tool, by the plan, people's answers and what earlier attempts did."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crewctl.audit.cards import CardState
from crewctl.audit.events import StepStarted, ToolCallFinished, ToolCallStarted
from crewctl.audit.events_people import CardAction, CardAnswered
from crewctl.audit.redaction import Redaction
from crewctl.audit.tool_calls import CallFold
from crewctl.registry.tool_gate import PlannedToolGate
from crewctl.running.cards import desk_of
from crewctl.running.port import HoldTool, RefuseTool, RunTool, ToolCall
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.set_clock import SetClock
from crewctl.testing.small_plans import small_model, small_plan, small_tool

RUN = "r-1"
A, B = '{"to":"Ada"}', '{"to":"Bob"}'


@dataclass
class Attempts:
    """The gate as the attempts at one step meet it, each in a process of its own."""

    given: dict[str, Any]
    store: FakeRunStore = field(default_factory=FakeRunStore)
    contents: FakeContentStore = field(default_factory=FakeContentStore)
    clock: SetClock = field(default_factory=lambda: SetClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)))
    attempt: int = 0
    calls: int = 0

    def again(self) -> None:
        """Begin the next attempt."""
        tool = small_tool("send", **{"tags": ("sends_data",), "calls": "ask", "effect": True, **self.given})
        plan = small_plan(models=(small_model(None),), tools=(tool,))
        self.gate = PlannedToolGate(plan, desk_of(plan, RUN, self.store, self.contents, self.clock))
        self.attempt += 1
        self.calls = 0
        self.store.append(
            RUN,
            StepStarted(step="1.x", step_kind="task", attempt=self.attempt, task="draft", agent="writer"),
        )

    def decide(self, arguments: str = A, tool: str = "custom:send") -> RunTool | RefuseTool | HoldTool:
        self.calls += 1
        call = ToolCall(
            step="1.x",
            attempt=self.attempt,
            call=self.calls,
            agent="writer",
            tool=tool,
            arguments=arguments,
            tags=("sends_data",),
        )
        return self.gate.decide(call)

    def made(self, arguments: str = A, result: str | None = "sent", error: str = "") -> RunTool:
        """Have a call be let through, and come back unless it has neither result nor error."""
        decision = self.decide(arguments)
        assert isinstance(decision, RunTool), decision
        self.store.append(
            RUN,
            ToolCallStarted(
                step="1.x",
                call=self.calls,
                agent="writer",
                tool="custom:send",
                arguments=self.contents.put(RUN, decision.arguments.encode()),
                attempt=self.attempt,
                effect=True,
                card=decision.card,
                key=decision.key,
            ),
        )
        if result is not None or error:
            kept = None if error or result is None else self.contents.put(RUN, result.encode())
            self.store.append(
                RUN, ToolCallFinished(step="1.x", call=self.calls, seconds=0.1, result=kept, error=error)
            )
        return decision

    def cards(self) -> tuple[CardState, ...]:
        return self.gate._desk.cards()

    def answer(self, action: CardAction, text: bytes | None = None, **given: Any) -> None:
        card = next(card for card in self.cards() if card.answer is None)
        self.store.append(
            RUN,
            CardAnswered(
                card=card.card,
                action=action,
                by="ada",
                text=None if text is None else self.contents.put(RUN, text),
                text_sha256="" if text is None else hashlib.sha256(text).hexdigest(),
                **given,
            ),
        )


def attempts(**given: Any) -> Attempts:
    made = Attempts(given)
    made.again()
    return made


def test_a_card_that_nobody_answers_in_time_refuses_the_call() -> None:
    run = attempts()
    assert isinstance(run.decide(), HoldTool)

    run.clock.pass_time(timedelta(days=30))
    run.again()
    decision = run.decide()

    assert isinstance(decision, RefuseTool)
    assert decision.said == "The tool was not called: nobody allowed it in time."


def test_a_parked_card_still_holds_the_call() -> None:
    run = attempts()
    held = run.decide()
    run.answer("park", until=run.clock.now() + timedelta(days=1))
    run.again()

    assert run.decide() == held


def test_a_yes_to_other_bytes_than_the_cards_is_no_yes() -> None:
    run = attempts()
    run.decide()
    run.answer("approve", subject_sha256=hashlib.sha256(B.encode()).hexdigest())
    run.again()

    decision = run.decide()

    assert isinstance(decision, RefuseTool)
    assert "the yes was to other arguments" in decision.said


def test_an_amendment_of_an_amendment_is_asked_about_as_well() -> None:
    run = attempts()
    run.decide()
    run.answer("amend", B.encode())
    run.again()
    run.decide()
    run.answer("amend", b'{"to":"Cleo"}')
    run.again()
    assert run.decide() == HoldTool(card=f"{RUN}.3")
    run.answer("approve")
    run.again()

    decision = run.decide()

    assert isinstance(decision, RunTool)
    assert (decision.arguments, decision.card) == ('{"to":"Cleo"}', f"{RUN}.3")
    assert [card.opened.instead_of for card in run.cards()] == [None, f"{RUN}.1", f"{RUN}.2"]


@pytest.mark.parametrize(
    "text", [b"send it to Bob", b"[1]", b"\xff", b'{"to": {"a": 1, "a": 2}}', b'{"n": NaN}', b'{"n": -1e400}']
)
def test_what_is_no_object_of_arguments_is_never_run(text: bytes) -> None:
    run = attempts()
    run.decide()
    run.answer("amend", text)
    run.again()

    assert isinstance(run.decide(), HoldTool)

    assert run.cards()[1].opened.subject_sha256 == hashlib.sha256(A.encode()).hexdigest()


def test_calls_side_by_side_are_known_again_in_any_order() -> None:
    run = attempts()
    assert [run.decide(A), run.decide(B)] == [HoldTool(card=f"{RUN}.1"), HoldTool(card=f"{RUN}.2")]
    run.answer("approve")
    run.answer("skip")
    run.again()

    assert isinstance(run.decide(B), RefuseTool)
    allowed = run.decide(A)

    assert isinstance(allowed, RunTool)
    assert allowed.card == f"{RUN}.1"


def test_a_yes_is_to_one_call_and_a_no_is_a_no_again() -> None:
    run = attempts()
    run.decide(A)
    run.answer("approve")
    run.decide(B)
    run.answer("skip")
    run.again()

    run.made(A)
    assert isinstance(run.decide(A), HoldTool), "the second letter needs its own yes"
    first, second = run.decide(B), run.decide(B)

    assert isinstance(first, RefuseTool)
    assert first == second
    assert len(run.cards()) == 3


def test_what_a_call_came_to_is_told_again_instead_of_calling() -> None:
    run = attempts(calls="allow")
    run.made(A, result="number 17")
    run.made(B, error="OSError: the line is dead")
    run.made(A, result="number 18")
    run.again()

    told = [run.decide(A), run.decide(A), run.decide(B)]

    assert told == [
        RefuseTool(said="number 17", of_attempt=1),
        RefuseTool(said="number 18", of_attempt=1),
        RefuseTool(
            said="The tool failed, and may have done a part of its work: OSError: the line is dead",
            of_attempt=1,
            failed=True,
        ),
    ]
    assert isinstance(run.decide(A), RunTool), "a third letter is new"


def test_a_result_that_was_erased_is_asked_about() -> None:
    run = attempts(calls="allow")
    run.made(A)
    run.contents.erase(RUN)
    run.again()

    assert isinstance(run.decide(A), HoldTool)

    assert run.cards()[0].opened.source == "may_have_happened"


def test_a_call_that_was_lost_twice_is_asked_about_twice() -> None:
    run = attempts(calls="allow")
    first = run.made(A, result=None)
    for number in (1, 2):
        run.again()
        assert run.decide(A) == HoldTool(card=f"{RUN}.{number}")
        run.answer("approve")
        run.again()
        assert run.made(A, result=None).key == first.key
    run.again()

    assert run.decide(A) == HoldTool(card=f"{RUN}.3")


def test_an_amended_call_that_was_lost_is_asked_about_with_the_amended_bytes() -> None:
    run = attempts()
    run.decide(A)
    run.answer("amend", B.encode())
    run.decide(A)
    run.answer("approve")
    run.again()
    assert run.made(A, result=None).arguments == B
    run.again()

    run.decide(A)

    card = run.cards()[-1]
    assert card.opened.source == "may_have_happened"
    assert card.opened.subject_sha256 == hashlib.sha256(B.encode()).hexdigest()


def test_a_tool_without_an_effect_is_called_again_on_the_same_yes() -> None:
    run = attempts(effect=False)
    run.decide(A)
    run.answer("approve")
    run.again()
    run.made(A)
    run.again()

    decision = run.decide(A)

    assert isinstance(decision, RunTool)
    assert decision.card == f"{RUN}.1"


def test_a_tool_that_the_plan_does_not_name_is_not_called() -> None:
    run = attempts()

    decision = run.decide(tool="custom:other")

    assert isinstance(decision, RefuseTool)
    assert "names no tool 'custom:other'" in decision.said


class _WithoutSecrets(FakeContentStore):
    def put(self, run_id: str, content: bytes) -> Any:
        return super().put(run_id, Redaction(["sk-very-secret"]).of_bytes(content))


def test_arguments_with_a_secret_value_are_shown_to_nobody_and_not_run() -> None:
    run = Attempts({}, contents=_WithoutSecrets())
    run.again()

    decision = run.decide('{"to":"sk-very-secret"}')

    assert isinstance(decision, RefuseTool)
    assert "hold a secret value" in decision.said
    assert run.cards() == ()


def test_numbers_of_calls_are_not_mistaken_for_those_of_an_earlier_attempt() -> None:
    """The end of an attempt's ungated call does not end an earlier attempt's call of that number."""
    run = attempts(calls="allow")
    run.made(A, result=None)
    run.again()
    run.store.append(RUN, ToolCallStarted(step="1.x", call=1, agent="writer", tool="FileReadTool"))
    run.store.append(RUN, ToolCallFinished(step="1.x", call=1, seconds=0.1))
    fold = CallFold()
    fold.add(run.store.events_of(RUN))

    [state] = fold.before("1.x", 2).values()

    assert state.finished is None
