"""The protocol `all_pairs`: every two drafts in both orders, ranked by the points of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from crewctl.judging.heard import Heard, ranked
from crewctl.judging.protocol import Look, Place, Vote


class AllPairs:
    """N(N-1) looks in one round.

    A pair gives a point for each order won, half for each tied. A pair of which an order is void is
    level: for then one order was not heard.
    """

    name = "all_pairs"
    version = "2"

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return every pair in both orders at once; nothing after that."""
        if votes:
            return ()
        return in_both_orders(drafts)

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return the drafts by the points that both orders of all their pairs gave."""
        heard = Heard(votes)
        return ranked({draft: (swapped_points(draft, drafts, heard),) for draft in drafts}, heard)


def in_both_orders(drafts: Sequence[str]) -> tuple[Look, ...]:
    """Return every pair of the drafts in both orders."""
    pairs = [Look(order=pair) for pair in combinations(drafts, 2)]
    return tuple(look for pair in pairs for look in (pair, pair.swapped))


def swapped_points(draft: str, drafts: Sequence[str], heard: Heard) -> float:
    """Return the draft's points over both orders of its pairs; one a pair that was not heard so."""
    pairs = [heard.both(draft, other) for other in drafts if other != draft]
    return sum(1.0 if both is None else sum(both) for both in pairs)
