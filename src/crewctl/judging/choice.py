"""From passes alone to a choice, or to the reasons why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from crewctl.judging.protocol import Pairing, Place, Protocol, Vote
from crewctl.judging.verdict import (
    Aggregate,
    Choice,
    Confidence,
    CriterionUsed,
    Escalation,
    LengthCheck,
    Mean,
    Pass,
    Reason,
)

MOST_VOID = 1 / 3
"""More void passes than this share, and nothing is chosen."""
LEAST_SHARE = 0.7
"""A winner that did not beat the runner-up in both orders needs this share of its passes."""
_MUST_FAILED = 1
_CONFIDENCE = "share of its passes that the best draft won; high when it beat every rival in both orders"


def choose_from(
    words: Mapping[str, int],
    passes: Sequence[Pass],
    criteria: Sequence[CriterionUsed],
    protocol: Protocol,
    suspects: frozenset[str] = frozenset(),
) -> Choice:
    """Fold the passes. `words` has every eligible draft with its length; `suspects` may not win."""
    failed = _failed_musts(passes, criteria)
    finalists = [draft for draft in words if draft not in failed]
    votes = [_vote(held) for held in passes]
    places = protocol.places(finalists, votes) if finalists else ()
    reasons = _doubts(list(words), places, votes, suspects | _addressed(passes))
    selected = None if reasons else places[0].draft
    return Choice(
        selected_draft=selected,
        scores=means(passes, list(words), criteria),
        aggregate=_aggregate(places, votes, failed, words, protocol),
        confidence=_confidence(places, selected, len(votes)),
        escalation=Escalation(
            required=bool(reasons), reasons=reasons, status="pending" if reasons else "none"
        ),
    )


def means(
    passes: Sequence[Pass], drafts: Sequence[str], criteria: Sequence[CriterionUsed]
) -> tuple[Mean, ...]:
    """Return every draft's mean score on every criterion, over the counted passes that gave one."""
    found = []
    for draft in drafts:
        for criterion in criteria:
            given = scores_of(passes, draft, criterion.id)
            if given:
                mean = round(sum(given) / len(given), 6)
                found.append(Mean(draft=draft, criterion=criterion.id, mean=mean, passes=len(given)))
    return tuple(found)


def scores_of(passes: Sequence[Pass], draft: str, criterion: str) -> list[int]:
    """Return what the counted passes gave one draft on one criterion."""
    return [
        score.score
        for held in passes
        if held.status == "counted"
        for score in held.scores
        if score.draft == draft and score.criterion == criterion
    ]


def _vote(held: Pass) -> Vote:
    return Vote(pairing=Pairing(first=held.order[0], second=held.order[1]), winner=held.winner)


def _failed_musts(passes: Sequence[Pass], criteria: Sequence[CriterionUsed]) -> dict[str, tuple[str, ...]]:
    """Return the drafts of which at least half of their passes say that they fail a must criterion."""
    failed: dict[str, tuple[str, ...]] = {}
    for draft in sorted({draft for held in passes for draft in held.order}):
        names = []
        for criterion in criteria:
            given = scores_of(passes, draft, criterion.id) if criterion.kind == "must" else []
            if given and given.count(_MUST_FAILED) * 2 >= len(given):
                names.append(criterion.id)
        if names:
            failed[draft] = tuple(names)
    return failed


def _addressed(passes: Sequence[Pass]) -> frozenset[str]:
    """Return the drafts that at least half of their passes say speak to the judge."""
    counted = [held for held in passes if held.status == "counted"]
    drafts = {draft for held in counted for draft in held.order}
    return frozenset(
        draft
        for draft in drafts
        if 2 * sum(draft in held.addressed_judge for held in counted)
        >= sum(draft in held.order for held in counted)
    )


def _doubts(
    drafts: list[str], places: Sequence[Place], votes: Sequence[Vote], suspects: frozenset[str]
) -> tuple[Reason, ...]:
    """Return every reason against choosing the best place; none means that it is chosen."""
    if len(drafts) < 2:  # noqa: PLR2004 - nothing to compare
        return ("single_eligible_draft",)
    if not places:
        return ("must_criterion_failed",)
    reasons: list[Reason] = []
    if sum(vote.winner is None for vote in votes) > MOST_VOID * len(votes):
        reasons.append("void_passes")
    level = [place for place in places if place.score == places[0].score]
    if len(level) > 1:
        reasons.append("cycle" if _is_cycle(level, votes) else "tie")
    elif not _clear(places, votes):
        reasons.append("order_inconsistent")
    if places[0].draft in suspects and len(level) == 1:
        reasons.append("injection_flag")
    return tuple(reasons)


def _is_cycle(level: Sequence[Place], votes: Sequence[Vote]) -> bool:
    """Return whether each of the level drafts is beaten by another of them."""
    return all(any(_takes_more(other.draft, place.draft, votes) for other in level) for place in level)


def _clear(places: Sequence[Place], votes: Sequence[Vote]) -> bool:
    if len(places) == 1:
        return True  # every other draft fails a must criterion
    best, second = places[0], places[1]
    return _beaten_twice(best.draft, second.draft, votes) or best.share >= LEAST_SHARE


def _beaten_twice(winner: str, loser: str, votes: Sequence[Vote]) -> bool:
    return sum(_between(vote, winner, loser) and vote.winner == winner for vote in votes) > 1


def _between(vote: Vote, one: str, other: str) -> bool:
    return {vote.pairing.first, vote.pairing.second} == {one, other}


def _aggregate(
    places: Sequence[Place],
    votes: Sequence[Vote],
    failed: dict[str, tuple[str, ...]],
    words: Mapping[str, int],
    protocol: Protocol,
) -> Aggregate:
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
    return best.draft if all(_takes_more(best.draft, rival, votes) for rival in rivals) else None


def _takes_more(one: str, other: str, votes: Sequence[Vote]) -> bool:
    between = [vote for vote in votes if _between(vote, one, other) and vote.winner is not None]
    return len(between) > 1 and sum(vote.points(one) for vote in between) > len(between) / 2


def _length(places: Sequence[Place], words: Mapping[str, int]) -> LengthCheck:
    if not places:
        return LengthCheck(winner_is_longest=False, log_ratio_to_runner_up=None)
    best = words[places[0].draft]
    ratio = None
    if len(places) > 1 and best and words[places[1].draft]:
        ratio = round(math.log(best / words[places[1].draft]), 6)
    return LengthCheck(winner_is_longest=best == max(words.values()), log_ratio_to_runner_up=ratio)


def _confidence(places: Sequence[Place], selected: str | None, votes: int) -> Confidence:
    if not places or not votes:
        return Confidence(value=0.0, band="low", method=_CONFIDENCE)
    best = places[0]
    value = round(best.share, 6)
    if selected is None:
        return Confidence(value=value, band="low", method=_CONFIDENCE)
    swept = best.swap_consistent_wins == len(places) - 1
    return Confidence(value=value, band="high" if swept else "medium", method=_CONFIDENCE)


def pairs_of(passes: Sequence[Pass], one: str, other: str) -> list[Pass]:
    """Return the counted passes over two drafts."""
    return [held for held in passes if set(held.order) == {one, other} and held.status == "counted"]
