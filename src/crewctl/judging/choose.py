"""The whole judging of one market: a plain function over a judge and a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crewctl.judging.choice import choose_from
from crewctl.judging.drafts import Candidate, Draft, line_up, sha256
from crewctl.judging.port import Frozen, JudgeAnswer, JudgeModel
from crewctl.judging.prompt import SYSTEM_SHA256, Asked, Persona, Question, ask, seed_of
from crewctl.judging.protocol import Pairing, Protocol, Vote
from crewctl.judging.reading import Reading, Unreadable, read
from crewctl.judging.reasons import compare, dissents, reasoning
from crewctl.judging.verdict import (
    Attempt,
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
        passes += _hold(case.judge_name, question, pairings, shown, judge)
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
    votes = [Vote(pairing=_pairing(held), winner=held.winner) for held in passes]
    return protocol.next_round(list(shown), votes)


def _pairing(held: Pass) -> Pairing:
    return Pairing(first=held.order[0], second=held.order[1])


def _hold(
    judge_name: str,
    question: Question,
    pairings: Sequence[Pairing],
    shown: Mapping[str, str],
    judge: JudgeModel,
) -> tuple[Pass, ...]:
    """Hold one round: ask every pass side by side, then those that could not be read once more."""
    first = [ask(question, each.key, (each.first, each.second), shown) for each in pairings]
    held = {
        each.key: [heard] for each, heard in zip(pairings, _hear(first, question, shown, judge), strict=True)
    }
    again = [
        ask(question, f"{each.key}.again", (each.first, each.second), shown, repair=found.problem)
        for each in pairings
        if isinstance(found := held[each.key][0].found, Unreadable) and found.outcome != "call_failed"
    ]
    for heard in _hear(again, question, shown, judge):
        held[heard.asked.prompt.key.removesuffix(".again")].append(heard)
    return tuple(_pass(judge_name, each, held[each.key]) for each in pairings)


@dataclass(frozen=True)
class _Heard:
    """One call: what was asked, what came back, and what the host read in it."""

    asked: Asked
    answer: JudgeAnswer
    found: Reading | Unreadable


def _hear(
    asked: Sequence[Asked], question: Question, shown: Mapping[str, str], judge: JudgeModel
) -> list[_Heard]:
    if not asked:
        return []
    answers = judge.answer(tuple(each.prompt for each in asked))
    return [
        _Heard(each, answer, _read(answer, each, question.rubric, shown))
        for each, answer in zip(asked, answers, strict=True)
    ]


def _read(
    answer: JudgeAnswer, asked: Asked, rubric: PlannedRubric, shown: Mapping[str, str]
) -> Reading | Unreadable:
    if answer.text is None:
        return Unreadable("call_failed", answer.error or "the call failed")
    try:
        return read(answer.text, asked, rubric, shown)
    except Unreadable as unreadable:
        return unreadable


def _pass(judge_name: str, pairing: Pairing, held: Sequence[_Heard]) -> Pass:
    asked, answer, found = held[-1].asked, held[-1].answer, held[-1].found
    attempts = tuple(_attempt(n, heard.found) for n, heard in enumerate(held, start=1))
    void = Pass(
        id=pairing.key,
        judge=judge_name,
        order=(pairing.first, pairing.second),
        swap_of=pairing.swapped.key,
        label_map_sha256=asked.label_map_sha256,
        prompt_sha256=asked.sha256,
        response_sha256=None if answer.text is None else sha256(answer.text),
        attempts=attempts,
        status="void",
        winner=None,
    )
    if isinstance(found, Unreadable):
        return void
    return void.model_copy(
        update={
            "status": "counted",
            "winner": found.winner,
            "scores": found.scores,
            "notes": found.notes,
            "rationale": found.rationale,
            "addressed_judge": found.addressed_judge,
        }
    )


def _attempt(n: int, found: Reading | Unreadable) -> Attempt:
    if isinstance(found, Unreadable):
        return Attempt(n=n, outcome=found.outcome, error=found.problem)
    return Attempt(n=n, outcome="ok")


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
