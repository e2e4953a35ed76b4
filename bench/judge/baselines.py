"""Protocols to compare with, which the product does not offer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from random import Random

from crewctl.judging.all_pairs import swapped_points
from crewctl.judging.balanced_top3 import round_robin
from crewctl.judging.heard import Heard, ranked
from crewctl.judging.protocol import Look, Place, Vote


class Knockout:
    """One draft after the other against the best so far; a level result is settled by lot."""

    version = "1"

    def __init__(self, seed: int, *, both: bool) -> None:
        self._both = both
        self._random = Random(seed)  # noqa: S311 - a reproducible lot, nothing secret
        self._lots: dict[tuple[str, str], bool] = {}
        self.name = "knockout, both orders" if both else "knockout, one order"

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return the next challenge."""
        if not votes:
            self._lots = {}
        step = 2 if self._both else 1
        played = len(votes) // step
        if played == len(drafts) - 1:
            return ()
        look = Look(order=(self._champion(drafts[: played + 1], votes), drafts[played + 1]))
        return (look, look.swapped) if self._both else (look,)

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return who was left, then all others."""
        best = self._champion(drafts, votes)
        return ranked({draft: (float(draft == best),) for draft in drafts}, Heard(votes))

    def _champion(self, drafts: Sequence[str], votes: Sequence[Vote]) -> str:
        heard, best = Heard(votes), drafts[0]
        for draft in drafts[1:]:
            points = heard.against(best, draft)
            lot = self._lots.setdefault((best, draft), self._random.random() < 1 / 2)
            if points is not None and (points < 1 / 2 or (points == 1 / 2 and lot)):
                best = draft
        return best


class OneRandomOrder:
    """Every pair once, in an order drawn by lot."""

    name = "all pairs, one random order"
    version = "1"

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a reproducible lot, nothing secret

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return every pair."""
        if votes:
            return ()
        lots = [(pair, self._random.random() < 1 / 2) for pair in combinations(drafts, 2)]
        return tuple(Look(order=pair if keep else pair[::-1]) for pair, keep in lots)

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return the drafts by their points."""
        heard = Heard(votes)
        return ranked(_field(drafts, votes, heard), heard)


class BalancedTop2:
    """The first round of `balanced_top3`, then the missing order of the best two alone."""

    name = "balanced + top-2 swap"
    version = "1"

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return the round robin, then the other order of the best two."""
        first = round_robin(drafts)
        if not votes:
            return first
        if len(votes) > len(first):
            return ()
        best = set(self._best(drafts, votes))
        return tuple(vote.look.swapped for vote in votes if set(vote.look.order) == best)

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return the best two by both their orders, ties by the field; then the others."""
        heard = Heard(votes)
        first = votes[: len(round_robin(drafts))]
        field, best = _field(drafts, first, Heard(first)), self._best(drafts, first)
        keys = {
            draft: (swapped_points(draft, best, heard) if draft in best else -1.0, *field[draft])
            for draft in drafts
        }
        return ranked(keys, heard)

    def _best(self, drafts: Sequence[str], votes: Sequence[Vote]) -> list[str]:
        field = _field(drafts, votes, Heard(votes))
        return sorted(drafts, key=lambda draft: (-field[draft][0], drafts.index(draft)))[:2]


def _field(drafts: Sequence[str], votes: Sequence[Vote], heard: Heard) -> dict[str, tuple[float]]:
    orders = [vote.look.order for vote in votes]
    return {
        draft: (sum(heard.points(draft, order) or 0.0 for order in orders if draft in order),)
        for draft in drafts
    }
