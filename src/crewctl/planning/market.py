"""Plan a market: its contestants, its judge and a rubric that is frozen before any draft exists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from crewctl.catalogue.catalogue import AnyCrew
from crewctl.catalogue.fallbacks import way
from crewctl.catalogue.kinds import crew_file
from crewctl.catalogue.specs.crew_spec import MarketCrew, MarketSpec, ProtocolName
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.planning.cast import Cast
from crewctl.planning.digest import canonical
from crewctl.planning.families import family_of
from crewctl.planning.faults import models_after
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
        return self._family_of(agent.model) if agent else None

    def families(self, name: str) -> set[str]:
        """Return the families of every model that may answer for an agent, or for who takes over for it."""
        agents = {agent.name: agent for agent in self.agents}
        doers = way(name, lambda one: agents[one].fallback if one in agents else None)
        models = [agents[one].model for one in doers if one in agents]
        models += [after for model in models for after in models_after(self.models, model)]
        return {family for model in models if (family := self._family_of(model)) is not None}

    def stand_ins(self, judge: str, contestants: tuple[str, ...]) -> tuple[str, ...]:
        """Return the models that may take over for a judge's: none of a contestant's family."""
        agent = next((agent for agent in self.agents if agent.name == judge), None)
        rivals = {family for name in contestants for family in self.families(name)}
        models = models_after(self.models, agent.model) if agent else ()
        return tuple(model for model in models if self._family_of(model) not in rivals)

    def _family_of(self, name: str) -> str | None:
        model = self.models.get(name)
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
        seat = judge.model_copy(update=update)
        spares = bench.stand_ins(seat.agent, contestants)
        seated.append(seat.model_copy(update={"fallbacks": spares}))
    return tuple(seated)


def _kin(judge: str, contestants: tuple[str, ...], bench: Bench) -> tuple[str, ...]:
    family = bench.family(judge)
    return tuple(name for name in contestants if family is not None and family in bench.families(name))


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
