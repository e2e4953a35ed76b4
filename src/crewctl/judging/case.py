"""All that a judging needs besides who answers: the task, the judges' seats, the rubric, the drafts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from crewctl.judging.drafts import Candidate, Draft
from crewctl.judging.ground import Ground, suspects_of
from crewctl.judging.port import Frozen
from crewctl.judging.prompt import Persona
from crewctl.judging.protocols import PROTOCOLS
from crewctl.judging.unranked import Unranked
from crewctl.judging.verdict import CriterionUsed, InjectedDrafts, PeopleAsked
from crewctl.planning.plan import MarketDecision, PlannedModel, PlannedRubric

Role = Literal["judge", "second_opinion"]


class Seat(Frozen):
    """One judge: who it is, the model that answers, and what its word counts."""

    persona: Persona
    model: PlannedModel
    role: Role = "judge"
    weight: float = 1.0
    replaces: str | None = None
    own_family: tuple[str, ...] = ()


class Case(Frozen):
    """One judging: the task with its inputs filled in, who judges how, and the drafts.

    Without a seat of the role ``judge`` nobody is asked, and `people` decide. The `editor` writes the
    text of a ``merge``.
    """

    run_id: str
    description: str
    expected_output: str
    seats: tuple[Seat, ...]
    protocol: str
    rubric: PlannedRubric
    drafts: tuple[Draft, ...]
    people: PeopleAsked | None = None
    injected_drafts: InjectedDrafts = "person"
    decision: MarketDecision = "select"
    editor: Seat | None = None

    @property
    def judges(self) -> tuple[Seat, ...]:
        """The judges who take the protocol's looks."""
        return tuple(seat for seat in self.seats if seat.role == "judge")

    def personas(self, role: Role) -> list[Persona]:
        """Return the personas of one role."""
        return [seat.persona for seat in self.seats if seat.role == role]

    @property
    def criteria(self) -> tuple[CriterionUsed, ...]:
        """The rubric's criteria, as the verdict keeps them."""
        return tuple(
            CriterionUsed(
                id=one.name, text=one.says, weight=one.weight, kind="must" if one.must else "graded"
            )
            for one in self.rubric.criteria
        )

    def ground(self, candidates: Sequence[Candidate]) -> Ground:
        """Return what a fold over the passes needs."""
        eligible = [each for each in candidates if each.status == "eligible"]
        agreement = self.decision == "consensus"
        return Ground(
            words={each.id: each.words for each in eligible},
            criteria=self.criteria,
            protocol=Unranked() if agreement else PROTOCOLS[self.protocol],
            suspects=suspects_of(eligible, self.injected_drafts),
            weights={seat.persona.name: seat.weight for seat in self.seats},
            people=self.people,
            agreement=agreement,
        )
