"""Who takes part in a crew and in which order: its agents and tasks, by process."""

from __future__ import annotations

from dataclasses import dataclass

from crewctl.catalogue.catalogue import AnyCrew
from crewctl.catalogue.kinds import AGENTS_FILE, crew_file
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew, MarketCrew, SequentialCrew, TaskUse
from crewctl.catalogue.specs.task_spec import TaskSpec
from crewctl.catalogue.uses import judges_named
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.planning.faults import retry_held
from crewctl.planning.findings import Findings, Where
from crewctl.planning.models import ModelResolver
from crewctl.planning.plan import PlannedAgent, PlannedRetry, PlannedTask

SETTINGS = (
    "allow_delegation",
    "cache",
    "max_iter",
    "respect_context_window",
    "use_system_prompt",
    "system_template",
    "prompt_template",
    "response_template",
    "inject_date",
    "date_format",
    "reasoning",
    "max_reasoning_attempts",
)
"""Fields of an agent that are passed on to CrewAI as they are; a test keeps the list complete."""


@dataclass(frozen=True)
class Cast:
    """Names in the order in which the plan lists them; `manager` is an agent or a model.

    `judges` are all who may judge a market, substitutes too: who of them does is known with their models.
    """

    tasks: tuple[PlannedTask, ...]
    market_task: PlannedTask | None
    contestants: tuple[str, ...]
    agents: tuple[tuple[str, Where], ...]
    manager: str | None = None
    judges: tuple[tuple[str, Where], ...] = ()


def cast_of(name: str, crew: AnyCrew, findings: Findings) -> Cast:
    """Return who does what in crew `name`; unknown names go to the findings.

    Contestants are sorted: in which order a file lists them means nothing.
    """
    file = crew_file(name)
    tasks = tuple(_task(name, position, use, crew, findings) for position, use in enumerate(crew.tasks))
    found = tuple(task for task in tasks if task is not None)
    if isinstance(crew, MarketCrew):
        return _market(name, crew, found, findings)
    if isinstance(crew, HierarchicalCrew):
        return _hierarchy(file, crew, found, findings)
    return _sequence(file, crew, found)


def planned_agent(crew: str, name: str, spec: AgentSpec, resolver: ModelResolver) -> PlannedAgent:
    """Return the agent as `crew` has it, its model resolved and CrewAI's other arguments ready to pass on."""
    said = {field: getattr(spec, field) for field in SETTINGS}
    return PlannedAgent(
        name=name,
        role=spec.role,
        goal=spec.goal,
        backstory=spec.backstory,
        model=resolver.resolve(spec.llm, name, Where(AGENTS_FILE, (name, "llm"))),
        tools=tuple(spec.tools),
        settings={field: value for field, value in said.items() if value is not None},
        retry=retry_held(spec.retry, resolver.findings.catalogue, crew),
        fallback=spec.fallback,
    )


def _sequence(file: str, crew: SequentialCrew, tasks: tuple[PlannedTask, ...]) -> Cast:
    agents = _doers(file, tasks)
    agents += [(agent, Where(file, ("agents", i))) for i, agent in enumerate(crew.agents)]
    return Cast(tasks, None, (), tuple(agents))


def _hierarchy(file: str, crew: HierarchicalCrew, tasks: tuple[PlannedTask, ...], findings: Findings) -> Cast:
    agents = [(agent, Where(file, ("agents", i))) for i, agent in enumerate(crew.agents)]
    agents += _doers(file, tasks)
    if crew.manager in findings.catalogue.agents:
        agents.append((crew.manager, Where(file, ("manager",))))
    return Cast(tasks, None, (), tuple(agents), crew.manager)


def _market(name: str, crew: MarketCrew, tasks: tuple[PlannedTask, ...], findings: Findings) -> Cast:
    market, file = crew.market, crew_file(name)
    agents = _doers(file, tasks)
    listed = [
        (agent, Where(file, ("market", "contestants", i))) for i, agent in enumerate(market.contestants)
    ]
    agents += sorted(listed)
    if market.editor is not None:
        agents.append((market.editor, Where(file, ("market", "editor"))))
    judges = tuple((agent, Where(file, path)) for agent, path in judges_named(market))
    spec = findings.catalogue.tasks.get(market.task)
    if spec is None:
        _unknown_task(market.task, Where(file, ("market", "task")), findings)
    task = None
    if spec is not None:
        task = planned_task(market.task, spec, None, retry_held(spec.retry, findings.catalogue, name))
    contestants = tuple(sorted(set(market.contestants)))
    return Cast(tasks, task, contestants, tuple(agents), judges=judges)


def planned_task(name: str, spec: TaskSpec, agent: str | None, retry: PlannedRetry | None) -> PlannedTask:
    """Return the task as `agent` does it, with its retry held to the ceilings."""
    return PlannedTask(
        name=name,
        description=spec.description,
        expected_output=spec.expected_output,
        agent=agent,
        context=None if spec.context is None else tuple(spec.context),
        tools=None if spec.tools is None else tuple(spec.tools),
        markdown=spec.markdown,
        async_execution=spec.async_execution,
        human_input=spec.human_input,
        output_file=spec.output_file,
        create_directory=spec.create_directory,
        guardrail=spec.guardrail,
        guardrail_max_retries=spec.guardrail_max_retries,
        timeout=spec.timeout,
        retry=retry,
        fallback=spec.fallback,
        on_failure=spec.on_failure,
    )


def _task(
    crew_name: str, position: int, use: str | TaskUse, crew: AnyCrew, findings: Findings
) -> PlannedTask | None:
    name, agent = (use, None) if isinstance(use, str) else (use.task, use.agent)
    where = Where(crew_file(crew_name), ("tasks", position))
    spec = findings.catalogue.tasks.get(name)
    if spec is None:
        _unknown_task(name, where, findings)
        return None
    agent = agent or spec.agent
    if agent is None and not isinstance(crew, HierarchicalCrew):
        findings.add(
            where,
            "task-without-agent",
            f"task {name!r} has no agent",
            help=f"name one here: {{task: {name}, agent: …}}",
        )
    return planned_task(name, spec, agent, retry_held(spec.retry, findings.catalogue, crew_name))


def _doers(file: str, tasks: tuple[PlannedTask, ...]) -> list[tuple[str, Where]]:
    return [(task.agent, Where(file, ("tasks", i))) for i, task in enumerate(tasks) if task.agent is not None]


def _unknown_task(name: str, where: Where, findings: Findings) -> None:
    findings.add(
        where,
        "unknown-task",
        f"there is no task {name!r}",
        label=did_you_mean(name, findings.catalogue.tasks),
    )
