"""Make one frozen plan of one crew, its inputs and the world it will run in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crewctl.catalogue.catalogue import AnyCrew, Catalogue
from crewctl.catalogue.kinds import AGENTS_FILE, TASKS_FILE, crew_file
from crewctl.catalogue.model_names import is_model
from crewctl.catalogue.specs.crew_spec import MarketCrew
from crewctl.diagnostics.nearest import did_you_mean, nearest
from crewctl.errors import NotFoundError
from crewctl.planning.cast import Cast, cast_of, planned_agent
from crewctl.planning.digest import sealed
from crewctl.planning.faults import (
    agents_standing_in,
    crews_retry,
    models_after,
    planned_breaker,
    with_tries,
)
from crewctl.planning.findings import Findings, InvalidPlanError, Where, problems_in_the_way
from crewctl.planning.inputs import Value, checked_inputs, inputs_schema
from crewctl.planning.kept_plan import packages_of
from crewctl.planning.limits import effective_limits
from crewctl.planning.market import Bench, planned_market
from crewctl.planning.models import ModelResolver
from crewctl.planning.people import planned_people
from crewctl.planning.plan import Plan, PlannedAgent, PlannedMarket, PlannedModel, Retry
from crewctl.planning.port import World
from crewctl.planning.risk import risk_of
from crewctl.planning.tools import planned_tools, refuse_unmetered, tool_sources
from crewctl.planning.worst_case import refuse_unpriced, worst_case_of


def make_plan(catalogue: Catalogue, crew: str, inputs: Mapping[str, Value] | None, world: World) -> Plan:
    """Return the plan of `crew` with `inputs`, both digests in place.

    None for `inputs` plans without values, as for an approval of any valid inputs: such a plan is
    to be read, not run. NotFoundError for a crew that nobody wrote; InvalidPlanError, which carries
    every problem, when the catalogue, the inputs or the world stand in the way.
    """
    spec = _crew(catalogue, crew)
    findings = Findings(catalogue)
    cast = cast_of(crew, spec, findings)
    resolver = ModelResolver(findings, world)
    standing_in = _standing_in(cast, catalogue)
    named_agents = _agents(crew, (*cast.agents, *cast.judges, *standing_in), resolver, findings)
    market = planned_market(crew, spec, cast, Bench(named_agents, resolver.models), findings)
    stand_ins = tuple(name for name, _ in standing_in)
    agents = _taking_part(cast, named_agents, market, stand_ins)
    manager_model = _manager_model(crew, cast, resolver, findings)
    named = _tools_named(cast, agents)
    tools = planned_tools(named, findings, world)
    sources = tool_sources(tools, findings)
    values = {} if inputs is None else checked_inputs(crew, spec, inputs, findings)
    limits = effective_limits(catalogue, crew)
    risk = risk_of(catalogue, crew, tools)
    models = _models_of(agents, manager_model, resolver)
    refuse_unmetered(tools, limits, named, findings)
    refuse_unpriced(limits, models, findings)
    findings.settle(crew)
    manages = cast.manager in catalogue.agents
    return sealed(
        with_tries(
            Plan(
                crew=crew,
                description=spec.description,
                process=spec.process,
                agents=agents,
                tasks=cast.tasks,
                manager_agent=cast.manager if manages else None,
                manager_model=manager_model,
                market=market,
                models=models,
                tools=tools,
                tool_sources=sources,
                inputs_schema=inputs_schema(spec),
                inputs=values,
                limits=limits,
                retry=Retry(attempts=catalogue.policy.retry.attempts, backoff=catalogue.policy.retry.backoff),
                task_retry=crews_retry(catalogue, crew),
                breaker=planned_breaker(catalogue),
                stand_ins=stand_ins,
                risk=risk,
                people=planned_people(catalogue, crew, risk),
                versions=packages_of(world.version),
                worst_case=worst_case_of(limits, models, market),
                crew_digest="",
                inputs_digest="",
            )
        )
    )


def _crew(catalogue: Catalogue, crew: str) -> AnyCrew:
    """Return the crew's spec, if nothing that was read wrongly bears on it."""
    spec = catalogue.crews.get(crew)
    rubric = spec.market.rubric if isinstance(spec, MarketCrew) else None
    file = crew_file(crew)
    problems = problems_in_the_way(catalogue, crew, rubric)
    if spec is None and not any(problem.span.file == file for problem in problems):
        meant = nearest(crew, catalogue.crews)
        raise NotFoundError(
            f"there is no crew {crew!r}" + (f"; did you mean {meant!r}?" if meant else ""),
            help="see the crews with: crewctl list",
        )
    if problems:
        raise InvalidPlanError(crew, problems)
    assert spec is not None  # noqa: S101 - a crew without a spec and without a problem was refused above
    return spec


def _standing_in(cast: Cast, catalogue: Catalogue) -> tuple[tuple[str, Where], ...]:
    tasks = [*cast.tasks, *([cast.market_task] if cast.market_task else [])]
    return agents_standing_in(catalogue, tasks, [name for name, _ in cast.agents])


def _agents(
    crew: str, named: Sequence[tuple[str, Where]], resolver: ModelResolver, findings: Findings
) -> tuple[PlannedAgent, ...]:
    planned: dict[str, PlannedAgent] = {}
    for name, where in named:
        spec = findings.catalogue.agents.get(name)
        if spec is None:
            label = did_you_mean(name, findings.catalogue.agents)
            findings.add(where, "unknown-agent", f"there is no agent {name!r}", label=label)
        elif name not in planned:
            planned[name] = planned_agent(crew, name, spec, resolver)
    return tuple(planned.values())


def _taking_part(
    cast: Cast, agents: tuple[PlannedAgent, ...], market: PlannedMarket | None, stand_ins: tuple[str, ...]
) -> tuple[PlannedAgent, ...]:
    """Return the agents without the judges who were replaced and the substitutes who were not needed."""
    if market is None:
        return agents
    taking_part = {name for name, _ in cast.agents} | set(market.bench) | set(stand_ins)
    return tuple(agent for agent in agents if agent.name in taking_part)


def _models_of(
    agents: tuple[PlannedAgent, ...], manager_model: str | None, resolver: ModelResolver
) -> tuple[PlannedModel, ...]:
    used = {agent.model for agent in agents} | ({manager_model} if manager_model else set())
    used |= {after for name in used for after in models_after(resolver.models, name)}
    return tuple(model for name, model in resolver.models.items() if name in used)


def _manager_model(crew: str, cast: Cast, resolver: ModelResolver, findings: Findings) -> str | None:
    if cast.manager is None or cast.manager in findings.catalogue.agents:
        return None
    where = Where(crew_file(crew), ("manager",))
    if not is_model(findings.catalogue.models, cast.manager):
        label = did_you_mean(cast.manager, [*findings.catalogue.agents, *findings.catalogue.models])
        findings.add(where, "unknown-agent", f"there is no agent or model {cast.manager!r}", label=label)
        return None
    return resolver.resolve(cast.manager, crew, where)


def _tools_named(cast: Cast, agents: tuple[PlannedAgent, ...]) -> list[tuple[str, Where]]:
    named = [
        (tool, Where(AGENTS_FILE, (agent.name, "tools", i)))
        for agent in agents
        for i, tool in enumerate(agent.tools)
    ]
    tasks = [*cast.tasks, *([cast.market_task] if cast.market_task else [])]
    return named + [
        (tool, Where(TASKS_FILE, (task.name, "tools", i)))
        for task in tasks
        for i, tool in enumerate(task.tools or ())
    ]
