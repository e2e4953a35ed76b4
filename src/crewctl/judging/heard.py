"""The votes of all judges pooled look by look, and the places that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crewctl.judging.protocol import TIE, Place, Vote

LEVEL = 1e-9
"""Points closer than this are equal: weights are summed in floating point."""


class Heard:
    """What was heard of each order of drafts. Judges are weighted; void passes are not heard.

    A tie-break and a second opinion count with the pairwise passes over the same order.
    """

    def __init__(self, votes: Iterable[Vote]) -> None:
        self.counted = tuple(vote for vote in votes if vote.winner is not None)
        self._by_order: dict[tuple[str, ...], list[Vote]] = {}
        for vote in self.counted:
            self._by_order.setdefault(vote.look.order, []).append(vote)

    def points(self, draft: str, order: tuple[str, ...]) -> float | None:
        """Return the draft's weighted share of the points of one order; None if it was not heard."""
        votes = self._by_order.get(order)
        if not votes:
            return None
        total = sum(vote.weight for vote in votes)
        return sum(vote.weight * vote.points(draft) for vote in votes) / total

    def both(self, draft: str, other: str) -> tuple[float, float] | None:
        """Return the draft's points shown first and shown second; None unless both orders were heard."""
        first, second = self.points(draft, (draft, other)), self.points(draft, (other, draft))
        return None if first is None or second is None else (first, second)

    def against(self, draft: str, other: str) -> float | None:
        """Return the draft's mean points of the orders that were heard, between 0 and 1."""
        heard = [
            points
            for order in ((draft, other), (other, draft))
            if (points := self.points(draft, order)) is not None
        ]
        return sum(heard) / len(heard) if heard else None

    def beats(self, draft: str, other: str) -> bool:
        """Return whether one draft takes more points than another, in a pair heard in both orders."""
        both = self.both(draft, other)
        return both is not None and sum(both) > 1 + LEVEL

    def beats_in_both_orders(self, draft: str, other: str) -> bool:
        """Return whether one draft wins against another whichever is shown first."""
        both = self.both(draft, other)
        return both is not None and min(both) > 1 / 2 + LEVEL


def ranked(keys: Mapping[str, tuple[float, ...]], heard: Heard, *, field: bool = False) -> tuple[Place, ...]:
    """Return places by descending key; equal keys share a rank, and stand in the order of their ids.

    The first number of a key is the place's score; with `field`, the last one is its field score.
    """
    rounded = {draft: tuple(round(part, 9) for part in key) for draft, key in keys.items()}
    distinct = sorted(set(rounded.values()), reverse=True)
    order = sorted(rounded, key=lambda draft: (distinct.index(rounded[draft]), _number(draft)))
    return tuple(
        _place(draft, order, heard).model_copy(
            update={
                "rank": distinct.index(rounded[draft]) + 1,
                "score": rounded[draft][0],
                "field_score": rounded[draft][-1] if field else None,
            }
        )
        for draft in order
    )


def _number(draft: str) -> tuple[int, str]:
    return len(draft), draft


def _place(draft: str, drafts: Sequence[str], heard: Heard) -> Place:
    own = [vote for vote in heard.counted if draft in vote.look.order and _tells(vote, drafts)]
    return Place(
        draft=draft,
        wins=sum(vote.winner == draft for vote in own),
        losses=sum(vote.winner not in (draft, TIE) for vote in own),
        ties=sum(vote.winner == TIE for vote in own),
        share=_share(draft, own),
        swap_consistent_wins=sum(
            heard.beats_in_both_orders(draft, other) for other in drafts if other != draft
        ),
        score=0.0,
    )


def _tells(vote: Vote, drafts: Sequence[str]) -> bool:
    """Return whether a vote tells any two of the drafts apart, or finds them level; a list may show others, too."""
    return len(set(vote.look.order) & set(drafts)) > 1 and vote.winner in (TIE, *drafts)


def _share(draft: str, votes: Sequence[Vote]) -> float:
    total = sum(vote.weight for vote in votes)
    return round(sum(vote.weight * vote.points(draft) for vote in votes) / total, 6) if total else 0.0
