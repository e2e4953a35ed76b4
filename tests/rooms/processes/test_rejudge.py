"""Recorded drafts judged again: the judges are asked, nobody else, and nothing is written over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.audit.events import DraftsTaken, PlanMade, RunStarted, TakenDraft, VerdictGiven
from crewctl.audit.fact import ContentRef
from crewctl.errors import InvalidError, NotFoundError
from crewctl.judging.attempt import LONGEST_NOTES
from crewctl.judging.port import JudgeModel
from crewctl.judging.verdict import Verdict
from crewctl.planning.digest import canonical, sealed
from crewctl.planning.plan import Plan
from crewctl.processes.judging_again import bounds_of, refuse_unfit
from crewctl.processes.outcome import Outcome
from crewctl.processes.recorded import RecordedDrafts, recorded_drafts
from crewctl.processes.rooms import ProcessRooms
from crewctl.processes.run_process import run_process
from crewctl.testing.fake_engine import FakeEngine
from crewctl.testing.fake_judge import FakeJudge
from crewctl.testing.fake_room import RUN, FakeRoom
from crewctl.testing.fake_store import FakeContentStore
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.sample_plans import market_plan, task

AGAIN = "run-2"
DRAFTS = {"direct": "Short.", "story": "A somewhat longer draft.", "question": "Is this one middling?"}


class Past(FakeRoom):
    """A market that has run, and may be judged again."""

    def __init__(self, plan: Plan | None = None, script: dict[str, str] = DRAFTS) -> None:
        super().__init__(plan or market_plan("direct", "story", "question"), script)
        planned = sealed(self.plan)
        self.kept = self.contents.put(RUN, canonical(planned))
        made = PlanMade(
            crew_digest=planned.crew_digest,
            inputs_digest=planned.inputs_digest,
            plan=self.kept,
            simulated=True,
        )
        self.store.append(RUN, made)
        self.store.append(RUN, RunStarted())
        self.outcome = self.run()
        self.judges = FakeEngine(AGAIN, self.store, self.contents)
        self.again = MemorySteps()

    def recorded(self) -> RecordedDrafts:
        return recorded_drafts(self.store.events_of(RUN), self.contents)

    def rejudge(
        self, plan: Plan | None = None, files: ProjectFiles | None = None, judge: JudgeModel | None = None
    ) -> Outcome:
        rooms = ProcessRooms(AGAIN, self.judges, self.store, self.contents, files, recorded=self.recorded())
        if judge is not None:
            rooms = replace(rooms, judge=lambda *_: judge)
        return run_process(plan or self.plan, rooms, self.again)

    def verdict(self, run_id: str) -> Verdict:
        (given,) = [event for event in self.store.events(run_id) if isinstance(event, VerdictGiven)]
        return Verdict.model_validate_json(self.contents.get(given.verdict))


def test_the_same_judging_of_the_same_drafts_comes_to_the_same_choice() -> None:
    past = Past()

    outcome = past.rejudge()

    assert outcome == past.outcome  # the very content of the draft that was chosen then
    then, now = past.verdict(RUN), past.verdict(AGAIN)
    assert now.run_id == AGAIN
    assert now.candidates == then.candidates
    assert [(held.order, held.winner, held.prompt_sha256) for held in now.passes] == [
        (held.order, held.winner, held.prompt_sha256) for held in then.passes
    ]


def test_no_contestant_and_no_earlier_task_is_run() -> None:
    past = Past(market_plan("direct", "story", tasks=(task("research"),)))

    past.rejudge()

    assert past.judges.kickoffs == []
    assert {call.purpose for call in past.judges.calls} == {"judge"}
    (taken,) = [event for event in past.store.events(AGAIN) if isinstance(event, DraftsTaken)]
    assert taken.run == RUN
    assert [draft.contestant for draft in taken.drafts] == ["direct", "story"]


def test_drafts_are_judged_for_the_task_they_were_written_for() -> None:
    past = Past()
    market = past.plan.market
    assert market is not None
    other = market.task.model_copy(update={"description": "Something else by now."})
    today = past.plan.model_copy(update={"market": market.model_copy(update={"task": other})})

    past.rejudge(today)

    assert past.verdict(AGAIN).task_sha256 == past.verdict(RUN).task_sha256
    said = [message.content for call in past.judges.calls for message in call.messages]
    assert not any("Something else by now." in words for words in said)


def test_no_output_file_is_written(tmp_path: Path) -> None:
    past = Past(market_plan("direct", "story", output_file="letter.md"))

    assert past.rejudge(files=ProjectFiles(tmp_path)).how == "finished"

    assert list(tmp_path.iterdir()) == []


def test_a_recovered_judging_takes_the_drafts_and_gives_its_verdict_once() -> None:
    past = Past()
    past.rejudge()
    past.again = MemorySteps()  # the journal of a crash before anything was journalled

    past.rejudge()

    kinds = [type(event) for event in past.store.events(AGAIN)]
    assert (kinds.count(DraftsTaken), kinds.count(VerdictGiven)) == (1, 1)


def test_erased_contents_and_a_lone_draft_are_said() -> None:
    past = Past()
    past.contents.erase(RUN)
    with pytest.raises(NotFoundError, match="have been erased"):
        past.recorded()

    lone = Past(script={"direct": "One.", "story": " ", "question": ""})
    with pytest.raises(InvalidError, match="left one draft, and there is nothing to compare"):
        lone.recorded()


def test_what_cannot_be_judged_is_refused_before_anything_is_asked() -> None:
    past = Past()
    recorded, market = past.recorded(), past.plan.market
    assert market is not None

    def plan(**changes: object) -> Plan:
        return past.plan.model_copy(update={"market": market.model_copy(update=changes)})

    refuse_unfit(past.plan, recorded)
    for changed, says in (
        (plan(people="person", judges=()), "people choose"),
        (plan(decision="consensus"), "consensus"),
        (plan(protocol="both_orders"), "compares two drafts"),
        (past.plan.model_copy(update={"market": None}), "only a market has judges"),
    ):
        with pytest.raises(InvalidError, match=says):
            refuse_unfit(changed, recorded)
    of_a_judge = recorded.model_copy(
        update={"drafts": (TakenDraft(contestant="brand_judge"), *recorded.drafts)}
    )
    with pytest.raises(InvalidError, match="nobody judges a text of their own"):
        refuse_unfit(past.plan, of_a_judge)


def test_the_most_that_a_judging_costs_allows_for_the_longest_notes() -> None:
    past = Past()
    price = {"input": 1, "output": 0, "source": "test"}
    models = [model.model_dump() | {"price": price} for model in past.plan.models]
    plan = Plan.model_validate(past.plan.model_dump() | {"models": models})
    judge = FakeJudge(
        spoil_notes=lambda _, text: json.dumps(json.loads(text) | {"notes": "\U0001f600" * LONGEST_NOTES})
    )
    bounds = bounds_of(plan, past.recorded(), past.contents)
    past.rejudge(plan, judge=judge)

    longest = max(len(json.dumps([prompt.system, prompt.user])) for prompt in judge.prompts)
    assert longest > LONGEST_NOTES
    assert bounds.cost is not None
    assert longest * bounds.calls <= bounds.cost


@pytest.mark.parametrize("protocol", ["all_pairs", "balanced_top3", "listwise_rotations", "single"])
def test_a_judging_never_takes_more_calls_or_longer_prompts_than_was_said(protocol: str) -> None:
    past = Past()
    assert past.plan.market is not None
    market = past.plan.market.model_copy(update={"protocol": protocol})
    price = {"input": 1, "output": 0, "source": "test"}
    models = tuple(model.model_copy(update={"price": None}) for model in past.plan.models)
    plan = past.plan.model_copy(update={"market": market, "models": models})
    assert bounds_of(plan, past.recorded(), past.contents).cost is None

    priced = Plan.model_validate(
        plan.model_dump() | {"models": [model.model_dump() | {"price": price} for model in models]}
    )
    bounds = bounds_of(priced, past.recorded(), past.contents)
    past.rejudge(plan)

    asked = sum(len(m.content.encode()) for call in past.judges.calls for m in call.messages)
    assert 0 < len(past.judges.calls) <= bounds.calls / 2  # every answer was understood at once
    assert bounds.cost is not None
    assert asked <= bounds.cost / 2


def test_a_judging_of_a_judging_is_over_the_same_drafts() -> None:
    past = Past()
    past.rejudge()
    records = [*past.store.events_of(RUN)[:2], *past.store.events_of(AGAIN)]

    again = recorded_drafts(records, past.contents)

    assert again.drafts == past.recorded().drafts


def test_another_plan_in_the_place_of_the_one_that_ran_is_not_put_to_the_judges() -> None:
    past = Past()
    market = past.plan.market
    assert market is not None
    task = market.task.model_copy(update={"description": "Say that you obey."})
    other = sealed(past.plan.model_copy(update={"market": market.model_copy(update={"task": task})}))

    class Swapped(FakeContentStore):
        def get(self, ref: ContentRef) -> bytes:
            return canonical(other) if ref == past.kept else past.contents.get(ref)

    with pytest.raises(InvalidError, match="is not the one that ran"):
        recorded_drafts(past.store.events_of(RUN), Swapped())
