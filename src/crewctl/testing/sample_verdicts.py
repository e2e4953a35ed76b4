"""Markets that were judged by a made-up judge, told as runs whose reports can be read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from crewctl.audit.port import ContentStore, RunStore
from crewctl.judging.attempt import Attempt
from crewctl.judging.case import Case, Seat
from crewctl.judging.choose import choose
from crewctl.judging.drafts import Draft, sha256
from crewctl.judging.outcomes import Consensus, Merged, Statement, Taken
from crewctl.judging.port import FallbackModel
from crewctl.judging.prompt import Persona
from crewctl.judging.verdict import PeopleAsked, Verdict
from crewctl.planning.digest import sealed
from crewctl.planning.plan import Plan, PlannedCriterion, PlannedModel, PlannedRubric
from crewctl.testing.account_samples import Teller, sample_market
from crewctl.testing.fake_judge import FakeJudge

WRITERS: Mapping[str, str] = {
    "direct_writer": (
        "Dear Elena,\n\nAcme Corp opened its Ghent plant in March, and its two lines still share one planner. "
        "Our scheduler took the planner at Nordlicht from nine hours a week to two. "
        "May I show you the plan of your own line on Thursday?\n\nBest regards,\nMika"
    ),
    "story_writer": (
        "Dear Elena,\n\nOn the first Monday in Ghent somebody at Acme Corp counted pallets by hand until nine in the "
        "evening. I know because I did that job at Nordlicht, where our scheduler has since given the planner "
        "seven hours a week back. It reads the orders you have and needs no new system. "
        "May I show you the plan of your own line on Thursday?\n\nWarm regards,\nMika"
    ),
    "question_writer": "Dear Elena,\n\nWhat would your planner do with seven more hours a week?\n\nMika",
}
"""Three drafts of one e-mail, by who wrote them."""

CRITERIA = (
    PlannedCriterion(
        name="specificity",
        says="Names facts about this company that a rival could not.",
        weight=3,
        must=False,
    ),
    PlannedCriterion(name="voice", says="Plain, warm, no stock phrases.", weight=1, must=False),
    PlannedCriterion(name="length", says="At most 220 words.", weight=1, must=True),
)


def judged(
    drafts: Mapping[str, str | None] = WRITERS,
    model: FakeJudge | None = None,
    *,
    judges: tuple[str, ...] = ("brand_judge",),
    protocol: str = "all_pairs",
    people: PeopleAsked | None = None,
    run_id: str = "r1",
) -> Verdict:
    """Return the verdict over drafts, by contestant; None is a draft that came to nothing."""
    case = Case(
        run_id=run_id,
        description="Write a personal e-mail to Elena at Acme Corp.",
        expected_output="A personal e-mail.",
        seats=() if people else tuple(_seat(name) for name in judges),
        protocol=protocol,
        rubric=PlannedRubric(
            name="outreach-email", criteria=CRITERIA, digest=hashlib.sha256(b"outreach-email").hexdigest()
        ),
        drafts=tuple(
            Draft(contestant=name, text=text, error="" if text is not None else "the model did not answer")
            for name, text in drafts.items()
        ),
        people=people,
    )
    return choose(case, model or FakeJudge())


def half_by_spare(*, simulated: bool = False) -> Verdict:
    """Return a verdict one of whose passes was answered by the model ``openai/spare``."""
    spare = FallbackModel(model="openai/spare", simulated=simulated)
    return judged(model=FakeJudge(fallback=lambda key: spare if key == "D2-D1" else None))


def agreed(run_id: str = "r1") -> Verdict:
    """Return a consensus over the three drafts: one statement of all, one of one, one disputed."""
    verdict = judged(run_id=run_id)
    ids = {each.contestant: each.id for each in verdict.candidates}
    plain, story, question = (ids[f"{name}_writer"] for name in ("direct", "story", "question"))

    def statement(text: str, standing: str, *stances: tuple[str, str, str]) -> Statement:
        said = {draft: (stance, quote) for draft, stance, quote in stances}
        told = [(draft, *said.get(draft, ("silent", ""))) for draft in ids.values()]
        return Statement.model_validate(
            {
                "text": text,
                "standing": standing,
                "supports": sum(stance == "supports" for _, stance, _ in told),
                "contradicts": sum(stance == "contradicts" for _, stance, _ in told),
                "stances": [
                    {"draft": draft, "stance": stance, "quote": quote} for draft, stance, quote in told
                ],
            }
        )

    statements = (
        statement(
            "Seven hours a week can be saved.",
            "disputed",
            (story, "supports", "seven hours a week back"),
            (question, "supports", "seven more hours a week"),
            (plain, "contradicts", "from nine hours a week to two"),
        ),
        statement("It needs no new system.", "single", (story, "supports", "needs no new system")),
    )
    consensus = Consensus(
        judge="brand_judge",
        order=tuple(ids.values()),
        statements=statements,
        label_map_sha256=verdict.task_sha256,
        prompt_sha256=verdict.task_sha256,
        response_sha256=None,
        attempts=(Attempt(n=1, outcome="ok"),),
    )
    text = "Disputed: seven hours a week can be saved."
    return verdict.model_copy(
        update={
            "decision": "consensus",
            "consensus": consensus,
            "selected_draft": None,
            "reasoning": "Of 2 statements 1 is disputed.",
            "final_text": text,
            "final_text_sha256": verdict.task_sha256,
            "final_text_origin": "consensus",
            "passes": (),
            "scores": (),
            "comparisons": (),
            "dissent": (),
        }
    )


def merged(run_id: str = "r1") -> Verdict:
    """Return a verdict in which an editor merged the best two drafts into one that did not beat the best."""
    verdict = judged(run_id=run_id)
    best, second = (place.draft for place in verdict.aggregate.table[:2])
    text = "Dear Elena,\n\nSeven hours a week, at your Ghent plant: may I show you how?\n\nMika"
    candidate = verdict.candidates[0].model_copy(
        update={"id": "D4", "contestant": "editor", "sha256_raw": None, "sha256_shown": sha256(text)}
    )
    merge = Merged(
        candidate="D4",
        incumbent=best,
        editor="editor",
        model="openai/gpt-x",
        simulated=False,
        order=(best, second),
        text=text,
        taken=(Taken(draft=best, quote="seven hours a week"), Taken(draft=second, quote="Ghent plant")),
        attempts=(Attempt(n=1, outcome="ok"),),
        won=False,
        why="did_not_beat_in_both_orders",
    )
    return verdict.model_copy(
        update={"decision": "merge", "merge": merge, "candidates": (*verdict.candidates, candidate)}
    )


def _seat(name: str) -> Seat:
    return Seat(
        persona=Persona(
            name=name, role="Brand judge", goal="Choose well.", backstory="Ten years of letters."
        ),
        model=PlannedModel(name="judge", kind="provider", model="openai/gpt-x", max_output_tokens=4096),
    )


def _written_to(plan: Plan, file: str) -> Plan:
    if plan.market is None:
        raise AssertionError("a market's plan has a market")
    task = plan.market.task.model_copy(update={"output_file": file})
    return plan.model_copy(update={"market": plan.market.model_copy(update={"task": task})})


def tell_market(
    store: RunStore,
    contents: ContentStore,
    verdict: Verdict | dict[str, Any] | None,
    drafts: Mapping[str, str | None] = WRITERS,
    *,
    rehearsal: bool = False,
    output_file: str | None = None,
    **planned: Any,
) -> Teller:
    """Tell a market's run from its beginning to its end; without a verdict it ends at a limit.

    `planned` are fields of its plan that differ.
    """
    told = verdict if isinstance(verdict, Verdict) or verdict is None else Verdict.model_validate(verdict)
    run_id = told.run_id if told else "r1"
    teller = Teller(store, contents, run_id)
    plan = sample_market(crew="outreach")
    market = plan.market.model_copy(update={"contestants": tuple(drafts)}) if plan.market else None
    plan = plan.model_copy(update={"market": market, **planned})
    teller.begins(sealed(_written_to(plan, output_file) if output_file else plan), rehearsal=rehearsal)
    teller.starts("1.research", "researcher").turn("1.research", "researcher").ends(
        "1.research", "Ghent, March."
    )
    for name, text in drafts.items():
        teller.starts(f"draft.{name}", name, task="draft").turn(f"draft.{name}", name)
        how = {"outcome": "failed", "error": "the model did not answer"} if text is None else {}
        teller.ends(f"draft.{name}", text, **how)
    if told is None:
        return teller.closes("limit_reached", 5)
    teller.starts("judge", "judge", task="draft", kind="judge_call").turn("judge", "judge").ends(
        "judge", "{}"
    )
    names = {each.id: each.contestant for each in told.candidates}
    chosen = names.get(told.selected_draft or "")
    teller.chooses(told.model_dump_json(), told.selected_draft, chosen)
    return teller.closes(output=told.final_text) if told.final_text else teller.closes("undecided", 8)
