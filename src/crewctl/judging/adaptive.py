"""The protocol `adaptive`: compare the likely best with its likeliest rival, until the best is settled."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.judging.both_orders import BothOrders
from crewctl.judging.heard import Heard, ranked
from crewctl.judging.protocol import Look, Place, Vote
from crewctl.judging.strengths import strengths
from crewctl.planning.judge_calls import most_looks

SETTLED = 0.7
"""Asking ends when one draft is the best with this probability, or more, in the judges' eyes."""
_PAIR = 2
_THREE = 3
_FOUR = 4


class Adaptive:
    """As many looks as it takes, never more than `balanced_top3`; two drafts are judged as there.

    It begins with a ring or two, in which each draft is shown first as often as second. After that it asks
    about the leader, which is the draft that is most probably the best, and its likeliest rivals, as the
    top-two rules of best-arm identification do (Russo 2016, Simple Bayesian Algorithms for Best Arm
    Identification). The probabilities are those of `crewctl.judging.strengths`. It ends when the leader is
    settled and has been shown with the runner-up in both orders, or with everyone in both orders, or when
    no look is left.
    """

    name = "adaptive"
    version = "1"

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return the rings, then one look for every three drafts, until nothing more needs asking.

        A look that was void is spent like any other.
        """
        if len(drafts) == _PAIR:
            return BothOrders().next_round(drafts, votes)
        if not votes:
            return rings(drafts)
        taken = {vote.look.order for vote in votes}
        leader, *rivals = sorted(
            self.places(drafts, votes), key=lambda place: (place.rank, drafts.index(place.draft))
        )
        open_looks = [
            look
            for rival in rivals
            for look in _both_orders(leader.draft, rival.draft, votes)
            if look.order not in taken
        ]
        nearest = {leader.draft, rivals[0].draft}
        settled = leader.p_best is not None and leader.p_best >= SETTLED
        if settled and not any(set(look.order) == nearest for look in open_looks):
            return ()
        left = most_looks(self.name, len(drafts)) - len(taken)
        return tuple(open_looks[: max(0, min(left, len(drafts) // _THREE))])

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return the drafts by their probability of being the best, then by their expected strength."""
        if len(drafts) == _PAIR:
            return BothOrders().places(drafts, votes)
        known = strengths(drafts, votes)
        best = known.best()
        keys = {draft: (best[draft], known.of(draft)) for draft in drafts}
        places = ranked(keys, Heard(votes))
        return tuple(place.model_copy(update={"p_best": round(place.score, 6)}) for place in places)


def rings(drafts: Sequence[str]) -> tuple[Look, ...]:
    """Return each draft shown before the next, and from seven drafts on also before the next but one."""
    size = len(drafts)
    return tuple(
        Look(order=(drafts[place], drafts[(place + apart) % size]))
        for apart in range(1, (size + 1) // _FOUR + 1)
        for place in range(size)
    )


def _both_orders(leader: str, rival: str, votes: Sequence[Vote]) -> tuple[Look, Look]:
    """Return both orders, beginning with the one that evens out how often each was shown first."""
    look = Look(order=(leader, rival))
    if _favoured(leader, votes) > _favoured(rival, votes):
        return look.swapped, look
    return look, look.swapped


def _favoured(draft: str, votes: Sequence[Vote]) -> int:
    """Return how much more often a draft was shown first than last."""
    return sum((vote.look.order[0] == draft) - (vote.look.order[-1] == draft) for vote in votes)
