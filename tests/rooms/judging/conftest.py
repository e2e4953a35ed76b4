"""One case to judge, with the drafts that a test gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from crewctl.judging.case import Case, Role, Seat
from crewctl.judging.drafts import Draft
from crewctl.judging.prompt import Persona
from crewctl.planning.plan import PlannedModel
from crewctl.testing.sample_plans import rubric

CaseOf = Callable[..., Case]


@pytest.fixture(scope="session")
def case_of() -> CaseOf:
    """Make a case of contestants and their texts; None stands for a contestant that failed.

    `judges` maps each judge to the weight of its vote; `second` are asked for second opinions.
    """

    def make(
        drafts: Mapping[str, str | None],
        *,
        must: bool = False,
        protocol: str = "all_pairs",
        judges: Mapping[str, float] | None = None,
        second: tuple[str, ...] = (),
        **changes: object,
    ) -> Case:
        seats = [_seat(name, weight=weight) for name, weight in (judges or {"brand_judge": 1}).items()]
        seats += [_seat(name, role="second_opinion") for name in second]
        return Case(
            run_id="run-1",
            description="Write to Acme Corp.",
            expected_output="A letter.",
            seats=tuple(seats),
            protocol=protocol,
            rubric=rubric(must=must),
            drafts=tuple(
                Draft(contestant=name, text=text, error="" if text is not None else "broken")
                for name, text in drafts.items()
            ),
        ).model_copy(update=changes)

    return make


@pytest.fixture(scope="session")
def seat_of() -> Callable[..., Seat]:
    """Seat a judge or an editor by its name."""
    return _seat


def _seat(name: str, weight: float = 1, role: Role = "judge") -> Seat:
    return Seat(
        persona=Persona(name=name, role="Brand Judge", goal="Guard the voice", backstory="Edited for years."),
        model=PlannedModel(name="judge", kind="offline", model="offline", max_output_tokens=256),
        weight=weight,
        role=role,
    )
