"""From passes alone to a choice, or to the reasons why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.judging.calibration import confidence_of
from crewctl.judging.consensus_fold import consensus_choice
from crewctl.judging.figures import aggregate, panel_agreement
from crewctl.judging.ground import Ground
from crewctl.judging.heard import Heard
from crewctl.judging.marks import addressed, failed_musts, means
from crewctl.judging.merge_fold import with_merged
from crewctl.judging.people import chosen_by_people, confidence_of_people, escalation_of
from crewctl.judging.protocol import Look, Place, Vote
from crewctl.judging.verdict import (
    Choice,
    Pass,
    Reason,
)

MOST_VOID = 1 / 3
"""More void passes than this share, of the judges or of second opinions, and nothing is chosen."""
LEAST_SHARE = 0.7
"""A winner that did not beat the runner-up in both orders needs this share of its passes."""
LEAST_AGREEMENT = 0.5
"""A panel's winner that no more than this share of the judges, by weight, puts first is not chosen."""


def choose_from(passes: Sequence[Pass], ground: Ground) -> Choice:
    """Fold the passes: the judges' choice, unless people were needed; then theirs, if they have spoken.

    A merged text is no part of the choice between drafts: it has to beat the one that was chosen.
    """
    if ground.agreement:
        return consensus_choice(passes, ground)
    drafts = [held for held in passes if held.kind != "merge"]
    return with_merged(_between_drafts(drafts, ground), passes, ground)


def _between_drafts(passes: Sequence[Pass], ground: Ground) -> Choice:
    failed = failed_musts(passes, ground.criteria)
    votes = votes_of(passes, ground)
    finalists = [draft for draft in ground.words if draft not in failed]
    places = ground.protocol.places(finalists, votes) if finalists else ()
    reasons = _doubts(places, votes, ground, ground.suspects | addressed(passes))
    confidence = confidence_of(places, votes, ground.protocol, settled=not reasons)
    if not reasons and confidence.band == "low":
        reasons = ("low_confidence",)
    selected = chosen_by_people(passes, ground.people) if reasons else places[0].draft
    resolved = bool(reasons) and selected is not None
    return Choice(
        selected_draft=selected,
        scores=means(passes, list(ground.words), ground.criteria),
        aggregate=aggregate(places, votes, failed, ground),
        confidence=confidence_of_people(passes, selected) if resolved and selected else confidence,
        escalation=escalation_of(reasons, passes, selected),
    )


def votes_of(passes: Sequence[Pass], ground: Ground) -> list[Vote]:
    """Return what the judges' passes say to the protocol: who was shown in which order, and who won.

    People are not judges, and a comparison with a merged text is no part of the choice between drafts.
    """
    return [
        Vote(
            look=Look(order=held.order, kind=held.kind),
            winner=held.winner,
            judge=held.judge,
            weight=ground.weight(held.judge),
        )
        for held in passes
        if held.kind not in ("human", "merge")
    ]


def _doubts(
    places: Sequence[Place], votes: Sequence[Vote], ground: Ground, suspects: frozenset[str]
) -> tuple[Reason, ...]:
    """Return every reason against choosing the best place; none means that it is chosen."""
    if ground.people is not None:
        return ("person_asked",) if ground.people.kind == "person" else ("ballots_missing",)
    if len(ground.words) < 2:  # noqa: PLR2004 - nothing to compare
        return ("single_eligible_draft",)
    if not places:
        return ("must_criterion_failed",)
    reasons: list[Reason] = []
    if _too_many_void(votes):
        reasons.append("void_passes")
    level = [place for place in places if place.rank == 1]
    heard = Heard(votes)
    if len(level) > 1:
        reasons.append("cycle" if _is_cycle(level, heard) else "tie")
    else:
        reasons += _weak_wins(places, votes, heard, ground)
        reasons += ["injection_flag"] if places[0].draft in suspects else []
    return tuple(reasons)


def _too_many_void(votes: Sequence[Vote]) -> bool:
    """Return whether the judges, or those who gave second opinions, were heard too seldom.

    Each for itself: what others say of the best two does not make up for a field that was not heard.
    """
    second = [vote.winner is None for vote in votes if vote.look.kind == "second_opinion"]
    judges = [vote.winner is None for vote in votes if vote.look.kind != "second_opinion"]
    return any(sum(void) > MOST_VOID * len(void) for void in (judges, second))


def _weak_wins(places: Sequence[Place], votes: Sequence[Vote], heard: Heard, ground: Ground) -> list[Reason]:
    """Return what speaks against a best place that stands alone."""
    if len(places) == 1:
        return []  # every other draft fails a must criterion
    reasons: list[Reason] = []
    best, *others = places
    # Which of several that are level stands second is a matter of their numbers alone.
    seconds = [place.draft for place in others if place.rank == others[0].rank]
    won = all(heard.beats_in_both_orders(best.draft, second) for second in seconds)
    if not won and best.share < LEAST_SHARE:
        reasons += ["order_inconsistent", "low_vote_share"]
    agreement = panel_agreement(places, votes, ground.protocol)
    if agreement is not None and agreement <= LEAST_AGREEMENT:
        reasons.append("panel_split")
    return reasons


def _is_cycle(level: Sequence[Place], heard: Heard) -> bool:
    """Return whether each of the level drafts is beaten by another of them."""
    return all(any(heard.beats(other.draft, place.draft) for other in level) for place in level)


def pairs_of(passes: Sequence[Pass], one: str, other: str) -> list[Pass]:
    """Return the counted passes that showed two drafts, and those two alone where there are such."""
    both = [held for held in passes if {one, other} <= set(held.order) and held.status == "counted"]
    both = [held for held in both if held.kind != "human"]
    return [held for held in both if len(held.order) == 2] or both  # noqa: PLR2004 - those two alone
