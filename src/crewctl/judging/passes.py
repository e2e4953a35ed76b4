"""Hold a round of passes: ask side by side, read strictly, ask once more what could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crewctl.judging.answers import Unreadable
from crewctl.judging.attempt import Attempt
from crewctl.judging.drafts import sha256
from crewctl.judging.port import JudgeAnswer, JudgeModel
from crewctl.judging.prompt import Asked, Persona, Question, ask
from crewctl.judging.protocol import Look
from crewctl.judging.reading import Reading, read
from crewctl.judging.verdict import Pass
from crewctl.planning.plan import PlannedRubric

_AGAIN = ".again"
_PAIR = 2


def hold(
    judges: Sequence[Persona],
    question: Question,
    looks: Sequence[Look],
    shown: Mapping[str, str],
    model: JudgeModel,
    *,
    named: bool,
) -> tuple[Pass, ...]:
    """Hold one round: ask every judge for every look side by side, then what was not understood once more.

    `named` puts the judge's name into the passes' ids, for judgings with several judges.
    """
    wanted = [_Wanted(judge, look, f"{judge.name}." if named else "") for judge in judges for look in looks]
    first = [ask(question, each.judge, each.look, each.key, shown) for each in wanted]
    heard = {each.key: [one] for each, one in zip(wanted, _hear(first, question, shown, model), strict=True)}
    again = [
        ask(question, each.judge, each.look, f"{each.key}{_AGAIN}", shown, repair=found.problem)
        for each in wanted
        if isinstance(found := heard[each.key][0].found, Unreadable) and found.outcome != "call_failed"
    ]
    for one in _hear(again, question, shown, model):
        heard[one.asked.prompt.key.removesuffix(_AGAIN)].append(one)
    return tuple(_pass(each, heard[each.key]) for each in wanted)


@dataclass(frozen=True)
class _Wanted:
    """A look that one judge is asked to take."""

    judge: Persona
    look: Look
    prefix: str

    @property
    def key(self) -> str:
        return f"{self.prefix}{self.look.key}"

    @property
    def swap_of(self) -> str | None:
        return f"{self.prefix}{self.look.swapped.key}" if len(self.look.order) == _PAIR else None


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


def _pass(wanted: _Wanted, held: Sequence[_Heard]) -> Pass:
    asked, answer, found = held[-1].asked, held[-1].answer, held[-1].found
    attempts = tuple(_attempt(n, heard.found) for n, heard in enumerate(held, start=1))
    void = Pass(
        id=wanted.key,
        judge=wanted.judge.name,
        kind=wanted.look.kind,
        order=wanted.look.order,
        swap_of=wanted.swap_of,
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
