"""Hold a round of passes: ask side by side, read strictly, ask once more what could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crewctl.judging.drafts import sha256
from crewctl.judging.port import JudgeAnswer, JudgeModel
from crewctl.judging.prompt import Asked, Question, ask
from crewctl.judging.protocol import Pairing
from crewctl.judging.reading import Reading, Unreadable, read
from crewctl.judging.verdict import Attempt, Pass
from crewctl.planning.plan import PlannedRubric


def hold(
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
