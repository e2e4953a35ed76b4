"""One case to judge, with the drafts that a test gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from crewctl.judging.choose import Case
from crewctl.judging.drafts import Draft
from crewctl.judging.prompt import Persona
from crewctl.planning.plan import PlannedModel
from crewctl.testing.sample_plans import rubric

CaseOf = Callable[..., Case]


@pytest.fixture(scope="session")
def case_of() -> CaseOf:
    """Make a case of contestants and their texts; None stands for a contestant that failed."""

    def make(drafts: Mapping[str, str | None], *, must: bool = False) -> Case:
        return Case(
            run_id="run-1",
            description="Write to Acme Corp.",
            expected_output="A letter.",
            judge_name="brand_judge",
            judge=Persona(role="Brand Judge", goal="Guard the voice", backstory="Edited for years."),
            model=PlannedModel(name="judge", kind="offline", model="offline", max_output_tokens=256),
            rubric=rubric(must=must),
            drafts=tuple(
                Draft(contestant=name, text=text, error="" if text is not None else "broken")
                for name, text in drafts.items()
            ),
        )

    return make
