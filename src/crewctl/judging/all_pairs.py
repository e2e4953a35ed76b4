"""The protocol `all_pairs`: every two drafts in both orders, placed by Copeland's rule."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from crewctl.judging.prompt import TIE
from crewctl.judging.protocol import Pairing, Place, Vote


class AllPairs:
    """N(N-1) passes in one round.

    A draft beats another when it takes more of the two points that the two orders give; a win in one
    order and a loss in the other is no win, and neither is a pair with a void pass, for then one order
    was not heard. Copeland's score is one for each draft beaten and a half for each that is level.
    """

    name = "all_pairs"
    version = "1"

    def most_passes(self, drafts: int) -> int:
        """Return N(N-1)."""
        return drafts * (drafts - 1)

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Pairing, ...]:
        """Return every pair in both orders at once; nothing after that."""
        if votes:
            return ()
        pairs = [Pairing(first=first, second=second) for first, second in combinations(drafts, 2)]
        return tuple(order for pair in pairs for order in (pair, pair.swapped))

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return the drafts by Copeland's score, then by their share of all points, then by id."""
        by_pairing = {vote.pairing: vote for vote in votes if vote.winner is not None}
        places = [_place(draft, drafts, by_pairing) for draft in drafts]
        return tuple(sorted(places, key=lambda place: (-place.score, -place.share, place.draft)))


def _points(draft: str, other: str, votes: dict[Pairing, Vote]) -> float:
    """Return the points of `draft` against `other`, of two; one, which is level, if an order is void."""
    pairing = Pairing(first=draft, second=other)
    both = [votes.get(pairing), votes.get(pairing.swapped)]
    if any(vote is None for vote in both):
        return 1.0
    return sum(vote.points(draft) for vote in both if vote)


def _place(draft: str, drafts: Sequence[str], votes: dict[Pairing, Vote]) -> Place:
    others = [other for other in drafts if other != draft]
    points = [_points(draft, other, votes) for other in others]
    own = [vote for pairing, vote in votes.items() if draft in (pairing.first, pairing.second)]
    known = [vote for vote in own if {vote.pairing.first, vote.pairing.second} <= set(drafts)]
    return Place(
        draft=draft,
        wins=sum(vote.winner == draft for vote in known),
        losses=sum(vote.winner not in (draft, TIE) for vote in known),
        ties=sum(vote.winner == TIE for vote in known),
        swap_consistent_wins=sum(point == 2 for point in points),  # noqa: PLR2004 - both orders
        score=sum(1.0 if point > 1 else 0.5 if point == 1 else 0.0 for point in points),
    )
