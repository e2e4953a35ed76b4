"""Whether a verdict's merged text is the one that competed, and was judged as it had to be."""

from __future__ import annotations

from crewctl.judging.drafts import Draft, line_up
from crewctl.judging.ground import ground_of
from crewctl.judging.verdict import Verdict


def merge_fault(verdict: Verdict) -> str:
    """Say what is wrong with the merged text; nothing when all is well, or there is none."""
    found = [each for each in verdict.candidates if each.origin == "merged"]
    held = [(each.judge, each.order) for each in verdict.passes if each.kind == "merge"]
    record = verdict.merge
    named = record.candidate if record else None
    if [each.id for each in found] != ([] if named is None else [named]):
        return "the candidate that is told to be merged is not the one that competed"
    if record is None or not found:
        return "passes show a merged text, and there is none" if held else ""
    (candidate,) = found
    if record.text is None or candidate.contestant != record.editor:
        return "it is not told whose text it is, or what it says"
    (again,), _ = line_up(
        [Draft(contestant=record.editor, text=record.text)],
        disqualify=verdict.injected_drafts == "disqualify",
    )
    if again.model_copy(update={"id": candidate.id, "origin": "merged"}) != candidate:
        return "the merged candidate came out differently from its text"
    orders = ((candidate.id, record.incumbent), (record.incumbent, candidate.id))
    judges = [judge.id for judge in verdict.judges if judge.role == "judge"]
    barred = candidate.id in ground_of(verdict).suspects
    wanted = [] if barred else [(judge, order) for judge in judges for order in orders]
    return "" if held == wanted else "not every judge was shown it beside the best draft in both orders"
