"""The whole judging of one market: a plain function over a judge and a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from crewctl.judging.attempt import Notes
from crewctl.judging.case import Case
from crewctl.judging.choice import votes_of
from crewctl.judging.consensus import draw_up
from crewctl.judging.drafts import line_up
from crewctl.judging.ground import Ground
from crewctl.judging.merge import Judged, merge
from crewctl.judging.notes import take_notes
from crewctl.judging.passes import hold
from crewctl.judging.port import JudgeModel
from crewctl.judging.prompt import Persona, Question, seed_of
from crewctl.judging.second_opinions import second_looks
from crewctl.judging.verdict import Pass, Verdict
from crewctl.judging.write_verdict import Held, write_verdict
from crewctl.planning.judge_calls import most_looks

_PAIR = 2


def choose(case: Case, model: JudgeModel) -> Verdict:
    """Hold every pass that the protocol asks for and fold them into a verdict.

    Whatever the judge raises (a limit, a stop) ends the judging; a call that came to nothing makes
    its pass void.
    """
    candidates, shown = line_up(case.drafts, disqualify=case.injected_drafts == "disqualify")
    question = Question(
        description=case.description,
        expected_output=case.expected_output,
        rubric=case.rubric,
        seed=seed_of(case.description, case.expected_output, case.rubric.digest, shown),
    )
    ground = case.ground(candidates)
    held = Held(seed=question.seed)
    if case.decision == "consensus":
        consensus = draw_up(case, question, shown, ground, model)
        held = held.model_copy(update={"consensus": consensus})
        return write_verdict(case, candidates, held, replace(ground, consensus=consensus))
    if case.judges and len(shown) >= _PAIR:
        held = _judged(case, question, shown, ground, model)
    judged, merged = merge(
        case, Judged(_noted(question, held.notes), candidates, shown, ground, held.passes), model
    )
    held = held.model_copy(update={"passes": judged.passes, "merge": merged})
    return write_verdict(case, judged.candidates, held, judged.ground)


def _judged(
    case: Case, question: Question, shown: Mapping[str, str], ground: Ground, model: JudgeModel
) -> Held:
    """Hold the protocol's rounds; then, if they leave the choice unclear, ask for second opinions."""
    passes: tuple[Pass, ...] = ()
    named = len(case.seats) > 1
    question, notes = _with_notes(case.personas("judge"), question, model, named=named)
    while looks := ground.protocol.next_round(list(shown), votes_of(passes, ground)):
        if len(passes) + len(looks) * len(case.judges) > _planned(case, len(shown)):
            raise AssertionError(f"{ground.protocol.name} asks for more passes than were planned")
        passes += hold(case.personas("judge"), question, looks, shown, model, named=named)
    second = case.personas("second_opinion")
    if second and (looks := second_looks(passes, ground)):
        question, more = _with_notes(second, question, model, named=named)
        notes += more
        passes += hold(second, question, looks, shown, model, named=named)
    return Held(seed=question.seed, passes=passes, notes=notes)


def _with_notes(
    judges: Sequence[Persona], question: Question, model: JudgeModel, *, named: bool
) -> tuple[Question, tuple[Notes, ...]]:
    """Have the judges note what a good answer needs, and put the notes into what they are asked."""
    notes = take_notes(judges, question, model, named=named)
    return _noted(question, notes), notes


def _noted(question: Question, notes: Sequence[Notes]) -> Question:
    return question.model_copy(
        update={"notes": {**question.notes, **{each.judge: each.text for each in notes}}}
    )


def _planned(case: Case, drafts: int) -> int:
    return most_looks(case.protocol, drafts) * len(case.judges)
