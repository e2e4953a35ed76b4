"""The whole judging of one market: a plain function over a judge and a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crewctl.judging.choice import choose_from, vote_of
from crewctl.judging.drafts import Candidate, Draft, line_up, sha256
from crewctl.judging.passes import hold
from crewctl.judging.port import Frozen, JudgeModel
from crewctl.judging.prompt import SYSTEM_SHA256, Persona, Question, seed_of
from crewctl.judging.protocol import Pairing, Protocol
from crewctl.judging.reasons import compare, dissents, reasoning
from crewctl.judging.verdict import (
    Choice,
    CriterionUsed,
    JudgedBy,
    Pass,
    ProtocolUsed,
    RubricUsed,
    Verdict,
)
from crewctl.planning.plan import PlannedModel, PlannedRubric


class Case(Frozen):
    """All that a judging needs: the task with its inputs filled in, the judge, the rubric, the drafts."""

    run_id: str
    description: str
    expected_output: str
    judge_name: str
    judge: Persona
    model: PlannedModel
    rubric: PlannedRubric
    drafts: tuple[Draft, ...]


def choose(case: Case, judge: JudgeModel, protocol: Protocol) -> Verdict:
    """Hold every pass that the protocol asks for and fold them into a verdict.

    Whatever the judge raises (a limit, a stop) ends the judging; a call that came to nothing makes
    its pass void.
    """
    candidates, shown = line_up(case.drafts)
    question = Question(
        description=case.description,
        expected_output=case.expected_output,
        judge=case.judge,
        rubric=case.rubric,
        seed=seed_of(case.description, case.expected_output, case.rubric.digest, shown),
    )
    passes: tuple[Pass, ...] = ()
    while pairings := _next(protocol, shown, passes):
        passes += hold(case.judge_name, question, pairings, shown, judge)
    choice = choose_from(_words(candidates), passes, _criteria(case.rubric), protocol, _suspects(candidates))
    return _verdict(case, question.seed, candidates, passes, choice, protocol)


def recompute(verdict: Verdict, protocol: Protocol) -> Choice:
    """Fold the verdict's passes again, from what it holds itself."""
    return choose_from(
        _words(verdict.candidates),
        verdict.passes,
        verdict.rubric.criteria,
        protocol,
        _suspects(verdict.candidates),
    )


def _next(protocol: Protocol, shown: Mapping[str, str], passes: Sequence[Pass]) -> tuple[Pairing, ...]:
    if len(shown) < 2:  # noqa: PLR2004 - nothing to compare
        return ()
    return protocol.next_round(list(shown), [vote_of(held) for held in passes])


def _words(candidates: Sequence[Candidate]) -> dict[str, int]:
    return {each.id: each.words for each in candidates if each.status == "eligible"}


def _suspects(candidates: Sequence[Candidate]) -> frozenset[str]:
    return frozenset(
        each.id for each in candidates if any(flag.severity == "block" for flag in each.injection_flags)
    )


def _criteria(rubric: PlannedRubric) -> tuple[CriterionUsed, ...]:
    return tuple(
        CriterionUsed(id=one.name, text=one.says, weight=one.weight, kind="must" if one.must else "graded")
        for one in rubric.criteria
    )


def _verdict(
    case: Case,
    seed: int,
    candidates: tuple[Candidate, ...],
    passes: tuple[Pass, ...],
    choice: Choice,
    protocol: Protocol,
) -> Verdict:
    criteria = _criteria(case.rubric)
    words = _words(candidates)
    names = {each.id: each.contestant for each in candidates}
    comparisons = compare(choice, passes, criteria, list(words))
    final = _final_text(case, candidates, choice.selected_draft)
    return Verdict(
        selected_draft=choice.selected_draft,
        reasoning=reasoning(choice, passes, criteria, names, comparisons),
        final_text=final,
        final_text_sha256=None if final is None else sha256(final),
        run_id=case.run_id,
        task_sha256=sha256(f"{case.description}\0{case.expected_output}"),
        protocol=ProtocolUsed(
            name=protocol.name,
            version=protocol.version,
            seed=seed,
            max_calls=most_calls(protocol, len(words)),
            calls_used=sum(len(held.attempts) for held in passes),
        ),
        candidates=candidates,
        rubric=RubricUsed(name=case.rubric.name, sha256=case.rubric.digest, criteria=criteria),
        judges=(_judged_by(case),),
        passes=passes,
        scores=choice.scores,
        aggregate=choice.aggregate,
        confidence=choice.confidence,
        comparisons=comparisons,
        dissent=dissents(choice, passes),
        escalation=choice.escalation,
    )


def most_calls(protocol: Protocol, drafts: int) -> int:
    """Return the most judge calls a judging may make: every pass, and one repair for each."""
    return 2 * protocol.most_passes(drafts) if drafts > 1 else 0


def _final_text(case: Case, candidates: Sequence[Candidate], selected: str | None) -> str | None:
    if selected is None:
        return None
    contestant = next(each.contestant for each in candidates if each.id == selected)
    return next(draft.text for draft in case.drafts if draft.contestant == contestant)


def _judged_by(case: Case) -> JudgedBy:
    return JudgedBy(
        id=case.judge_name,
        model=case.model.model,
        family=case.model.model.split("/", 1)[0],
        temperature=case.model.temperature,
        simulated=case.model.simulated,
        prompt_sha256=SYSTEM_SHA256,
    )
