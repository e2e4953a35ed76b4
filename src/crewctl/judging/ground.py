"""What a fold over passes needs besides the passes: the same for a judging and for checking it later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crewctl.judging.drafts import Candidate
from crewctl.judging.protocol import Protocol
from crewctl.judging.protocols import PROTOCOLS
from crewctl.judging.verdict import CriterionUsed, InjectedDrafts, PeopleAsked, Verdict


@dataclass(frozen=True)
class Ground:
    """`words` has every eligible draft with its length; `suspects` may not win without a person.

    `weights` are those of the judges by name.
    """

    words: Mapping[str, int]
    criteria: tuple[CriterionUsed, ...]
    protocol: Protocol
    suspects: frozenset[str] = frozenset()
    weights: Mapping[str, float] | None = None
    people: PeopleAsked | None = None

    def weight(self, judge: str) -> float:
        """Return what one judge's vote counts."""
        return 1.0 if self.weights is None else self.weights.get(judge, 1.0)


def ground_of(verdict: Verdict) -> Ground:
    """Return the ground that a verdict itself holds; KeyError for a protocol that is not known here."""
    eligible = [each for each in verdict.candidates if each.status == "eligible"]
    return Ground(
        words={each.id: each.words for each in eligible},
        criteria=verdict.rubric.criteria,
        protocol=PROTOCOLS[verdict.protocol.name],
        suspects=suspects_of(eligible, verdict.injected_drafts),
        weights={judge.id: judge.weight for judge in verdict.judges},
        people=verdict.people,
    )


def suspects_of(candidates: Iterable[Candidate], rule: InjectedDrafts) -> frozenset[str]:
    """Return the candidates that may not win without a person."""
    return frozenset(each.id for each in candidates if each.suspect and rule != "warn")
