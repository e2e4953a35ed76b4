"""A market's contestants are different agents, and none of them judges."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.specs.crew_spec import MarketCrew
from crewctl.catalogue.uses import judges_named
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
        for judge, path in judges_named(crew.market):
            if judge in first:
                competes = draft.crew(name, "market", "contestants", first[judge])
                yield Problem(
                    draft.crew(name, *path),
                    "judge-competes",
                    f"'{judge}' judges a market that it competes in",
                    "would judge its own draft",
                    "let another agent judge",
                    (Related(competes, f"'{judge}' competes here"),),
                )
