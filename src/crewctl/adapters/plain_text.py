"""The texts of a plain CrewAI project: its Python, its pyproject.toml and its README."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from crewctl.planning.plan import Plan

_CREW = '''"""The crew, as CrewAI's own projects write it."""

from crewai import Agent, Crew, Process, Task
from crewai.project import CrewBase, agent, crew, task
{imports}
from {package} import models


@CrewBase
class {class_name}:
    """{doc}"""

    agents_config = "config/agents.yaml"
    tasks_config = "config/tasks.yaml"
{agents}{tasks}
    @crew
    def crew(self) -> Crew:
        return Crew(
            agents=self.agents,
            tasks=self.tasks,
            process=Process.{process},
{manager}        )
'''
_AGENT = """
{mark}    def {method}(self) -> Agent:
        return Agent(config=self.agents_config["{method}"], llm={llm}, tools={tools})
"""
_TASK = """
    @task
    def {method}(self) -> Task:
        return Task(config=self.tasks_config["{method}"]{tools})
"""
_MAIN = '''"""Run the crew: python -m {package}.main, with other inputs as one JSON object if you like."""

import json
import sys

from {package}.crew import {class_name}

INPUTS = {inputs}


def run() -> None:
    """Kick off and print what came of it."""
    given = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {{}}
    print({class_name}().crew().kickoff(inputs={{**INPUTS, **given}}))


if __name__ == "__main__":
    run()
'''
_PYPROJECT = """\
[project]
name = {name}
version = "0.1.0"
description = {description}
requires-python = ">=3.10,<3.14"
dependencies = [
{dependencies}]

[project.scripts]
{script} = "{package}.main:run"
run_crew = "{package}.main:run"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["src/{package}"]

[tool.crewai]
type = "crew"
"""
_README = """\
# {crew}

{description}

A plain CrewAI project, exported from a crewctl catalogue. It runs without crewctl:

```sh
pip install .
{exports}python -m {package}.main{inputs}
```

## What did not come along

What the registry did for this crew has no counterpart in CrewAI, and nothing does it here:

- limits on turns, time, tokens and cost{limits}
- approval before a run: {approval}
- the account of a run, its report and its log
- retries that count as turns: CrewAI and the provider's library retry by themselves
{more}"""
_FAULTS = """\
- what is done about failures: tasks tried again, agents and models that take over, going on without a task
"""
_MARKET = """\
- the market's protocol: here the drafts are written side by side and one task chooses among them, with
  the drafts' authors in view, in one order, and its answer is whatever it writes
"""


def crew_module(shape: Mapping[str, Any]) -> str:
    """Return crew.py."""
    imports = "".join(f"{line}\n" for line in shape["imports"])
    agents = (
        _AGENT.format(**{**one, "mark": "" if one["manages"] else "    @agent\n"}) for one in shape["agents"]
    )
    tasks = (
        _TASK.format(method=one["method"], tools="" if one["tools"] is None else f", tools={one['tools']}")
        for one in shape["tasks"]
    )
    return _CREW.format(
        imports=imports,
        package=shape["package"],
        class_name=shape["class"],
        doc=shape["doc"],
        agents="".join(agents),
        tasks="".join(tasks),
        process=shape["process"],
        manager=f"            {shape['manager']},\n" if shape["manager"] else "",
    )


def main_module(package: str, class_name: str, inputs: Mapping[str, Any]) -> str:
    """Return main.py with the plan's input values."""
    lines = "".join(f"    {name!r}: {value!r},\n" for name, value in inputs.items())
    shown = f"{{\n{lines}}}" if lines else "{}"
    return _MAIN.format(package=package, class_name=class_name, inputs=shown)


def pyproject(plan: Plan, package: str) -> str:
    """Return pyproject.toml, with the versions that the plan names."""
    version = plan.versions.get("crewai")
    extra = "[tools]" if any(tool.kind == "crewai_tools" for tool in plan.tools) else ""
    wanted = [f"crewai{extra}=={version}" if version else f"crewai{extra}"]
    return _PYPROJECT.format(
        name=json.dumps(package.replace("_", "-")),
        description=json.dumps(" ".join(plan.description.split())),
        dependencies="".join(f"  {json.dumps(one)},\n" for one in wanted),
        script=package.replace("_", "-"),
        package=package,
    )


def readme(plan: Plan, package: str, environment: list[str]) -> str:
    """Return the README: how to run it, and what stayed behind."""
    timeouts = any(task.timeout for task in plan.tasks)
    return _README.format(
        crew=plan.crew,
        description=plan.description.strip(),
        package=package,
        exports="".join(f"export {name}=...\n" for name in environment),
        inputs=f" {shlex.quote(json.dumps(plan.inputs))}" if plan.inputs else "",
        limits=", and the tasks' timeouts" if timeouts else "",
        approval="this crew needed one" if plan.risk.needs_approval else "this crew needed none",
        more=(_FAULTS if _has_faults(plan) else "") + (_MARKET if plan.market is not None else ""),
    )


def _has_faults(plan: Plan) -> bool:
    tasks = [*plan.tasks, *([plan.market.task] if plan.market else [])]
    said = [plan.task_retry.attempts > 1, plan.breaker is not None, bool(plan.stand_ins)]
    said += [task.retry is not None or task.on_failure != "fail" for task in tasks]
    return any(said) or any(each.retry or each.fallback for each in plan.agents)
