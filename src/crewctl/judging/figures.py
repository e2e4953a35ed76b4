"""The figures of a verdict: how the votes lie, and how much they agree."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from crewctl.judging.protocol import Place, Protocol, Vote
from crewctl.judging.verdict import Aggregate, LengthCheck


def aggregate(
    places: Sequence[Place],
    votes: Sequence[Vote],
    failed: dict[str, tuple[str, ...]],
    words: Mapping[str, int],
    protocol: Protocol,
) -> Aggregate:
    """Fold the votes; `failed` are the drafts that fail a must criterion, `words` the length of each."""
    shares = [place.share for place in places]
    return Aggregate(
        method=f"{protocol.name}/{protocol.version}",
        table=tuple(places),
        margin=round(shares[0] - shares[1], 6) if len(shares) > 1 else float(bool(shares)),
        swap_consistency=_swap_consistency(votes),
        vote_entropy=_entropy(list(words), votes),
        condorcet_winner=_condorcet(places, votes),
        failed_must=failed,
        void_passes=sum(vote.winner is None for vote in votes),
        length=_length(places, words),
    )


def _swap_consistency(votes: Sequence[Vote]) -> float | None:
    """Return the share of pairs heard in both orders whose two passes agree."""
    by_pairing = {vote.pairing: vote.winner for vote in votes if vote.winner is not None}
    both = [
        winner == by_pairing[pairing.swapped]
        for pairing, winner in by_pairing.items()
        if pairing.swapped in by_pairing
    ]
    return round(sum(both) / len(both), 6) if both else None


def _entropy(drafts: Sequence[str], votes: Sequence[Vote]) -> float:
    """Return the normalised entropy of who won the passes, a tie counting half for each of the two."""
    heard = [vote for vote in votes if vote.winner is not None]
    won = [
        sum(vote.points(draft) for vote in heard if draft in (vote.pairing.first, vote.pairing.second))
        for draft in drafts
    ]
    total = sum(won)
    if total == 0 or len(drafts) == 1:
        return 0.0
    parts = [points / total for points in won if points]
    return min(1.0, max(0.0, round(-sum(part * math.log(part) for part in parts) / math.log(len(drafts)), 6)))


def _condorcet(places: Sequence[Place], votes: Sequence[Vote]) -> str | None:
    """Return the draft that takes more points than each other in both orders together."""
    if len(places) < 2:  # noqa: PLR2004 - nobody to beat
        return None
    best = places[0]
    rivals = [place.draft for place in places[1:]]
    return best.draft if all(beats(best.draft, rival, votes) for rival in rivals) else None


def _length(places: Sequence[Place], words: Mapping[str, int]) -> LengthCheck:
    if not places:
        return LengthCheck(winner_is_longest=False, log_ratio_to_runner_up=None)
    best = words[places[0].draft]
    ratio = None
    if len(places) > 1 and best and words[places[1].draft]:
        ratio = round(math.log(best / words[places[1].draft]), 6)
    return LengthCheck(winner_is_longest=best == max(words.values()), log_ratio_to_runner_up=ratio)


def beats(winner: str, loser: str, votes: Sequence[Vote]) -> bool:
    """Return whether one draft takes more points than another, in a pair heard in both orders."""
    heard = [vote for vote in _between(winner, loser, votes) if vote.winner is not None]
    return len(heard) > 1 and sum(vote.points(winner) for vote in heard) > len(heard) / 2


def beats_in_both_orders(winner: str, loser: str, votes: Sequence[Vote]) -> bool:
    """Return whether one draft wins against another whichever is shown first."""
    return sum(vote.winner == winner for vote in _between(winner, loser, votes)) > 1


def _between(one: str, other: str, votes: Sequence[Vote]) -> list[Vote]:
    return [vote for vote in votes if {vote.pairing.first, vote.pairing.second} == {one, other}]
