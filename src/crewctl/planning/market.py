"""Plan a market: its contestants, its judge and a rubric that is frozen before any draft exists."""

from __future__ import annotations

import hashlib

from crewctl.catalogue.catalogue import AnyCrew
from crewctl.catalogue.kinds import crew_file
from crewctl.catalogue.specs.crew_spec import MarketCrew
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.planning.cast import Cast
from crewctl.planning.digest import canonical
from crewctl.planning.findings import Findings, Where
from crewctl.planning.plan import PlannedCriterion, PlannedMarket, PlannedRubric


def planned_market(crew: str, spec: AnyCrew, cast: Cast, findings: Findings) -> PlannedMarket | None:
    """Return who competes and who judges by which rubric; None for another process."""
    if not isinstance(spec, MarketCrew):
        return None
    rubric = _rubric(crew, spec.market.rubric, findings)
    if rubric is None or cast.market_task is None:
        return None
    return PlannedMarket(
        task=cast.market_task,
        contestants=cast.contestants,
        judge=spec.market.judge,
        rubric=rubric,
        protocol=spec.market.protocol,
    )


def _rubric(crew: str, name: str, findings: Findings) -> PlannedRubric | None:
    spec = findings.catalogue.rubrics.get(name)
    if spec is None:
        findings.add(
            Where(crew_file(crew), ("market", "rubric")),
            "unknown-rubric",
            f"there is no rubric {name!r}",
            label=did_you_mean(name, findings.catalogue.rubrics),
            help=f"write registry/rubrics/{name}.yaml",
        )
        return None
    criteria = tuple(
        PlannedCriterion(name=key, says=said.says, weight=said.weight, must=said.must)
        for key, said in spec.criteria.items()
    )
    unsealed = PlannedRubric(name=name, criteria=criteria, digest="")
    return unsealed.model_copy(update={"digest": hashlib.sha256(canonical(unsealed)).hexdigest()})
