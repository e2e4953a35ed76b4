"""Whether a merged text takes the best draft's place: by the passes that showed the two, and by them alone."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.judging.ground import Ground
from crewctl.judging.heard import Heard
from crewctl.judging.marks import addressed, failed_musts, means
from crewctl.judging.outcomes import MergeEnd, MergeResult
from crewctl.judging.protocol import Look, Vote
from crewctl.judging.verdict import Choice, Confidence, Pass

_METHOD = "share of its passes against the best draft that the merged text won"


def with_merged(choice: Choice, passes: Sequence[Pass], ground: Ground) -> Choice:
    """Return the choice with the merged text selected, if it beat the best draft in both orders.

    Without a draft that the judges chose there is nothing to beat, and the choice stays as it is.
    """
    incumbent = choice.selected_draft
    if ground.merged is None or incumbent is None or choice.escalation.required:
        return choice
    why = merge_end(passes, ground, ground.merged, incumbent)
    scores = means(passes, [*ground.words, ground.merged], ground.criteria)
    choice = choice.model_copy(update={"scores": scores})
    result = MergeResult(incumbent=incumbent, won=why == "beat_in_both_orders", why=why)
    if not result.won:
        return choice.model_copy(update={"merge": result})
    return choice.model_copy(
        update={
            "selected_draft": ground.merged,
            "merge": result,
            "confidence": _confidence(merge_votes(passes, ground), ground.merged),
        }
    )


def merge_end(passes: Sequence[Pass], ground: Ground, merged: str, incumbent: str) -> MergeEnd:
    """Return what decided over the merged text."""
    held = [each for each in passes if each.kind == "merge"]
    if merged in ground.suspects | addressed(held):
        return "speaks_to_the_judge"
    if merged in failed_musts(held, ground.criteria):
        return "fails_a_must"
    won = Heard(merge_votes(passes, ground)).beats_in_both_orders(merged, incumbent)
    return "beat_in_both_orders" if won else "did_not_beat_in_both_orders"


def merge_votes(passes: Sequence[Pass], ground: Ground) -> list[Vote]:
    """Return what the judges said of the merged text beside the best draft."""
    return [
        Vote(
            look=Look(order=held.order, kind="merge"),
            winner=held.winner,
            judge=held.judge,
            weight=ground.weight(held.judge),
        )
        for held in passes
        if held.kind == "merge"
    ]


def _confidence(votes: Sequence[Vote], merged: str) -> Confidence:
    counted = [vote for vote in votes if vote.winner is not None]
    total = sum(vote.weight for vote in counted)
    share = sum(vote.weight * vote.points(merged) for vote in counted) / total
    # Two orders of one pair show less than a whole field: never more than medium.
    return Confidence(value=round(share, 6), band="medium", method=_METHOD)
