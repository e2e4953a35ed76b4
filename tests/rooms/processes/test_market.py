"""A market: contestants apart, one judged choice, and nothing lost when some of it fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.audit.events import VerdictGiven
from crewctl.judging.verdict import Verdict
from crewctl.planning.plan import Plan
from crewctl.processes.outcome import Outcome
from crewctl.processes.rooms import ProcessRooms
from crewctl.processes.run_process import run_process
from crewctl.running.port import ContextOutput, ModelCall, StepResult
from crewctl.testing.fake_engine import FakeEngine, Script, judge_by_length
from crewctl.testing.fake_judge import FakeJudge, well_formed
from crewctl.testing.fake_room import RUN, FakeRoom
from crewctl.testing.sample_plans import market_plan, task

DRAFTS = {"direct": "Short.", "story": "A somewhat longer draft.", "question": "Is this one middling?"}


class Room(FakeRoom):
    """One market, and its verdict."""

    def __init__(
        self,
        plan: Plan,
        script: Script = DRAFTS,
        judge: Callable[[ModelCall], str | StepResult] = judge_by_length,
        *,
        files: ProjectFiles | None = None,
    ) -> None:
        super().__init__(plan, script, judge, files=files)

    def given(self) -> list[VerdictGiven]:
        return [event for event in self.store.events(RUN) if isinstance(event, VerdictGiven)]

    def verdict(self) -> Verdict:
        (given,) = self.given()
        return Verdict.model_validate_json(self.contents.get(given.verdict))


def test_the_chosen_draft_is_the_crews_output() -> None:
    room = Room(market_plan("direct", "story", "question"))

    outcome = room.run()

    assert (outcome.how, room.text(outcome.output)) == ("finished", DRAFTS["story"])
    assert [given.contestant for given in room.given()] == ["story"]
    assert room.verdict().final_text == DRAFTS["story"]
    assert len(room.engine.calls) == 7  # the judge's notes, and six looks


def test_contestants_get_every_earlier_output_and_their_own_name() -> None:
    room = Room(market_plan(tasks=(task("research"),), async_execution=True), {"research": "facts", **DRAFTS})

    room.run()

    assert [(work.step, work.agent, work.market) for work in room.engine.kickoffs[:1]] == [
        ("1.research", None, False)
    ]
    assert {(work.step, work.agent, work.market) for work in room.engine.kickoffs[1:]} == {
        ("draft.direct", "direct", True),
        ("draft.story", "story", True),
    }
    assert all(
        work.context == (ContextOutput(task="research", raw="facts"),) for work in room.engine.kickoffs[1:]
    )


def test_a_market_task_that_names_its_context_gets_just_that() -> None:
    room = Room(market_plan(tasks=(task("a"), task("b")), context=["b"]), DRAFTS)

    room.run()

    assert {tuple(each.task for each in work.context) for work in room.engine.kickoffs[2:]} == {("b",)}


def test_judge_calls_are_metered_calls_on_the_judges_model_and_name_no_contestant() -> None:
    room = Room(market_plan("direct_writer", "story_writer"), {"direct_writer": "a", "story_writer": "b"})

    room.run()

    assert {call.step for call in room.engine.calls} == {"judge.notes", "judge.D1-D2", "judge.D2-D1"}
    for call in room.engine.calls:
        assert (call.agent, call.model, call.purpose) == ("brand_judge", "default", "judge")
        said = " ".join(message.content for message in call.messages)
        assert "Acme Corp" in said
        assert not any(name in said for name in ("direct_writer", "story_writer"))


def test_a_market_is_judged_by_the_protocol_and_the_rubric_that_it_names() -> None:
    room = Room(market_plan("a", "b", "c"), {"a": "one", "b": "two, longer", "c": "three, the longest"})

    room.run()

    verdict = room.verdict()
    assert room.plan.market is not None
    assert verdict.aggregate.method.partition("/")[0] == room.plan.market.protocol
    assert [one.id for one in verdict.rubric.criteria] == [
        one.name for one in room.plan.market.rubric.criteria
    ]
    assert len(verdict.passes) == 6


def test_one_failing_contestant_is_recorded_and_the_others_are_judged() -> None:
    broken = StepResult(outcome="failed", error="the model answered 500")
    room = Room(market_plan(*DRAFTS), {**DRAFTS, "story": broken})

    outcome = room.run()

    assert room.text(outcome.output) == DRAFTS["question"]
    failed = next(each for each in room.verdict().candidates if each.contestant == "story")
    assert (failed.status, failed.error) == ("error", "the model answered 500")
    assert len(room.engine.calls) == 3


def test_a_contestant_out_of_its_own_time_does_not_end_the_run() -> None:
    late = StepResult(outcome="limit_reached", limit="task_timeout", error="task_timeout")

    outcome = Room(market_plan(*DRAFTS), {**DRAFTS, "story": late}).run()

    assert outcome.how == "finished"


@pytest.mark.parametrize("other", [StepResult(outcome="failed", error="broken"), ""])
def test_with_one_draft_left_there_is_nothing_to_compare_so_a_person_decides(other: str | StepResult) -> None:
    room = Room(market_plan("direct", "story"), {"direct": "The only one.", "story": other})

    outcome = room.run()

    assert outcome.how == "undecided"
    assert room.engine.calls == []
    assert room.verdict().escalation.reasons == ("single_eligible_draft",)
    assert room.verdict().final_text is None


def test_without_any_draft_the_run_has_failed() -> None:
    room = Room(market_plan(), {"direct": StepResult(outcome="failed", error="broken"), "story": " \n"})

    outcome = room.run()

    assert outcome == Outcome(
        how="failed", error="no contestant came to a draft (direct: broken; story: an empty text)"
    )
    assert room.given() == []


@pytest.mark.parametrize(
    ("result", "how"),
    [
        (StepResult(outcome="limit_reached", limit="max_turns"), "limit_reached"),
        (StepResult(outcome="stopped"), "stopped"),
    ],
)
def test_a_limit_of_the_run_ends_it_before_any_judging_and_keeps_the_drafts(
    result: StepResult, how: str
) -> None:
    room = Room(market_plan(*DRAFTS), {**DRAFTS, "question": result})

    assert room.run().how == how
    assert room.engine.calls == []
    assert {"draft.direct", "draft.story"} <= set(room.steps.journal)


def test_a_limit_during_the_judging_ends_the_run_without_a_verdict() -> None:
    def judge(call: ModelCall) -> str | StepResult:
        if call.step == "judge.D2-D1":
            return StepResult(outcome="limit_reached", limit="max_turns", error="max_turns")
        return judge_by_length(call)

    room = Room(market_plan(), judge=judge)

    assert room.run() == Outcome(how="limit_reached", limit="max_turns", error="max_turns")
    assert room.given() == []


def test_a_judge_whose_calls_fail_leaves_the_market_undecided() -> None:
    room = Room(market_plan(), judge=lambda _: StepResult(outcome="failed", error="the model answered 500"))

    outcome = room.run()

    assert outcome.how == "undecided"
    assert "too many of the judges' answers" in outcome.error
    assert {held.attempts[0].outcome for held in room.verdict().passes} == {"call_failed"}
    assert len(room.engine.calls) == 3


def test_an_unreadable_answer_is_asked_for_once_more_as_one_more_call() -> None:
    def judge(call: ModelCall) -> str:
        return judge_by_length(call) if call.step.endswith(".again") else "I prefer the second one!"

    room = Room(market_plan(), judge=judge)

    assert room.run().how == "finished"
    assert sorted(call.step for call in room.engine.calls) == [
        "judge.D1-D2",
        "judge.D1-D2.again",
        "judge.D2-D1",
        "judge.D2-D1.again",
        "judge.notes",
        "judge.notes.again",
    ]


def test_a_judge_that_always_prefers_the_first_draft_decides_nothing() -> None:
    room = Room(
        market_plan(), judge=lambda call: json.dumps(well_formed(call.messages[1].content, lambda *_: 1))
    )

    outcome = room.run()

    assert outcome.how == "undecided"
    assert room.verdict().escalation.reasons == ("tie",)


def test_the_output_file_gets_the_selected_text_once(tmp_path: Path) -> None:
    room = Room(market_plan(output_file="outputs/letter.md"), files=ProjectFiles(tmp_path))

    room.run()

    assert (tmp_path / "outputs" / "letter.md").read_text() == DRAFTS["story"]


def test_a_market_that_crashed_before_its_verdict_was_journalled_gives_just_one() -> None:
    room = Room(market_plan())
    first = room.run()
    del room.steps.journal["verdict"]
    room.engine = FakeEngine(RUN, room.store, room.contents, {"direct": StepResult(outcome="lost")})

    assert room.run() == first
    assert len(room.given()) == 1
    assert room.engine.kickoffs == []
    assert room.engine.calls == []


def test_a_judge_of_the_tests_own_takes_the_place_of_the_plans() -> None:
    room, judge = Room(market_plan()), FakeJudge()
    rooms = ProcessRooms(RUN, room.engine, room.store, room.contents, judge=lambda *_: judge)

    assert run_process(room.plan, rooms, room.steps).how == "finished"
    assert (len(judge.prompts), room.engine.calls) == (2, [])
