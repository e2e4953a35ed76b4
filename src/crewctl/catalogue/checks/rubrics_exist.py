"""A market's rubric exists."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import rubric_file
from crewctl.catalogue.specs.crew_spec import MarketCrew
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem


def rubrics_exist(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every market whose rubric nobody wrote."""
    for name, crew in draft.catalogue.crews.items():
        if isinstance(crew, MarketCrew) and crew.market.rubric not in draft.declared.rubrics:
            rubric = crew.market.rubric
            stem = rubric.rpartition("/")[2].removesuffix(".yaml")
            path = stem != rubric
            yield Problem(
                draft.crew(name, "market", "rubric"),
                "unknown-rubric",
                f"there is no rubric '{rubric}'",
                did_you_mean(stem, draft.catalogue.rubrics) or "the judge would have nothing to judge by",
                "write the name alone, without folder and .yaml" if path else f"write {rubric_file(rubric)}",
            )
