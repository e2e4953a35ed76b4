"""Which looks other judges are asked to take when the first came to no clear choice."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.judging.choice import choose_from
from crewctl.judging.ground import Ground
from crewctl.judging.protocol import Look
from crewctl.judging.verdict import Pass, Reason

_PAIR = 2
UNCLEAR: frozenset[Reason] = frozenset(
    {"tie", "cycle", "order_inconsistent", "low_vote_share", "low_confidence", "panel_split"}
)
"""The reasons that other judges' opinions may settle."""


def second_looks(passes: Sequence[Pass], ground: Ground) -> tuple[Look, ...]:
    """Return both orders of the best two when the judges did not settle which is better."""
    choice = choose_from(passes, ground)
    reasons = choice.escalation.reasons
    best = tuple(place.draft for place in choice.aggregate.table[:_PAIR])
    # Whatever others say of two drafts, it does not tell what the void passes over the field would have.
    if not UNCLEAR.intersection(reasons) or "void_passes" in reasons or len(best) < _PAIR:
        return ()
    look = Look(order=best, kind="second_opinion")
    return look, look.swapped
