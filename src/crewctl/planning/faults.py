"""What is done about faults in one crew: its retries within their ceilings, who takes over, and how often at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.fallbacks import stand_ins
from crewctl.catalogue.kinds import AGENTS_FILE, TASKS_FILE
from crewctl.catalogue.specs.faults_spec import TaskRetrySpec
from crewctl.planning.findings import Where
from crewctl.planning.plan import (
    Plan,
    PlannedAgent,
    PlannedBreaker,
    PlannedMarket,
    PlannedModel,
    PlannedRetry,
    PlannedTask,
)


def planned_breaker(catalogue: Catalogue) -> PlannedBreaker | None:
    """Return the policy's breaker; None leaves nothing alone."""
    said = catalogue.policy.breaker
    return None if said is None else PlannedBreaker(**said.model_dump())


def crews_retry(catalogue: Catalogue, crew: str) -> PlannedRetry:
    """Return what holds for the crew's steps of which no task or agent says anything."""
    entry = catalogue.entries.get(crew)
    said = (catalogue.crews[crew].retry, entry.retry if entry else None, catalogue.policy.task_retry)
    narrowest = next((each for each in said if each is not None), None)
    return PlannedRetry() if narrowest is None else _held(narrowest, catalogue, crew)


def retry_held(said: TaskRetrySpec | None, catalogue: Catalogue, crew: str) -> PlannedRetry | None:
    """Return what a task or an agent says of itself, no looser than the ceilings above it."""
    return None if said is None else _held(said, catalogue, crew)


def _held(said: TaskRetrySpec, catalogue: Catalogue, crew: str) -> PlannedRetry:
    entry = catalogue.entries.get(crew)
    above = (catalogue.policy.task_retry, entry.retry if entry else None)
    ceilings = [each for each in above if each is not None]
    backoff = max(each.backoff for each in (said, *ceilings))
    return PlannedRetry(
        attempts=min(each.attempts for each in (said, *ceilings)),
        backoff=backoff,
        factor=said.factor,
        jitter=said.jitter,
        longest=max(said.longest, backoff),
    )


def agents_standing_in(
    catalogue: Catalogue, tasks: Iterable[PlannedTask], working: Iterable[str]
) -> tuple[tuple[str, Where], ...]:
    """Return every agent who may take over for one of those `working`, with the place that says so."""
    found: dict[str, Where] = {}
    first = [*working]
    for task in tasks:
        if task.fallback is not None:
            found.setdefault(task.fallback, Where(TASKS_FILE, (task.name, "fallback")))
    for name in (*first, *tuple(found)):
        names = stand_ins(catalogue.agents, name)
        for before, after in pairwise(names):
            found.setdefault(after, Where(AGENTS_FILE, (before, "fallback")))
    return tuple((name, where) for name, where in found.items() if name not in first)


def models_after(models: Mapping[str, PlannedModel], name: str) -> tuple[str, ...]:
    """Return the models that take over after `name`, in order."""
    found: list[str] = []
    model = models.get(name)
    while model is not None and model.fallback is not None and model.fallback not in (*found, name):
        found.append(model.fallback)
        model = models.get(model.fallback)
    return tuple(found)


def agents_after(
    plan: Plan, task: PlannedTask, doer: str | None, *, took_over: bool = False
) -> tuple[str, ...]:
    """Return the agents who take over a task after `doer`, in order; a manager's task has none.

    What the task says of its fallback holds for its first agent, not for one who `took_over`.
    """
    if plan.process == "hierarchical" or doer is None:
        return ()
    agents = {agent.name: agent for agent in plan.agents}
    found: list[str] = []
    name = (None if took_over else task.fallback) or agents[doer].fallback
    while name is not None and name not in (*found, doer):
        found.append(name)
        name = agents[name].fallback
    return tuple(found)


def retry_of(plan: Plan, task: PlannedTask | None, agent: str | None) -> PlannedRetry:
    """Return how a step is tried again: the task's word, else the agent's, else the crew's."""
    if task is not None and task.retry is not None:
        return task.retry
    doer = next((each for each in plan.agents if each.name == agent), None)
    return doer.retry if doer is not None and doer.retry is not None else plan.task_retry


def with_models(plan: Plan, taken: Mapping[str, str]) -> Plan:
    """Return the plan with other models in the places of those that keep failing, for one attempt."""
    if not taken:
        return plan
    agents = tuple(
        agent.model_copy(update={"model": stands_for(agent.model, taken)}) for agent in plan.agents
    )
    manager = None if plan.manager_model is None else stands_for(plan.manager_model, taken)
    return plan.model_copy(update={"agents": agents, "manager_model": manager})


def stands_for(model: str, taken: Mapping[str, str]) -> str:
    """Return the model that is asked in place of `model`, through as many fallbacks as were taken."""
    seen = {model}
    while model in taken and taken[model] not in seen:
        model = taken[model]
        seen.add(model)
    return model


def with_tries(plan: Plan) -> Plan:
    """Return the plan, its worst case told with how often steps are begun at most."""
    worst = plan.worst_case.model_copy(update={"tries": most_tries(plan)})
    return plan.model_copy(update={"worst_case": worst})


def most_tries(plan: Plan) -> int:
    """Return how often the plan's steps are begun at most: each try of each model of each agent counts."""
    models = {model.name: model for model in plan.models}
    total = sum(_tries(plan, models, task, task.agent) for task in plan.tasks)
    market = plan.market
    if market is None:
        return total
    total += sum(_tries(plan, models, market.task, name) for name in market.contestants)
    return total + _judge_tries(plan, market)


def _tries(plan: Plan, models: Mapping[str, PlannedModel], task: PlannedTask, doer: str | None) -> int:
    doers: Sequence[str | None] = (doer, *agents_after(plan, task, doer))
    manager = plan.manager_agent if plan.process == "hierarchical" else None
    total = 0
    for name in doers:
        agent = next((each for each in plan.agents if each.name == (manager or name)), None)
        # Whom the agent hands work to may have to change its model, too: each model can do so once.
        used = _models_of_crew(plan, agent) if agent is None or _delegates(agent) else {agent.model}
        chains = {after for model in used for after in models_after(models, model)}
        total += retry_of(plan, task, name).attempts * (1 + len(chains))
    return total


def _delegates(agent: PlannedAgent) -> bool:
    return bool(agent.settings.get("allow_delegation"))


def _models_of_crew(plan: Plan, agent: PlannedAgent | None) -> set[str]:
    used = {each.model for each in plan.agents}
    return used | ({plan.manager_model} if agent is None and plan.manager_model else set())


def _judge_tries(plan: Plan, market: PlannedMarket) -> int:
    """Return the most tries of one judge's call, for every call that may be made."""
    each = [
        retry_of(plan, None, judge.agent).attempts * (1 + len(judge.fallbacks)) for judge in market.judges
    ]
    return plan.worst_case.judge_calls * max(each, default=1)
