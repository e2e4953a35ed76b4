"""The protocol `both_orders`: two drafts in both orders, and a closer look where the orders disagree."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.judging.all_pairs import in_both_orders, swapped_points
from crewctl.judging.heard import LEVEL, Heard, ranked
from crewctl.judging.protocol import Look, Place, Vote


class BothOrders:
    """Two looks; two more with a second prompt where the first two come to a level result."""

    name = "both_orders"
    version = "1"

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return both orders; then, if they are level, both orders of the closer question."""
        if not votes:
            return in_both_orders(drafts)
        if any(vote.look.kind == "tiebreak" for vote in votes):
            return ()
        points = swapped_points(drafts[0], drafts, Heard(votes))
        if abs(points - 1) > LEVEL:
            return ()
        return tuple(Look(order=look.order, kind="tiebreak") for look in in_both_orders(drafts))

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return the two drafts by their points, those of the closer look included."""
        heard = Heard(votes)
        return ranked({draft: (swapped_points(draft, drafts, heard),) for draft in drafts}, heard)
