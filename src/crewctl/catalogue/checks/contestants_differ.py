"""A market's contestants are different agents, and none of them judges."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.specs.crew_spec import MarketCrew
from crewctl.diagnostics.problem import Problem, Related


def contestants_differ(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every contestant who is listed twice or judges."""
    for name, crew in draft.catalogue.crews.items():
        if not isinstance(crew, MarketCrew):
            continue
        first: dict[str, int] = {}
        for position, agent in enumerate(crew.market.contestants):
            where = draft.crew(name, "market", "contestants", position) if agent in first else None
            if where is not None:
                also = draft.crew(name, "market", "contestants", first[agent])
                yield Problem(
                    where,
                    "contestant-twice",
                    f"'{agent}' competes twice in crew '{name}'",
                    "the second time",
                    "list each contestant once",
                    (Related(also, f"'{agent}' is first listed here"),),
                )
            first.setdefault(agent, position)
        judge = crew.market.judge
        if judge in first:
            yield Problem(
                draft.crew(name, "market", "judge"),
                "judge-competes",
                f"'{judge}' judges a market that it competes in",
                "would judge its own draft",
                "let another agent judge",
                (
                    Related(
                        draft.crew(name, "market", "contestants", first[judge]), f"'{judge}' competes here"
                    ),
                ),
            )
