"""Write a plan as a plain CrewAI project that runs without crewctl."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crewctl.adapters.classic_emit import emit_items, scalar
from crewctl.adapters.market_by_hand import tasks_by_hand
from crewctl.adapters.plain_models import environment_of, models_module
from crewctl.adapters.plain_names import Names, class_name, identifier, tool_in
from crewctl.adapters.plain_text import crew_module, main_module, pyproject, readme
from crewctl.errors import InvalidError
from crewctl.planning.plan import Plan, PlannedAgent, PlannedTask

_CUSTOM = "custom:"


@dataclass(frozen=True)
class Plain:
    """What the texts are made from: the plan, its tasks in order, and every name in Python."""

    plan: Plan
    package: str
    class_name: str
    tasks: tuple[PlannedTask, ...]
    agents: Mapping[str, str]
    methods: Mapping[str, str]
    models: Mapping[str, str]
    tools: Mapping[str, tuple[str, str]]


def export_project(plan: Plan) -> dict[str, str]:
    """Return the project's files by path. InvalidError when a tool's file does not say which tool it is.

    Prose keeps its placeholders, and the plan's input values stand in main.py. What the registry does,
    limits, approvals, metering and the judge's protocol, has no place in CrewAI: the README says so.
    """
    plain = _named(plan)
    home = f"src/{plain.package}"
    header = f"# Exported from crew {plan.crew!r}.\n"
    return {
        "README.md": readme(plan, plain.package, environment_of(plain.plan.models)),
        "pyproject.toml": pyproject(plan, plain.package),
        f"{home}/__init__.py": f'"""{_docstring(plan.description)}"""\n',
        f"{home}/config/agents.yaml": emit_items(_agents(plain), header),
        f"{home}/config/tasks.yaml": emit_items(_tasks(plain), header),
        f"{home}/models.py": models_module(plain.plan.models, plain.models),
        f"{home}/crew.py": crew_module(_shape(plain)),
        f"{home}/main.py": main_module(plain.package, plain.class_name, json.loads(json.dumps(plan.inputs))),
        **_tool_files(plan, plain.package),
    }


def _named(plan: Plan) -> Plain:
    plan = _without_stand_ins(plan)
    names = Names()
    tasks = tasks_by_hand(plan)
    return Plain(
        plan=plan,
        package=identifier(plan.crew).lower(),
        class_name=class_name(plan.crew),
        tasks=tasks,
        agents=names.all((agent.name for agent in plan.agents), "agent"),
        methods=names.all((task.name for task in tasks), "task"),
        models=Names().all((model.name for model in plan.models), "model"),
        tools={tool.name: _tool(plan, tool.name) for tool in plan.tools},
    )


def _without_stand_ins(plan: Plan) -> Plan:
    """Return the plan without those who do nothing unless another fails: CrewAI would make coworkers of them."""
    agents = tuple(agent for agent in plan.agents if agent.name not in plan.stand_ins)
    used = {agent.model for agent in agents} | {plan.manager_model}
    return plan.model_copy(
        update={"agents": agents, "models": tuple(model for model in plan.models if model.name in used)}
    )


def _tool(plan: Plan, name: str) -> tuple[str, str]:
    """Return the import and the expression that make a tool."""
    if not name.startswith(_CUSTOM):
        return f"from crewai_tools import {name}", f"{name}()"
    module = name.removeprefix(_CUSTOM)
    found = tool_in(plan.tool_sources.get(f"tools/{module}.py", ""), module)
    if found is None:
        raise InvalidError(
            f"tools/{module}.py does not say which tool it is",
            help=f"give the function under @tool, or the subclass of BaseTool, the name {module}",
        )
    called, is_class = found
    alias = f"{module}_tool"
    imported = f"from {identifier(plan.crew).lower()}.tools.{module} import {called} as {alias}"
    return imported, f"{alias}()" if is_class else alias


def _agents(plain: Plain) -> dict[str, dict[str, Any]]:
    return {plain.agents[agent.name]: _agent(agent) for agent in plain.plan.agents}


def _agent(agent: PlannedAgent) -> dict[str, Any]:
    return {"role": agent.role, "goal": agent.goal, "backstory": agent.backstory, **agent.settings}


def _tasks(plain: Plain) -> dict[str, dict[str, Any]]:
    return {plain.methods[task.name]: _task(plain, task) for task in plain.tasks}


def _task(plain: Plain, task: PlannedTask) -> dict[str, Any]:
    said: dict[str, Any] = {"description": task.description, "expected_output": task.expected_output}
    if task.agent is not None:
        said["agent"] = plain.agents[task.agent]
    if task.context is not None:
        said["context"] = [plain.methods[name] for name in task.context]
    if task.output_file is not None:
        said |= {"output_file": task.output_file, "create_directory": task.create_directory}
    optional = {
        "markdown": task.markdown or None,
        "async_execution": task.async_execution or None,
        "human_input": task.human_input or None,
        "guardrail": task.guardrail,
        "guardrail_max_retries": task.guardrail_max_retries,
    }
    return said | {name: value for name, value in optional.items() if value is not None}


def _shape(plain: Plain) -> dict[str, Any]:
    """Return what crew.py is written from."""
    plan = plain.plan
    tools = {name: expression for name, (_, expression) in plain.tools.items()}

    def listed(names: tuple[str, ...]) -> str:
        return f"[{', '.join(tools[name] for name in names)}]"

    manager = None
    if plan.manager_agent is not None:
        manager = f"manager_agent=self.{plain.agents[plan.manager_agent]}()"
    elif plan.manager_model is not None:
        manager = f"manager_llm=models.{plain.models[plan.manager_model]}()"
    return {
        "package": plain.package,
        "class": plain.class_name,
        "doc": _docstring(plan.description),
        "imports": sorted({imported for imported, _ in plain.tools.values()}),
        "agents": [
            {
                "method": plain.agents[agent.name],
                "manages": agent.name == plan.manager_agent,
                "llm": f"models.{plain.models[agent.model]}()",
                "tools": listed(agent.tools),
            }
            for agent in plan.agents
        ],
        "tasks": [
            {"method": plain.methods[task.name], "tools": None if task.tools is None else listed(task.tools)}
            for task in plain.tasks
        ],
        "process": "hierarchical" if plan.process == "hierarchical" else "sequential",
        "manager": manager,
    }


def _tool_files(plan: Plan, package: str) -> dict[str, str]:
    files = {f"src/{package}/{name}": _moved(text, package) for name, text in plan.tool_sources.items()}
    return {f"src/{package}/tools/__init__.py": "", **files} if files else {}


def _moved(text: str, package: str) -> str:
    """Let tools find one another where they now live."""
    return re.sub(r"(?m)^(\s*from )tools(?=[.\s])", rf"\g<1>{package}.tools", text)


def _docstring(text: str) -> str:
    return scalar(" ".join(text.split())).strip('"').replace("\\", "\\\\").replace('"""', "'''")
