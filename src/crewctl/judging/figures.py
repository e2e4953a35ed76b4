"""Figures over the votes of one judging: how wide the margin, how steady the judges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from crewctl.judging.ground import Ground
from crewctl.judging.heard import Heard
from crewctl.judging.protocol import Place, Protocol, Vote
from crewctl.judging.verdict import Aggregate, LengthCheck


def aggregate(
    places: Sequence[Place], votes: Sequence[Vote], failed: dict[str, tuple[str, ...]], ground: Ground
) -> Aggregate:
    """Fold the votes; `failed` are the drafts that fail a must criterion."""
    shares = [place.share for place in places]
    heard = Heard(votes)
    return Aggregate(
        method=f"{ground.protocol.name}/{ground.protocol.version}",
        table=tuple(places),
        margin=round(shares[0] - shares[1], 6) if len(shares) > 1 else float(bool(shares)),
        swap_consistency=_swap_consistency(votes),
        panel_agreement=panel_agreement(places, votes, ground.protocol),
        vote_entropy=_entropy(list(ground.words), heard),
        condorcet_winner=_condorcet(places, heard),
        failed_must=failed,
        void_passes=sum(vote.winner is None for vote in votes),
        length=_length(places, ground.words),
    )


def panel_agreement(places: Sequence[Place], votes: Sequence[Vote], protocol: Protocol) -> float | None:
    """Return the share of the judges, by weight, whose own votes put the best place first.

    None for one judge. A judge whose votes leave several first counts in equal parts. Who gave a second
    opinion puts one of two first, and counts only if the best place was among them.
    """
    if not places:
        return None
    own: dict[str, list[Vote]] = {}
    for vote in votes:
        if vote.look.kind != "second_opinion" or places[0].draft in vote.look.order:
            own.setdefault(vote.judge, []).append(vote)
    if len(own) < 2:  # noqa: PLR2004 - a panel has two
        return None
    total = sum(cast[0].weight for cast in own.values())
    agreed = sum(cast[0].weight * _put_first(places, cast, protocol) for cast in own.values())
    return round(agreed / total, 6)


def _put_first(places: Sequence[Place], cast: Sequence[Vote], protocol: Protocol) -> float:
    """Return 1 if one judge's votes put the best place first, an equal part if they put several there."""
    shown = {draft for vote in cast for draft in vote.look.order}
    drafts = [place.draft for place in places if place.draft in shown]
    first = [place.draft for place in protocol.places(drafts, cast) if place.rank == 1]
    return (places[0].draft in first) / len(first)


def _swap_consistency(votes: Sequence[Vote]) -> float | None:
    """Return the share of pairs, each judge's own, heard in both orders whose two passes agree."""
    winners = {
        (vote.judge, vote.look.kind, vote.look.order): vote.winner
        for vote in votes
        if vote.winner is not None and len(vote.look.order) == 2  # noqa: PLR2004 - a pair
    }
    both = [
        winner == winners[swapped]
        for (judge, kind, order), winner in winners.items()
        if (swapped := (judge, kind, order[::-1])) in winners
    ]
    return round(sum(both) / len(both), 6) if both else None


def _entropy(drafts: Sequence[str], heard: Heard) -> float:
    """Return the normalised entropy of who won the passes, a tie counting in equal parts for each shown."""
    won = [sum(vote.points(draft) for vote in heard.counted if draft in vote.look.order) for draft in drafts]
    total = sum(won)
    if total == 0 or len(drafts) == 1:
        return 0.0
    parts = [points / total for points in won if points]
    return min(1.0, max(0.0, round(-sum(part * math.log(part) for part in parts) / math.log(len(drafts)), 6)))


def _condorcet(places: Sequence[Place], heard: Heard) -> str | None:
    """Return the draft that takes more points than each other in both orders together."""
    drafts = [place.draft for place in places]
    if len(drafts) < 2:  # noqa: PLR2004 - nobody to beat
        return None
    beat_all = (
        draft for draft in drafts if all(heard.beats(draft, other) for other in drafts if other != draft)
    )
    return next(beat_all, None)


def _length(places: Sequence[Place], words: Mapping[str, int]) -> LengthCheck:
    if not places:
        return LengthCheck(winner_is_longest=False, log_ratio_to_runner_up=None)
    best = words[places[0].draft]
    ratio = None
    if len(places) > 1 and best and words[places[1].draft]:
        ratio = round(math.log(best / words[places[1].draft]), 6)
    return LengthCheck(winner_is_longest=best == max(words.values()), log_ratio_to_runner_up=ratio)
