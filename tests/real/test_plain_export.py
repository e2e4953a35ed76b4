"""An exported crew runs under plain CrewAI, and its models are sent what our children send."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.plain_export import export_project
from crewctl.adapters.zygote_environment import zygote_environment
from crewctl.planning.plan import Plan, PlannedCriterion, PlannedJudge, PlannedMarket, PlannedRubric
from crewctl.planning.rendering import filled
from crewctl.running.port import ContextOutput, TaskWork
from crewctl.testing.fake_parent import FakeParent
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import Behaviour, delegating, guardrail, looping, plain
from crewctl.testing.model_server_exchange import Asked, Reply
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_task, small_tool

pytestmark = pytest.mark.real

ADDER = '''
from crewai.tools import tool

@tool("Adder")
def adder(number: int, note: str = "") -> str:
    """Add one to a number."""
    return f"{number + 1} {note}"
'''
TEAM = (
    small_agent(
        "finder", goal="Find out about {company}", backstory="Two lines,\n\n  one indented: {x: 1}.\n"
    ),
    small_agent("writer"),
)
RUBRIC = PlannedRubric(
    name="r", criteria=(PlannedCriterion(name="voice", says="Plain.", weight=1, must=False),), digest="d"
)


def adds_once_then(asked: Asked) -> Reply:
    return looping(asked) if len(asked.tool_results) < 1 else plain(asked)


BEHAVIOURS: dict[str, Behaviour] = {
    "sequence": plain,
    "tools": adds_once_then,
    "guardrail": guardrail(False, True),
    "hierarchy, an agent": delegating(),
    "hierarchy, a model": delegating(),
    "market": plain,
}
INPUTS: dict[str, Any] = {"company": 'Acme "Corp" & {sons}', "count": 3}


def plan_of(name: str, model: str, base_url: str) -> Plan:
    models = (small_model(base_url, model),)
    tasks = (
        small_task("find", "finder", description='Look at {company}: {count} facts, as {"a": 1}.\n'),
        small_task("check", "writer", context=(), markdown=True),
        small_task("import", "writer", context=("find",)),
    )
    more: dict[str, Any] = {"agents": TEAM, "tasks": tasks, "inputs": INPUTS}
    if name == "tools":
        more["agents"] = (small_agent("writer", tools=("custom:adder",), settings={"max_iter": 4}),)
        more |= {"tools": (small_tool("adder"),), "tool_sources": {"tools/adder.py": ADDER}}
        more["tasks"] = (small_task("writer"), small_task("check"))
    if name == "guardrail":
        more["tasks"] = (small_task("draft", guardrail="Be short.", guardrail_max_retries=2),)
    if name == "hierarchy, an agent":
        more |= {"process": "hierarchical", "manager_agent": "boss", "agents": (small_agent("boss"), *TEAM)}
    if name == "hierarchy, a model":
        more |= {"process": "hierarchical", "manager_model": "m"}
    if name == "market":
        more["agents"] = (*TEAM, small_agent("rival"), small_agent("judge"))
        more["tasks"] = tasks[:1]
        more["process"] = "market"
        more["market"] = PlannedMarket(
            task=small_task("draft", None, context=("find",)),
            contestants=("writer", "rival"),
            judges=(PlannedJudge(agent="judge"),),
            rubric=RUBRIC,
            protocol="all_pairs",
        )
    return small_plan(models=models, **more)


def sent(server: ModelServer, model: str) -> list[str]:
    calls = [dict(call.body) for call in server.calls if call.model == model]
    for body in calls:
        del body["model"]
    return [json.dumps(body) for body in calls]


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as open_server:
        yield open_server


def run_exported(plan: Plan, folder: Path) -> str:
    files = export_project(plan)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    environment = zygote_environment(os.environ, folder) | {"PYTHONPATH": str(folder / "src")}
    package = next(name.split("/")[1] for name in files if name.endswith("crew.py"))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"{package}.main"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def run_ours(plan: Plan, parent: FakeParent) -> None:
    """Do the tasks in order, each in a child, with the context that CrewAI would show it."""
    outputs: dict[str, str] = {}

    def do(work: TaskWork) -> str:
        story = parent.do(plan, work)
        assert story.result is not None, story.log
        assert story.result.ok, story.result.error
        return story.result.output

    for task in plan.tasks:
        names = tuple(outputs) if task.context is None else task.context
        context = tuple(ContextOutput(task=name, raw=outputs[name]) for name in names)
        outputs[task.name] = do(TaskWork(step=task.name, task=task.name, context=context))
    if plan.market is not None:
        context = tuple(
            ContextOutput(task=name, raw=outputs[name]) for name in plan.market.task.context or ()
        )
        for contestant in plan.market.contestants:
            do(TaskWork(step=contestant, task="draft", agent=contestant, market=True, context=context))


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_an_exported_crew_sends_what_our_children_send(
    name: str, server: ModelServer, parent: FakeParent, tmp_path: Path
) -> None:
    for side in ("ours", "exported"):
        fresh = guardrail(False, True) if name == "guardrail" else BEHAVIOURS[name]
        server.behave(f"{name} {side}", fresh)
    run_ours(plan_of(name, f"{name} ours", server.base_url), parent)
    run_exported(plan_of(name, f"{name} exported", server.base_url), tmp_path)

    ours, exported = sent(server, f"{name} ours"), sent(server, f"{name} exported")
    if name == "market":
        judged = [body for body in exported if "Choose the best of the 2 drafts" in body]
        exported = sorted(body for body in exported if body not in judged)
        ours = sorted(ours)
        assert len(judged) == 1
    assert len(ours) >= 1
    assert exported == ours


def test_an_exported_crew_prints_its_answer(server: ModelServer, tmp_path: Path) -> None:
    assert "The answer to 2 messages is" in run_exported(
        plan_of("sequence", "plain", server.base_url), tmp_path
    )


def test_nothing_of_the_export_names_crewctl_in_its_code() -> None:
    for name in BEHAVIOURS:
        files = export_project(filled(plan_of(name, "plain", "http://127.0.0.1:9/v1")))
        assert not [file for file, text in files.items() if file.endswith(".py") and "import crewctl" in text]
