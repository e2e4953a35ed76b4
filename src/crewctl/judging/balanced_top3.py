"""The protocol `balanced_top3`: one order of every pair, then the missing order among the best three."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from crewctl.judging.all_pairs import swapped_points
from crewctl.judging.both_orders import BothOrders
from crewctl.judging.heard import Heard, ranked
from crewctl.judging.protocol import Look, Place, Vote

FINALISTS = 3
_PAIR = 2


class BalancedTop3:
    """N(N-1)/2 + 3 looks in two rounds; two drafts are judged as `both_orders` does.

    In the first round each draft is shown first in about half of its pairs, so that a judge who favours
    a place favours nobody. Finalists are ranked by the points of both orders among them, ties by their
    points in the whole first round; the others follow by those.
    """

    name = "balanced_top3"
    version = "1"

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return the round robin, then the final's missing orders."""
        if len(drafts) == _PAIR:
            return BothOrders().next_round(drafts, votes)
        if not votes:
            return round_robin(drafts)
        if _finalists(votes):
            return ()
        field = _field(drafts, votes)
        best = sorted(drafts, key=lambda draft: -field[draft])[:FINALISTS]
        return tuple(vote.look.swapped for vote in _first_looks(votes) if set(vote.look.order) <= set(best))

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return the finalists by the final, then the others by the field."""
        if any(vote.look.kind == "tiebreak" for vote in votes) or len(drafts) == _PAIR:
            return BothOrders().places(drafts, votes)
        heard, field = Heard(votes), _field(drafts, votes)
        finalists = [draft for draft in drafts if draft in _finalists(votes)]
        keys = {
            draft: (swapped_points(draft, finalists, heard) if draft in finalists else -1.0, field[draft])
            for draft in drafts
        }
        return ranked(keys, heard, field=True)


def round_robin(drafts: Sequence[str]) -> tuple[Look, ...]:
    """Return every pair once, oriented so that each draft is first in half of its pairs, give or take one."""
    return tuple(
        Look(order=(drafts[one], drafts[other]) if (one + other) % 2 else (drafts[other], drafts[one]))
        for one, other in combinations(range(len(drafts)), 2)
    )


def _first_looks(votes: Sequence[Vote]) -> list[Vote]:
    """Return one vote for each pair: the order in which it was shown first."""
    first: dict[frozenset[str], Vote] = {}
    for vote in votes:
        first.setdefault(frozenset(vote.look.order), vote)
    return list(first.values())


def _finalists(votes: Sequence[Vote]) -> set[str]:
    """Return the drafts of which a pair was asked for in both orders."""
    orders = {vote.look.order for vote in votes if vote.look.kind == "pairwise"}
    return {draft for order in orders if order[::-1] in orders for draft in order}


def _field(drafts: Sequence[str], votes: Sequence[Vote]) -> dict[str, float]:
    """Return each draft's points in the first round; a half for a pair that was not heard."""
    heard = Heard(vote for vote in votes if vote.look.kind == "pairwise")
    points = dict.fromkeys(drafts, 0.0)
    for vote in _first_looks(votes):
        for draft in vote.look.order:
            if draft in points and set(vote.look.order) <= set(drafts):
                heard_points = heard.points(draft, vote.look.order)
                points[draft] += 0.5 if heard_points is None else heard_points
    # Rounded, for judges' weights make level drafts differ in their last digits.
    return {draft: round(field, 9) for draft, field in points.items()}
