"""A market that merges, and one that seeks a consensus: what is asked, what is given out, what is left when it ends early."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.audit.events import VerdictGiven
from crewctl.judging.verdict import Verdict
from crewctl.planning.judge_calls import judge_calls
from crewctl.planning.plan import Plan, PlannedJudge
from crewctl.processes.outcome import Outcome
from crewctl.running.port import ModelCall, StepResult
from crewctl.testing.fake_engine import FakeEngine, judge_by_length
from crewctl.testing.fake_room import RUN, FakeRoom
from crewctl.testing.sample_plans import agent, market_plan

DRAFTS = {
    "direct": "The rent is 900 a month.",
    "story": "The rent is 900 a month.\nA park is near the house.",
    "question": "not: A park is near the house.",
}
Judge = Callable[[ModelCall], str | StepResult]


def plan_of(decision: Literal["merge", "consensus"], *judges: str, **task: object) -> Plan:
    plan = market_plan(*DRAFTS, **task)
    assert plan.market is not None
    seats = tuple(PlannedJudge(agent=name) for name in judges or ("brand_judge",))
    editor = "editor" if decision == "merge" else None
    market = plan.market.model_copy(update={"decision": decision, "editor": editor, "judges": seats})
    names = {each.name for each in plan.agents}
    more = tuple(agent(name) for name in ("editor", *judges) if name not in names)
    return plan.model_copy(update={"market": market, "agents": (*plan.agents, *more)})


def room_of(plan: Plan, judge: Judge = judge_by_length, files: ProjectFiles | None = None) -> FakeRoom:
    return FakeRoom(plan, DRAFTS, judge, files=files)


def given(room: FakeRoom) -> list[VerdictGiven]:
    return [event for event in room.store.events(RUN) if isinstance(event, VerdictGiven)]


def verdict_of(room: FakeRoom) -> Verdict:
    (event,) = given(room)
    return Verdict.model_validate_json(room.contents.get(event.verdict))


def answering(spoil: Callable[[ModelCall], str | StepResult | None]) -> Judge:
    """Return a judge of which some answers are others."""

    def judge(call: ModelCall) -> str | StepResult:
        said = spoil(call)
        return judge_by_length(call) if said is None else said

    return judge


def test_a_merged_text_that_wins_is_the_crews_output_and_its_file(tmp_path: Path) -> None:
    room = room_of(plan_of("merge", output_file="outputs/letter.md"), files=ProjectFiles(tmp_path))

    outcome = room.run()

    verdict = verdict_of(room)
    (event,) = given(room)
    assert outcome == Outcome(how="finished", output=event.text)
    assert room.text(outcome.output) == verdict.final_text
    assert (tmp_path / "outputs" / "letter.md").read_text() == verdict.final_text
    assert verdict.final_text_origin == event.origin == "merged"
    assert (event.selected, event.contestant) == ("D4", None)


def test_the_editor_is_asked_once_as_itself_and_every_judge_twice() -> None:
    room = room_of(plan_of("merge", "brand_judge", "second_judge"))

    room.run()

    edits = [call for call in room.engine.calls if call.purpose == "edit"]
    assert [(call.step, call.agent) for call in edits] == [("edit.merge", "editor")]
    assert not [
        name for call in edits for name in ("direct", "question") if name in call.messages[-1].content
    ]
    compared = [call.step for call in room.engine.calls if "D4" in call.step]
    incumbent = verdict_of(room).merge
    assert incumbent is not None
    assert sorted(compared) == sorted(
        f"judge.{judge}.{'-'.join(order)}"
        for judge in ("brand_judge", "second_judge")
        for order in (("D4", incumbent.incumbent), (incumbent.incumbent, "D4"))
    )
    assert room.plan.market is not None
    assert len(room.engine.calls) <= judge_calls(room.plan.market)


def test_a_merged_text_that_loses_leaves_the_best_draft_as_the_output() -> None:
    short = {"text": "Hm."}

    def shorter(call: ModelCall) -> str | None:
        return json.dumps(json.loads(judge_by_length(call)) | short) if call.purpose == "edit" else None

    room = room_of(plan_of("merge"), answering(shorter))

    outcome = room.run()

    assert room.text(outcome.output) == DRAFTS["story"]
    (event,) = given(room)
    assert (event.contestant, event.origin, event.text) == ("story", "verbatim", None)
    merged = verdict_of(room).merge
    assert merged is not None
    assert (merged.text, merged.won) == ("Hm.", False)


@pytest.mark.parametrize(("outcome", "how"), [("limit_reached", "limit_reached"), ("stopped", "stopped")])
@pytest.mark.parametrize("decision", ["merge", "consensus"])
def test_a_limit_or_a_stop_in_the_last_call_ends_the_run_without_a_verdict(
    decision: Literal["merge", "consensus"], outcome: Literal["limit_reached", "stopped"], how: str
) -> None:
    def ended(call: ModelCall) -> StepResult | None:
        last = call.step in ("edit.merge", "judge.consensus")
        return (
            StepResult(outcome=outcome, limit="max_turns" if outcome != "stopped" else None) if last else None
        )

    room = room_of(plan_of(decision), answering(ended))

    assert room.run().how == how
    assert given(room) == []


def test_an_editor_whose_call_fails_costs_no_more_than_its_text() -> None:
    broken = StepResult(outcome="failed", error="the model answered 500")
    room = room_of(plan_of("merge"), answering(lambda call: broken if call.purpose == "edit" else None))

    outcome = room.run()

    assert (outcome.how, room.text(outcome.output)) == ("finished", DRAFTS["story"])
    merged = verdict_of(room).merge
    assert merged is not None
    assert [(each.outcome, each.error) for each in merged.attempts] == [
        ("call_failed", "the model answered 500")
    ]


@pytest.mark.parametrize("decision", ["merge", "consensus"])
def test_a_run_that_comes_back_gives_the_same_verdict_and_asks_nobody_again(
    decision: Literal["merge", "consensus"],
) -> None:
    room = room_of(plan_of(decision))
    first = room.run()
    del room.steps.journal["verdict"]
    room.engine = FakeEngine(RUN, room.store, room.contents, {"direct": StepResult(outcome="lost")})

    assert room.run() == first
    assert len(given(room)) == 1
    assert (room.engine.kickoffs, room.engine.calls) == ([], [])


def test_a_consensus_is_the_crews_output_and_selects_nobody(tmp_path: Path) -> None:
    room = room_of(plan_of("consensus", output_file="outputs/letter.md"), files=ProjectFiles(tmp_path))

    outcome = room.run()

    verdict = verdict_of(room)
    (event,) = given(room)
    assert outcome == Outcome(how="finished", output=event.text)
    assert (event.selected, event.contestant, event.origin) == (None, None, "consensus")
    assert (tmp_path / "outputs" / "letter.md").read_text() == verdict.final_text
    assert [call.step for call in room.engine.calls] == ["judge.consensus"]
    assert room.plan.market is not None
    assert judge_calls(room.plan.market) == 1
    assert "(2 of 3 drafts)" in room.text(outcome.output)
    assert "(1 of 3 drafts, and 1 against)" in room.text(outcome.output)


def test_a_consensus_that_nobody_can_read_leaves_the_market_undecided() -> None:
    room = room_of(plan_of("consensus"), lambda _: "They mostly agree.")

    outcome = room.run()

    assert (outcome.how, outcome.output) == ("undecided", None)
    assert [call.step for call in room.engine.calls] == ["judge.consensus", "judge.consensus.again"]
    assert verdict_of(room).escalation.reasons == ("void_passes",)


@pytest.mark.parametrize("decision", ["merge", "consensus"])
def test_a_contestant_that_failed_is_left_out_of_what_the_others_say(
    decision: Literal["merge", "consensus"],
) -> None:
    room = FakeRoom(plan_of(decision), {**DRAFTS, "direct": StepResult(outcome="failed", error="broken")})

    assert room.run().how == "finished"
    verdict = verdict_of(room)
    made = verdict.merge or verdict.consensus
    assert made is not None
    assert made.order == ("D1", "D2")
    assert {each.contestant: each.status for each in verdict.candidates}["direct"] == "error"


@pytest.mark.parametrize("decision", ["merge", "consensus"])
def test_one_draft_is_neither_merged_nor_a_consensus(decision: Literal["merge", "consensus"]) -> None:
    broken = StepResult(outcome="failed", error="broken")
    room = FakeRoom(plan_of(decision), {**DRAFTS, "direct": broken, "story": broken})

    assert room.run().how == "undecided"
    assert room.engine.calls == []
    assert verdict_of(room).escalation.reasons == ("single_eligible_draft",)
