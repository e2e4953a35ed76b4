"""Merge drafts: an editor writes one text from them, and every judge holds it against the best of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from crewctl.judging.case import Case, Seat
from crewctl.judging.choice import choose_from
from crewctl.judging.drafts import Candidate, Draft, line_up
from crewctl.judging.ground import Ground, suspects_of
from crewctl.judging.marks import addressed
from crewctl.judging.merge_fold import merge_end
from crewctl.judging.merge_prompt import MergedText, ask_to_merge, read_merge
from crewctl.judging.one_call import Answered, ask_once
from crewctl.judging.outcomes import Merged
from crewctl.judging.passes import hold
from crewctl.judging.port import JudgeModel
from crewctl.judging.prompt import Asked, Question
from crewctl.judging.protocol import Look
from crewctl.judging.verdict import Pass

_PAIR = 2


@dataclass(frozen=True)
class Judged:
    """What was judged so far: the drafts, their shown texts by id, and the passes over them."""

    question: Question
    candidates: tuple[Candidate, ...]
    shown: Mapping[str, str]
    ground: Ground
    passes: tuple[Pass, ...]


def merge(case: Case, judged: Judged, model: JudgeModel) -> tuple[Judged, Merged | None]:
    """Have a text merged and judged, if the judges chose a draft that it can be held against.

    The editor is told neither who wrote which draft nor which one was chosen.
    """
    incumbent = choose_from(judged.passes, judged.ground).selected_draft
    if case.decision != "merge" or case.editor is None or incumbent is None:
        return judged, None
    kept = merged_from(judged)
    record = _record(case.editor, incumbent, tuple(kept))
    if len(kept) < _PAIR:
        return judged, record.model_copy(update={"why": "too_few_drafts"})
    answered = _edited(case.editor, judged.question, kept, model)
    record = record.model_copy(
        update={
            "prompt_sha256": answered.asked.sha256,
            "response_sha256": answered.response_sha256,
            "attempts": answered.attempts,
        }
    )
    if answered.found is None:
        return judged, record
    return _compared(case, judged, record, answered.found, model)


def merged_from(judged: Judged) -> dict[str, str]:
    """Return the shown texts that may go into a merged text: those that do not speak to the judge."""
    barred = judged.ground.suspects | addressed(judged.passes)
    return {draft: text for draft, text in judged.shown.items() if draft not in barred}


def _record(editor: Seat, incumbent: str, order: tuple[str, ...]) -> Merged:
    return Merged(
        candidate=None,
        incumbent=incumbent,
        editor=editor.persona.name,
        model=editor.model.model,
        simulated=editor.model.simulated,
        order=order,
        won=False,
        why="not_written",
    )


def _edited(
    editor: Seat, question: Question, kept: Mapping[str, str], model: JudgeModel
) -> Answered[MergedText]:
    def write(again: str, repair: str) -> Asked:
        return ask_to_merge(question, editor.persona, list(kept), kept, again, repair)

    return ask_once(model, write, lambda text, asked: read_merge(text, asked, kept))


def _compared(
    case: Case, judged: Judged, record: Merged, found: MergedText, model: JudgeModel
) -> tuple[Judged, Merged]:
    """Line the merged text up as one more candidate, and have it judged beside the best draft."""
    number = f"D{len(judged.candidates) + 1}"
    lined, texts = line_up(
        [Draft(contestant=record.editor, text=found.text)], disqualify=case.injected_drafts == "disqualify"
    )
    candidate = lined[0].model_copy(update={"id": number, "origin": "merged"})
    suspects = judged.ground.suspects | suspects_of([candidate], case.injected_drafts)
    ground = replace(judged.ground, merged=number, suspects=suspects)
    passes: tuple[Pass, ...] = ()
    if number not in suspects and texts:
        look = Look(order=(number, record.incumbent), kind="merge")
        shown = {record.incumbent: judged.shown[record.incumbent], number: texts[lined[0].id]}
        judges, named = case.personas("judge"), len(case.seats) > 1
        passes = hold(judges, judged.question, (look, look.swapped), shown, model, named=named)
    why = merge_end(passes, ground, number, record.incumbent)
    told = {"candidate": number, "text": found.text, "taken": found.taken}
    after = replace(
        judged,
        candidates=(*judged.candidates, candidate),
        ground=ground,
        passes=(*judged.passes, *passes),
    )
    return after, record.model_copy(update={**told, "won": why == "beat_in_both_orders", "why": why})
