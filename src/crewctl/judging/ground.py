"""What a fold over passes needs besides the passes: the same for a judging and for checking it later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crewctl.judging.drafts import Candidate
from crewctl.judging.outcomes import Consensus
from crewctl.judging.protocol import Protocol
from crewctl.judging.protocols import PROTOCOLS
from crewctl.judging.unranked import Unranked
from crewctl.judging.verdict import CriterionUsed, InjectedDrafts, PeopleAsked, Verdict


@dataclass(frozen=True)
class Ground:
    """`words` has every eligible draft with its length; `suspects` may not win without a person.

    `weights` are those of the judges by name. `merged` is the candidate that an editor wrote; it is none
    of the drafts in `words`. With `agreement`, drafts are not compared, and `consensus` is what was found.
    """

    words: Mapping[str, int]
    criteria: tuple[CriterionUsed, ...]
    protocol: Protocol
    suspects: frozenset[str] = frozenset()
    weights: Mapping[str, float] | None = None
    people: PeopleAsked | None = None
    merged: str | None = None
    agreement: bool = False
    consensus: Consensus | None = None

    def weight(self, judge: str) -> float:
        """Return what one judge's vote counts."""
        return 1.0 if self.weights is None else self.weights.get(judge, 1.0)


def ground_of(verdict: Verdict) -> Ground:
    """Return the ground that a verdict itself holds; KeyError for a protocol that is not known here."""
    protocol = protocol_named(verdict.protocol.name)
    if protocol is None:
        raise KeyError(verdict.protocol.name)
    drafts = [each for each in verdict.candidates if each.origin == "draft"]
    eligible = [each for each in drafts if each.status == "eligible"]
    merged = [each for each in verdict.candidates if each.origin == "merged"]
    return Ground(
        words={each.id: each.words for each in eligible},
        criteria=verdict.rubric.criteria,
        protocol=protocol,
        suspects=suspects_of([*eligible, *merged], verdict.injected_drafts),
        weights={judge.id: judge.weight for judge in verdict.judges},
        people=verdict.people,
        merged=merged[0].id if merged else None,
        agreement=verdict.decision == "consensus",
        consensus=verdict.consensus,
    )


def protocol_named(name: str) -> Protocol | None:
    """Return the protocol that a verdict names, or what stands in its place in a consensus."""
    return Unranked() if name == Unranked.name else PROTOCOLS.get(name)


def suspects_of(candidates: Iterable[Candidate], rule: InjectedDrafts) -> frozenset[str]:
    """Return the candidates that may not win without a person."""
    return frozenset(each.id for each in candidates if each.suspect and rule != "warn")
