"""From passes alone to a choice, or to the reasons why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crewctl.judging.figures import aggregate, beats, beats_in_both_orders
from crewctl.judging.protocol import Pairing, Place, Protocol, Vote
from crewctl.judging.verdict import (
    Choice,
    Confidence,
    CriterionUsed,
    Escalation,
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
    votes = [vote_of(held) for held in passes]
    places = protocol.places(finalists, votes) if finalists else ()
    reasons = _doubts(list(words), places, votes, suspects | _addressed(passes))
    selected = None if reasons else places[0].draft
    return Choice(
        selected_draft=selected,
        scores=means(passes, list(words), criteria),
        aggregate=aggregate(places, votes, failed, words, protocol),
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


def vote_of(held: Pass) -> Vote:
    """Return what a pass says to the protocol: who was shown in which order, and who won."""
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
    return all(any(beats(other.draft, place.draft, votes) for other in level) for place in level)


def _clear(places: Sequence[Place], votes: Sequence[Vote]) -> bool:
    if len(places) == 1:
        return True  # every other draft fails a must criterion
    best, second = places[0], places[1]
    return beats_in_both_orders(best.draft, second.draft, votes) or best.share >= LEAST_SHARE


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
