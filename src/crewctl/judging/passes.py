"""Hold a round of passes: every judge takes every look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crewctl.judging.one_call import Answered, ask_all
from crewctl.judging.port import JudgeModel
from crewctl.judging.prompt import Asked, Persona, Question, ask
from crewctl.judging.protocol import Look
from crewctl.judging.reading import Reading, read
from crewctl.judging.verdict import Pass

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
    wanted = [_Wanted(judge, look, question, shown, named) for judge in judges for look in looks]

    def reading(text: str, asked: Asked) -> Reading:
        return read(text, asked, question.rubric, shown)

    answered = ask_all(model, [each.ask for each in wanted], reading)
    return tuple(_pass(each, heard) for each, heard in zip(wanted, answered, strict=True))


@dataclass(frozen=True)
class _Wanted:
    """A look that one judge is asked to take."""

    judge: Persona
    look: Look
    question: Question
    shown: Mapping[str, str]
    named: bool

    @property
    def key(self) -> str:
        return self.look.pass_id(self.judge.name, named=self.named)

    @property
    def swap_of(self) -> str | None:
        if len(self.look.order) != _PAIR:
            return None
        return self.look.swapped.pass_id(self.judge.name, named=self.named)

    def ask(self, suffix: str, repair: str) -> Asked:
        return ask(self.question, self.judge, self.look, f"{self.key}{suffix}", self.shown, repair)


def _pass(wanted: _Wanted, heard: Answered[Reading]) -> Pass:
    void = Pass(
        id=wanted.key,
        judge=wanted.judge.name,
        kind=wanted.look.kind,
        order=wanted.look.order,
        swap_of=wanted.swap_of,
        label_map_sha256=heard.asked.label_map_sha256,
        prompt_sha256=heard.asked.sha256,
        response_sha256=heard.response_sha256,
        attempts=heard.attempts,
        status="void",
        winner=None,
    )
    found = heard.found
    if found is None:
        return void
    return void.model_copy(
        update={
            "status": "counted",
            "winner": found.winner,
            "scores": found.scores,
            "rationale": found.rationale,
            "addressed_judge": found.addressed_judge,
        }
    )
