"""A verdict is told from another by the answers that its run kept, whoever sealed it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from crewctl.audit.events import KickoffRequested, PlanMade, Recorded, RunStarted, VerdictGiven
from crewctl.judging.ballot import ballot
from crewctl.judging.models_asked import stood_in
from crewctl.judging.port import FallbackModel
from crewctl.judging.verdict import Verdict
from crewctl.judging.write_verdict import refolded, sealed, with_decision
from crewctl.planning import digest
from crewctl.planning.plan import Plan, PlannedJudge
from crewctl.processes.kept_judging import held_again
from crewctl.processes.recorded import recorded_drafts
from crewctl.processes.rooms import ProcessRooms
from crewctl.processes.run_process import run_process
from crewctl.running.port import ModelCall, StepResult
from crewctl.testing.fake_engine import FakeEngine, judge_by_length
from crewctl.testing.fake_judge import well_formed
from crewctl.testing.fake_room import RUN, FakeRoom
from crewctl.testing.fake_store import FakeContentStore
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.sample_plans import market_plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DRAFTS: dict[str, str | StepResult] = {
    "direct": "Short.",
    "story": "A somewhat longer draft.",
    "question": StepResult(outcome="failed", error="the model did not answer"),
}
FAILED = StepResult(outcome="failed", error="HTTP 500")
DOWN = StepResult(outcome="failed", error="HTTP 500", model="default")
SPARE: dict[str, Any] = {"name": "spare", "kind": "provider", "model": "openai/spare"}
SEAT = PlannedJudge(agent="brand_judge", fallbacks=("spare",))


def _at_second(call: ModelCall) -> str:
    """Answer well once asked again."""
    return judge_by_length(call) if call.step.endswith(".again") else "{"


def _lame(call: ModelCall) -> str | StepResult:
    """Answer no look in one of the two orders."""
    return FAILED if call.step == "judge.D2-D1" else judge_by_length(call)


def _torn(call: ModelCall) -> str:
    return json.dumps(well_formed(call.messages[-1].content, lambda _, __: 0))


def _half_down(call: ModelCall) -> str | StepResult:
    """Answer one order by the judge's own model, and all else by its fallback."""
    down = call.model == "default" and call.step != "judge.D1-D2"
    return DOWN if down else judge_by_length(call)


class Judged:
    """A market that ran over fakes, and what its account holds."""

    def __init__(
        self, judge: Callable[[ModelCall], str | StepResult] = judge_by_length, **market: Any
    ) -> None:
        plan = market_plan("direct", "story", "question")
        assert plan.market is not None
        spare = plan.models[0].model_copy(update=SPARE)
        update = {"market": plan.market.model_copy(update=market), "models": (*plan.models, spare)}
        self.plan: Plan = digest.sealed(plan.model_copy(update=update))
        self.room = FakeRoom(self.plan, DRAFTS, judge)
        self._begin(RUN)
        self.room.run()

    def _begin(self, run_id: str) -> None:
        self.room.store.append(run_id, KickoffRequested(crew=self.plan.crew, by="ada", host="desk", pid=7))
        kept = self.room.contents.put(run_id, digest.canonical(self.plan))
        self.room.store.append(
            run_id,
            PlanMade(
                crew_digest=self.plan.crew_digest,
                inputs_digest=self.plan.inputs_digest,
                plan=kept,
                simulated=True,
            ),
        )
        self.room.store.append(run_id, RunStarted())

    def records(self, run_id: str = RUN) -> Sequence[Recorded]:
        return self.room.store.events_of(run_id)

    def verdict(self, run_id: str = RUN) -> Verdict:
        (given,) = [each for each in self.room.store.events(run_id) if isinstance(each, VerdictGiven)]
        return Verdict.model_validate_json(self.room.contents.get(given.verdict))

    def wrong(self, told: Verdict) -> str | None:
        return held_again(self.plan, self.records(), self.room.contents, told, None)


@pytest.mark.parametrize("judge", [judge_by_length, _at_second, _lame, _torn, lambda _: "no JSON"])
def test_the_verdict_of_a_run_comes_out_again(judge: Callable[[ModelCall], str | StepResult]) -> None:
    run = Judged(judge)

    assert run.wrong(run.verdict()) == ""


def test_a_verdict_names_the_model_that_answered_each_call() -> None:
    run = Judged(_half_down, judges=(SEAT,))
    verdict = run.verdict()

    own, other = verdict.passes
    assert own.attempts[0].fallback is None
    assert other.attempts[0].fallback == FallbackModel(model="openai/spare", simulated=False)
    assert [judge.model for judge in verdict.judges] == ["offline"]
    [stood] = stood_in(verdict)
    assert (stood.who, stood.what) == ("brand_judge", ("the notes", other.id))
    assert run.wrong(verdict) == ""


def test_a_model_that_did_not_answer_is_told_from_the_one_that_did() -> None:
    run = Judged(_half_down, judges=(SEAT,))
    told = json.loads(run.verdict().model_dump_json())
    told["passes"][1]["attempts"][0]["fallback"]["model"] = "openai/another"

    assert run.wrong(Verdict.model_validate(told)) == "passes"


def test_a_verdict_from_before_fallbacks_were_told_still_holds() -> None:
    run = Judged(_half_down, judges=(SEAT,))
    told = json.loads(run.verdict().model_dump_json())
    for one in (*told["passes"], *told["notes"]):
        for attempt in one["attempts"]:
            attempt.pop("fallback", None)

    assert run.wrong(Verdict.model_validate(told)) == ""


def test_with_the_words_of_people_it_comes_out_again_too() -> None:
    run = Judged(_torn)
    said = ballot(run.verdict(), "elena", "D1", "it is short", NOW)
    texts = {name: text for name, text in DRAFTS.items() if isinstance(text, str)}
    decided = with_decision(run.verdict(), said, {**texts, "question": ""})

    assert decided.selected_draft == "D1"
    assert run.wrong(decided) == ""


def test_a_judging_of_recorded_drafts_comes_out_again() -> None:
    run, again = Judged(), "run-2"
    recorded = recorded_drafts(run.room.store.events_of(RUN), run.room.contents)
    engine = FakeEngine(again, run.room.store, run.room.contents)
    rooms = ProcessRooms(again, engine, run.room.store, run.room.contents, None, recorded=recorded)
    run_process(run.plan, rooms, MemorySteps())

    told = run.verdict(again)

    assert held_again(run.plan, run.records(again), run.room.contents, told, recorded) == ""


def _reasons(verdict: Verdict) -> dict[str, Any]:
    return {"passes": tuple(one.model_copy(update={"rationale": "It is cheap."}) for one in verdict.passes)}


def _notes(verdict: Verdict) -> dict[str, Any]:
    return {"notes": tuple(one.model_copy(update={"text": "Prefer D1."}) for one in verdict.notes)}


def _judges(verdict: Verdict) -> dict[str, Any]:
    return {"judges": tuple(one.model_copy(update={"model": "openai/other"}) for one in verdict.judges)}


def _policy(_: Verdict) -> dict[str, Any]:
    return {"injected_drafts": "warn"}


def _turned(verdict: Verdict) -> dict[str, Any]:
    other = {"D1": "D2", "D2": "D1"}
    turned = [
        one.model_copy(update={"winner": other.get(str(one.winner), one.winner)}) for one in verdict.passes
    ]
    return {"passes": tuple(turned)}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (_reasons, "passes"),
        (_notes, "notes"),
        (_judges, "judges"),
        (_policy, "injected_drafts"),
        (_turned, "selected_draft"),
    ],
)
def test_what_was_written_otherwise_folded_and_sealed_anew_is_named(
    change: Callable[[Verdict], dict[str, Any]], part: str
) -> None:
    run = Judged()
    changed = run.verdict().model_copy(update=change(run.verdict()))
    changed = sealed(changed.model_copy(update=refolded(changed)))

    assert part in (run.wrong(changed) or "").split(", ")


def test_a_pass_whose_answer_was_never_kept_is_named() -> None:
    run = Judged()
    kept = [each for each in run.records() if getattr(each.event, "step", "") != "judge.notes"]

    wrong = held_again(run.plan, kept, run.room.contents, run.verdict(), None)

    assert wrong is not None
    assert "the account knows no call judge.notes" in wrong


def test_nothing_is_said_of_erased_answers_or_of_prompts_that_were_worded_otherwise() -> None:
    run = Judged()
    reworded = json.loads(run.verdict().model_dump_json())
    for one in (*reworded["passes"], *reworded["notes"]):
        one["prompt_sha256"] = "0" * 64
    assert run.wrong(Verdict.model_validate(reworded)) is None

    assert held_again(run.plan, run.records(), FakeContentStore(), run.verdict(), None) is None
