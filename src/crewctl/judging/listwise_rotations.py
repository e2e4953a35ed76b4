"""The protocol `listwise_rotations`: every cyclic rotation of one list, then both orders of the best two."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.judging.all_pairs import in_both_orders, swapped_points
from crewctl.judging.both_orders import BothOrders
from crewctl.judging.heard import Heard, ranked
from crewctl.judging.protocol import Look, Place, Vote

_PAIR = 2


class ListwiseRotations:
    """N + 2 looks in two rounds; two drafts are judged as `both_orders` does.

    In the rotations every draft stands once in every place. Measured on simulated judges only, so never
    the default.
    """

    name = "listwise_rotations"
    version = "1"

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return the rotations, then the final."""
        if len(drafts) == _PAIR:
            return BothOrders().next_round(drafts, votes)
        if not votes:
            turns = range(len(drafts))
            return tuple(Look(order=(*drafts[at:], *drafts[:at]), kind="listwise") for at in turns)
        if _final(votes):
            return ()
        points = _list_points(drafts, votes)
        return in_both_orders(sorted(drafts, key=lambda draft: -points[draft])[:_PAIR])

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return the finalists by the final, ties by the rotations; then the others by the rotations."""
        if not any(vote.look.kind == "listwise" for vote in votes):
            return BothOrders().places(drafts, votes)
        heard, points = Heard(votes), _list_points(drafts, votes)
        finalists = [draft for draft in drafts if draft in _final(votes)]
        keys = {
            draft: (swapped_points(draft, finalists, heard) if draft in finalists else -1.0, points[draft])
            for draft in drafts
        }
        return ranked(keys, heard, field=True)


def _final(votes: Sequence[Vote]) -> set[str]:
    return {draft for vote in votes if vote.look.kind == "pairwise" for draft in vote.look.order}


def _list_points(drafts: Sequence[str], votes: Sequence[Vote]) -> dict[str, float]:
    heard = Heard(vote for vote in votes if vote.look.kind == "listwise")
    orders = {vote.look.order for vote in heard.counted}
    # Rounded, for a tie's equal parts add up to level drafts that differ in their last digits.
    return {draft: round(sum(heard.points(draft, order) or 0.0 for order in orders), 9) for draft in drafts}
