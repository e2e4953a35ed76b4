"""Plan a market: its contestants, its judge and a rubric that is frozen before any draft exists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from crewctl.catalogue.catalogue import AnyCrew
from crewctl.catalogue.kinds import crew_file
from crewctl.catalogue.specs.crew_spec import MarketCrew, MarketSpec, ProtocolName
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.planning.cast import Cast
from crewctl.planning.digest import canonical
from crewctl.planning.families import family_of
from crewctl.planning.findings import Findings, Where
from crewctl.planning.plan import (
    PlannedAgent,
    PlannedCriterion,
    PlannedJudge,
    PlannedMarket,
    PlannedModel,
    PlannedRubric,
)

DEFAULT_BALLOTS = 3
_PEOPLE: tuple[Literal["person", "vote"], ...] = ("person", "vote")
_PAIR = 2


@dataclass(frozen=True)
class Bench:
    """All agents who may take part, and the models they lead to."""

    agents: tuple[PlannedAgent, ...]
    models: Mapping[str, PlannedModel]

    def family(self, name: str) -> str | None:
        """Return the family of an agent's model; None for a simulated or an unknown one."""
        agent = next((agent for agent in self.agents if agent.name == name), None)
        model = self.models.get(agent.model) if agent else None
        return None if model is None or model.simulated else family_of(model.model)


def planned_market(
    crew: str, spec: AnyCrew, cast: Cast, bench: Bench, findings: Findings
) -> PlannedMarket | None:
    """Return who competes and who judges by which rubric; None for another process."""
    if not isinstance(spec, MarketCrew):
        return None
    market = spec.market
    rubric = _rubric(crew, market.rubric, findings)
    if rubric is None or cast.market_task is None:
        return None
    people = next((kind for kind in _PEOPLE if kind == market.judge), None)
    return PlannedMarket(
        task=cast.market_task,
        contestants=cast.contestants,
        judges=() if people else _seats(market, cast.contestants, bench),
        people=people,
        ballots=(market.ballots or DEFAULT_BALLOTS) if people == "vote" else 1,
        rubric=rubric,
        protocol=market.protocol or default_protocol(len(cast.contestants)),
        decision=market.decision,
        editor=market.editor,
        injected_drafts=findings.catalogue.policy.market.injected_drafts,
    )


def default_protocol(contestants: int) -> ProtocolName:
    """Return the protocol of a market that names none."""
    return "both_orders" if contestants == _PAIR else "balanced_top3"


def _seats(market: MarketSpec, contestants: tuple[str, ...], bench: Bench) -> tuple[PlannedJudge, ...]:
    """Seat the judges.

    Who would judge a model of its own family gives the seat to the next substitute who would not;
    without one it stays, and the plan says whose family it is.
    """
    named = [market.judge] if isinstance(market.judge, str) else market.judge
    wanted = [
        PlannedJudge(agent=one) if isinstance(one, str) else PlannedJudge(agent=one.agent, weight=one.weight)
        for one in named
    ]
    wanted += [PlannedJudge(agent=name, role="second_opinion") for name in market.second_opinion]
    spare = [name for name in market.substitutes if not _kin(name, contestants, bench)]
    seated = []
    for judge in wanted:
        kin = _kin(judge.agent, contestants, bench)
        if kin and spare:
            update: dict[str, object] = {"agent": spare.pop(0), "replaces": judge.agent}
        else:
            update = {"own_family": kin}
        seated.append(judge.model_copy(update=update))
    return tuple(seated)


def _kin(judge: str, contestants: tuple[str, ...], bench: Bench) -> tuple[str, ...]:
    family = bench.family(judge)
    return tuple(name for name in contestants if family is not None and bench.family(name) == family)


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
