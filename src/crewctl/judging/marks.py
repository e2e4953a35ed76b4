"""What passes say of single drafts: their mean scores, the musts they fail, and whether they speak to the judge."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.judging.verdict import CriterionUsed, Mean, Pass

_MUST_FAILED = 1


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


def mean_of(scores: Sequence[Mean], draft: str, criterion: str) -> float:
    """Return one mean score; 0 where none was given."""
    return next((one.mean for one in scores if (one.draft, one.criterion) == (draft, criterion)), 0.0)


def decisive_criterion(
    selected: str, other: str, scores: Sequence[Mean], criteria: Sequence[CriterionUsed]
) -> str | None:
    """Return the criterion with the greatest weighted lead; None when the selected draft leads on none."""
    leads = [
        (one.weight * (mean_of(scores, selected, one.id) - mean_of(scores, other, one.id)), -place, one.id)
        for place, one in enumerate(criteria)
    ]
    lead, _, name = max(leads)
    return name if lead > 0 else None


def scores_of(passes: Sequence[Pass], draft: str, criterion: str) -> list[int]:
    """Return what the counted passes gave one draft on one criterion."""
    return [
        score.score
        for held in passes
        if held.status == "counted"
        for score in held.scores
        if score.draft == draft and score.criterion == criterion
    ]


def failed_musts(passes: Sequence[Pass], criteria: Sequence[CriterionUsed]) -> dict[str, tuple[str, ...]]:
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


def addressed(passes: Sequence[Pass]) -> frozenset[str]:
    """Return the drafts that at least half of their passes say speak to the judge."""
    counted = [held for held in passes if held.status == "counted" and held.kind != "human"]
    drafts = {draft for held in counted for draft in held.order}
    return frozenset(
        draft
        for draft in drafts
        if 2 * sum(draft in held.addressed_judge for held in counted)
        >= sum(draft in held.order for held in counted)
    )
