"""Builds the real CrewAI crew for one step: one task, but all the agents whom its prompts mention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crewai import Agent, Crew, Process, Task
from crewai.llms.base_llm import BaseLLM
from crewai.tasks.task_output import TaskOutput
from crewai.tools import BaseTool

from crewctl.adapters.crewai_models import build_llm
from crewctl.adapters.crewai_tools_of_plan import make_tool
from crewctl.errors import EngineError
from crewctl.planning.plan import Plan, PlannedAgent, PlannedTask, PlannedTool
from crewctl.running.port import ContextOutput, TaskWork

MANAGER = "manager"
"""What the agent is called that CrewAI makes of a manager model."""

_IGNORED = frozenset({"verbose"})
"""Display fields: a child's output goes to its log, and CrewAI's own panels would fill it."""


@dataclass
class Parts:
    """What is made for a plan: agents by name, and which plan name each LLM and tool goes by."""

    plan: Plan
    environ: Mapping[str, str]
    on_llm: Callable[[BaseLLM, str], None] = lambda _llm, _model: None
    on_tool: Callable[[BaseTool, str], BaseTool] = lambda tool, _name: tool
    make: Callable[[PlannedTool], BaseTool] = make_tool
    agents: dict[str, Agent] = field(default_factory=dict)
    manager: Agent | None = None

    def llm(self, model: str) -> BaseLLM:
        """Return a fresh LLM; never shared, because CrewAI's counts are per instance."""
        llm = build_llm(self.plan.model(model), self.environ)
        self.on_llm(llm, model)
        return llm

    def tool(self, name: str) -> BaseTool:
        """Return a fresh tool of that name in the plan."""
        planned = next((tool for tool in self.plan.tools if tool.name == name), None)
        if planned is None:
            raise EngineError(f"the plan has no tool {name!r}", help="plan the crew anew")
        return self.on_tool(self.make(planned), name)

    def agent(self, name: str) -> Agent:
        """Return the agent of that name, made once."""
        if name not in self.agents:
            self.agents[name] = self._make(self.plan.agent(name))
        return self.agents[name]

    def _make(self, planned: PlannedAgent) -> Agent:
        settings: dict[str, Any] = {k: v for k, v in planned.settings.items() if k not in _IGNORED}
        return Agent(
            role=planned.role,
            goal=planned.goal,
            backstory=planned.backstory,
            llm=self.llm(planned.model),
            tools=[self.tool(name) for name in planned.tools],
            # crewctl makes the retries; CrewAI's would start the whole task anew, unmetered by it.
            max_retry_limit=0,
            verbose=False,
            **settings,
        )

    def task(self, planned: PlannedTask, agent: Agent | None, **given: Any) -> Task:
        """Return the task for that agent; `given` are further arguments of CrewAI's Task."""
        return Task(
            name=planned.name,
            description=planned.description,
            expected_output=planned.expected_output,
            agent=agent,
            tools=[self.tool(name) for name in planned.tools or ()],
            markdown=planned.markdown,
            **_when_set(guardrail=planned.guardrail, guardrail_max_retries=planned.guardrail_max_retries),
            **given,
        )


def _when_set(**given: Any) -> dict[str, Any]:
    """Return the arguments that have a value, so that CrewAI's defaults stand for the others."""
    return {name: value for name, value in given.items() if value is not None}


def crew_for(work: TaskWork, parts: Parts) -> Crew:
    """Return the crew that does this one task; EngineError when the plan has no such task."""
    planned = planned_task(parts.plan, work)
    doer = work.agent or planned.agent
    agents = [parts.agent(name) for name in cast_of(parts.plan, doer)]
    agent = parts.agent(doer) if doer else None
    task = parts.task(planned, agent, context=[_as_done(output) for output in work.context])
    crew = Crew(agents=agents, tasks=[task], **_process(parts))
    crew._task_output_handler = _KeepsNothing()  # noqa: SLF001 - held by a contract test
    if parts.plan.process == "hierarchical":
        parts.manager = _managed(crew)
    return crew


class _KeepsNothing:
    """Stands where CrewAI writes every prompt and output into a database, in clear, for its replay."""

    def reset(self) -> None:
        """Forget nothing, as nothing is kept."""

    def update(self, task_index: int, log: dict[str, Any]) -> None:
        """Keep nothing."""


def planned_task(plan: Plan, work: TaskWork) -> PlannedTask:
    """Return the task of the plan that `work` names."""
    if work.market and plan.market is not None:
        return plan.market.task
    found = next((task for task in plan.tasks if task.name == work.task), None)
    if found is None:
        raise EngineError(
            f"the plan of crew {plan.crew!r} has no task {work.task!r}", help="plan the crew anew"
        )
    return found


def cast_of(plan: Plan, doer: str | None) -> list[str]:
    """Return the names of the agents in the crew of this step, in the plan's order.

    All of them but a manager, because an agent's prompt lists its coworkers. In a market neither the
    judge nor a rival may be among them: a contestant who may delegate would meet its rivals, and
    could hand its draft to one of them.
    """
    # Who only stands in is no coworker: CrewAI's own crew would not have them.
    absent = {plan.manager_agent, *(name for name in plan.stand_ins if name != doer)}
    if plan.market is not None:
        absent |= {*plan.market.contestants, *plan.market.bench} - {doer}
    return [agent.name for agent in plan.agents if agent.name not in absent]


def _as_done(output: ContextOutput) -> Task:
    """Return a finished task that only lends its output."""
    said = TaskOutput(description=output.task, raw=output.raw, agent=output.task)
    return Task(name=output.task, description=output.task, expected_output="", output=said)


def _process(parts: Parts) -> dict[str, Any]:
    """Return what every crew is given, and who leads a hierarchical one."""
    given: dict[str, Any] = {"name": parts.plan.crew, "verbose": False, "tracing": False, "memory": False}
    if parts.plan.process != "hierarchical":
        return {**given, "process": Process.sequential}
    return {**given, "process": Process.hierarchical, **led_by(parts)}


def led_by(parts: Parts) -> dict[str, Any]:
    """Return the manager of a hierarchical crew as CrewAI takes it: an agent or an LLM."""
    plan = parts.plan
    if plan.manager_agent is not None:
        return {"manager_agent": parts.agent(plan.manager_agent)}
    if plan.manager_model is None:
        raise EngineError(f"the plan of crew {plan.crew!r} names no manager", help="plan the crew anew")
    return {"manager_llm": parts.llm(plan.manager_model)}


def _managed(crew: Crew) -> Agent:
    """Let CrewAI make or adopt its manager now, so that its own retries can be switched off too."""
    crew._create_manager_agent()  # noqa: SLF001 - what kickoff does first; held by a contract test
    manager: Agent = crew.manager_agent
    manager.max_retry_limit = 0
    return manager
