"""Two verdicts over the same drafts side by side: what another judging would have changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from crewctl.judging.models_asked import models_asked
from crewctl.judging.port import Frozen
from crewctl.judging.protocol import TIE
from crewctl.judging.verdict import Pass, Verdict

Band = Literal["high", "medium", "low"]


class Seen(Frozen):
    """One verdict in short, told of contestants: ids of drafts need not be the same in both.

    `judges` has the models that were asked for each judge, fallbacks with them. `ranks` has every draft that
    could win, 1 first; `means` the mean score of each contestant on each criterion. `selected` None means
    that it was left to a person, for `reasons`.
    """

    run_id: str
    judges: dict[str, str]
    rubric: str
    rubric_sha256: str
    protocol: str
    selected: str | None
    decided_by: tuple[str, ...]
    reasons: tuple[str, ...]
    confidence: float
    band: Band
    ranks: dict[str, int]
    means: dict[str, dict[str, float]]


class LookDiffers(Frozen):
    """One order of drafts, by contestant, and who won it for each judge; None is a void pass."""

    kind: str
    order: tuple[str, ...]
    then: dict[str, str | None]
    now: dict[str, str | None]


class Rejudged(Frozen):
    """What a judging of recorded drafts changed. `looks` has those that both held and that differ.

    `changed` says whether another draft is selected, or none instead of one, or one instead of none.
    Merged texts are left out: only the choice between drafts is compared.
    `other_drafts` names contestants whose draft is not, to the letter, the one that was judged then.
    """

    then: Seen
    now: Seen
    changed: bool
    same_looks: int
    looks: tuple[LookDiffers, ...]
    only_then: int
    only_now: int
    task_differs: bool
    other_drafts: tuple[str, ...]


def compare(then: Verdict, now: Verdict) -> Rejudged:
    """Compare two verdicts; whatever differs is told as it stands in them."""
    before, after = _looks(then), _looks(now)
    both = [key for key in before if key in after]
    return Rejudged(
        then=seen(then),
        now=seen(now),
        changed=_selected(then) != _selected(now),
        same_looks=sum(_said(before[key]) == _said(after[key]) for key in both),
        looks=tuple(
            LookDiffers(kind=kind, order=order, then=before[kind, order], now=after[kind, order])
            for kind, order in both
            if _said(before[kind, order]) != _said(after[kind, order])
        ),
        only_then=len(before) - len(both),
        only_now=len(after) - len(both),
        task_differs=then.task_sha256 != now.task_sha256,
        other_drafts=_other_drafts(then, now),
    )


def seen(verdict: Verdict) -> Seen:
    """Return a verdict in short."""
    names = _names(verdict)
    means: dict[str, dict[str, float]] = {}
    for mean in verdict.scores:
        means.setdefault(names.get(mean.draft, mean.draft), {})[mean.criterion] = mean.mean
    return Seen(
        run_id=verdict.run_id,
        judges={judge: ", ".join(models) for judge, models in models_asked(verdict).items()},
        rubric=verdict.rubric.name,
        rubric_sha256=verdict.rubric.sha256,
        protocol=verdict.protocol.name,
        selected=_selected(verdict),
        decided_by=verdict.escalation.decided_by,
        reasons=verdict.escalation.reasons,
        confidence=verdict.confidence.value,
        band=verdict.confidence.band,
        ranks={names.get(place.draft, place.draft): place.rank for place in verdict.aggregate.table},
        means=means,
    )


def _names(verdict: Verdict) -> Mapping[str, str]:
    return {each.id: each.contestant for each in verdict.candidates}


def chosen_draft(verdict: Verdict) -> str | None:
    """Return the draft that was chosen; where a merged text won, the draft that it had to beat."""
    merged = {each.id for each in verdict.candidates if each.origin == "merged"}
    if verdict.merge is not None and verdict.selected_draft in merged:
        return verdict.merge.incumbent
    return verdict.selected_draft


def _selected(verdict: Verdict) -> str | None:
    selected = chosen_draft(verdict)
    return None if selected is None else _names(verdict).get(selected, selected)


def _looks(verdict: Verdict) -> dict[tuple[str, tuple[str, ...]], dict[str, str | None]]:
    """Return what each judge said on each order of drafts; neither people's decisions nor a merged text's."""
    names = _names(verdict)
    found: dict[tuple[str, tuple[str, ...]], dict[str, str | None]] = {}
    for held in verdict.passes:
        if held.kind not in ("human", "merge"):
            order = tuple(names.get(draft, draft) for draft in held.order)
            found.setdefault((held.kind, order), {})[held.judge] = _winner(held, names)
    return found


def _winner(held: Pass, names: Mapping[str, str]) -> str | None:
    return held.winner if held.winner in (None, TIE) else names.get(held.winner, held.winner)


def _said(winners: Mapping[str, str | None]) -> Mapping[str, str | None] | str | None:
    """Return what was said: by a judge alone the winner, for who that judge is does not matter here."""
    return next(iter(winners.values())) if len(winners) == 1 else winners


def _other_drafts(then: Verdict, now: Verdict) -> tuple[str, ...]:
    before = {each.contestant: each.sha256_raw for each in then.candidates}
    return tuple(
        sorted(
            each.contestant
            for each in now.candidates
            if each.origin == "draft" and before.get(each.contestant, each.sha256_raw) != each.sha256_raw
        )
    )
