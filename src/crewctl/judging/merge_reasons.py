"""Why a merged text took the best draft's place, or did not, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crewctl.judging.marks import decisive_criterion, means
from crewctl.judging.outcomes import Merged, MergeEnd
from crewctl.judging.verdict import Comparison, CriterionUsed, Pass

WHY: Mapping[MergeEnd, str] = {
    "beat_in_both_orders": "it beat the best draft in both orders",
    "did_not_beat_in_both_orders": "it did not beat the best draft in both orders",
    "speaks_to_the_judge": "it speaks to the judge",
    "fails_a_must": "it fails a criterion that must be met",
    "not_written": "the editor's answers could not be used",
    "too_few_drafts": "there were no two drafts to merge",
}
"""What decided over a merged text."""


def merge_reason(merged: Merged, names: Mapping[str, str]) -> str:
    """Say in one line what came of merging; `names` maps ids to who wrote them."""
    best = f"{merged.incumbent} by {names[merged.incumbent]}"
    if merged.candidate is None:
        return f"No text of {merged.editor} was set against {best}: {WHY[merged.why]}."
    drafts = " and ".join(part for part in (", ".join(merged.order[:-1]), merged.order[-1]) if part)
    text = f"{merged.candidate}, merged by {merged.editor} from {drafts},"
    if merged.won:
        return f"{text} was chosen: it beat the best draft, {best}, in both orders."
    return f"{text} was not chosen: {WHY[merged.why]}. The best draft, {best}, stays."


def merge_comparison(merged: Merged, passes: Sequence[Pass], criteria: Sequence[CriterionUsed]) -> Comparison:
    """Say why the best draft gave way, by the passes that showed it beside the merged text."""
    held = [each for each in passes if each.kind == "merge" and each.status == "counted"]
    won = sum(each.winner == merged.candidate for each in held)
    why = f"it lost {won} of {len(held)} passes against the merged text"
    text, best = merged.candidate or "", merged.incumbent
    name = decisive_criterion(text, best, means(held, [text, best], criteria), criteria)
    said = next((each.rationale for each in held if each.winner == merged.candidate), "")
    return Comparison(
        rejected=merged.incumbent,
        decisive_criterion=name,
        why=f"{why}{f', most clearly on {name}' if name else ''}. The judge says: {said}",
        passes=tuple(each.id for each in held),
    )
