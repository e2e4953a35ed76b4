"""What models are sent by our children, each doing one task, is what one native crew would send."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.zygote_environment import zygote_environment
from crewctl.planning.plan import Plan
from crewctl.running.port import ContextOutput, TaskWork
from crewctl.testing.fake_parent import FakeParent
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import Behaviour, delegating, guardrail, looping, plain
from crewctl.testing.model_server_exchange import Answer, Asked, Reply, ToolCall
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_task, small_tool

pytestmark = pytest.mark.real

ADDER = '''
from crewai.tools import tool

@tool("Adder")
def adder(number: int, note: str = "") -> str:
    """Add one to a number."""
    return f"{number + 1} {note}"
'''


@dataclass
class Case:
    """A crew in both forms: `agents` and `tasks` are CrewAI's own arguments.

    `behaviour` makes the model's behaviour, anew for each side, because some of them count. With
    `side_by_side`, the order in which calls arrive is chance.
    """

    behaviour: Callable[[], Behaviour] = lambda: plain
    agents: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    manager: str | None = None
    llm: dict[str, Any] = field(default_factory=dict)
    side_by_side: bool = False


def person(name: str, **given: Any) -> dict[str, Any]:
    return {"role": f"The {name}", "goal": f"Be a {name}", "backstory": f"Born a {name}.\n", **given}


def job(name: str, agent: str | None = "writer", **given: Any) -> dict[str, Any]:
    return {
        "description": f'Do {name}: {{"a": 1}}',
        "expected_output": f"{name}, done",
        "agent": agent,
        **given,
    }


def adds_once_then(asked: Asked) -> Reply:
    return looping(asked) if len(asked.tool_results) < 1 else plain(asked)


def planning(*steps: str) -> Behaviour:
    """Answer as a planner where a plan is asked for, and else plainly."""
    listed = [{"step_number": number, "description": step} for number, step in enumerate(steps, 1)]

    def answer(asked: Asked) -> Reply:
        planner = next((tool for tool in asked.tools if tool.get("name") == "create_reasoning_plan"), None)
        if planner is None:
            return plain(asked)
        plan = {"plan": "Think, then write.", "steps": listed, "ready": True}
        return Answer(tool_calls=(ToolCall("create_reasoning_plan", plan),))

    return answer


TWO = {"researcher": person("researcher"), "writer": person("writer")}
DELEGATING = {"researcher": person("researcher"), "writer": person("writer", allow_delegation=True)}
CASES: dict[str, Case] = {
    "default context": Case(
        agents=TWO, tasks={"find": job("find", "researcher"), "write": job("write"), "check": job("check")}
    ),
    "explicit context": Case(
        agents=TWO,
        tasks={
            "find": job("find"),
            "write": job("write", context=[]),
            "check": job("check", context=["find"]),
        },
    ),
    "async": Case(
        agents=TWO,
        tasks={
            "find": job("find", "researcher", async_execution=True),
            "look": job("look", "writer", async_execution=True),
            "write": job("write"),
            "last": job("last", async_execution=True),
        },
        side_by_side=True,
    ),
    "markdown": Case(agents=TWO, tasks={"find": job("find"), "write": job("write", markdown=True)}),
    "delegation": Case(
        behaviour=delegating, agents=DELEGATING, tasks={"write": job("write"), "check": job("check")}
    ),
    "questions": Case(
        behaviour=lambda: delegating(question=True), agents=DELEGATING, tasks={"write": job("write")}
    ),
    "tools": Case(
        behaviour=lambda: adds_once_then,
        agents={"writer": person("writer", tools=["adder"])},
        tasks={"write": job("write"), "check": job("check")},
    ),
    "exhausted iterations": Case(
        behaviour=lambda: looping,
        agents={"writer": person("writer", tools=["adder"], max_iter=2)},
        tasks={"write": job("write")},
    ),
    "guardrail": Case(
        behaviour=lambda: guardrail(False, True),
        agents=TWO,
        tasks={
            "find": job("find"),
            "write": job("write", guardrail="It must be short.", guardrail_max_retries=2),
        },
    ),
    "reasoning": Case(
        behaviour=planning,
        agents={"writer": person("writer", reasoning=True, max_reasoning_attempts=2)},
        tasks={"write": job("write")},
    ),
    "reasoning in steps": Case(
        behaviour=lambda: planning("Think of a number.", "Write it down."),
        agents={"writer": person("writer", reasoning=True, max_reasoning_attempts=2)},
        tasks={"write": job("write")},
        side_by_side=True,
    ),
    "no system prompt": Case(
        agents={"writer": person("writer", use_system_prompt=False)}, tasks={"write": job("write")}
    ),
    "hierarchical, a model": Case(
        behaviour=delegating,
        agents=TWO,
        tasks={"find": job("find", None), "write": job("write", None)},
        manager="a model",
    ),
    "hierarchical, an agent": Case(
        behaviour=delegating,
        agents={"boss": person("boss"), **TWO},
        tasks={"find": job("find", "researcher"), "write": job("write", None)},
        manager="boss",
    ),
    "streaming": Case(agents=TWO, tasks={"find": job("find"), "write": job("write")}, llm={"stream": True}),
}


def sent(server: ModelServer, model: str) -> list[dict[str, Any]]:
    """All that a model was sent, but what we set on purpose: the cap on its answer."""
    calls = [dict(call.body) for call in server.calls if call.model == model]
    for body in calls:
        for name in ("model", "max_tokens", "max_completion_tokens"):
            body.pop(name, None)
    return calls


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as open_server:
        for name, case in CASES.items():
            open_server.behave(f"{name} native", case.behaviour())
            open_server.behave(f"{name} ours", case.behaviour())
        yield open_server


@pytest.fixture(scope="module")
def native(server: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    home = tmp_path_factory.mktemp("native")
    cases = [
        {
            "model": f"openai/{name} native",
            "url": server.base_url,
            "agents": copy.deepcopy(case.agents),
            "tasks": copy.deepcopy(case.tasks),
            "manager": case.manager,
            "llm": case.llm,
            "tool_source": ADDER,
        }
        for name, case in CASES.items()
    ]
    done = subprocess.run(
        [sys.executable, "-I", str(Path(__file__).with_name("native_crew.py"))],
        input=json.dumps(cases),
        env=zygote_environment({}, home),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=home,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {name: sent(server, f"{name} native") for name in CASES}


def plan_of(name: str, case: Case, base_url: str) -> Plan:
    """Return the same crew as a plan."""
    agents = []
    for agent, given in case.agents.items():
        prose = {key: given[key] for key in ("role", "goal", "backstory")}
        tools = tuple(f"custom:{tool}" for tool in given.get("tools", ()))
        rest = {key: value for key, value in given.items() if key not in {*prose, "tools"}}
        agents.append(small_agent(agent, **prose, tools=tools, settings=rest))
    tasks = []
    for task, given in case.tasks.items():
        tasks.append(small_task(task, **given))
    led = {"manager_model": "m"} if case.manager == "a model" else {"manager_agent": case.manager}
    return small_plan(
        process="hierarchical" if case.manager else "sequential",
        agents=tuple(agents),
        tasks=tuple(tasks),
        models=(small_model(base_url, f"{name} ours", **case.llm),),
        tools=(small_tool("adder"),),
        tool_sources={"tools/adder.py": ADDER},
        **(led if case.manager else {}),
    )


def shown(case: Case, task: str, outputs: dict[str, str]) -> tuple[ContextOutput, ...]:
    """Return the outputs that CrewAI would show a task: see Crew._get_context and _execute_tasks."""
    given = case.tasks[task]
    if "context" in given:
        names = list(given["context"])
    elif given.get("async_execution"):
        names = []
    else:
        names = list(outputs)
    return tuple(ContextOutput(task=name, raw=outputs[name]) for name in names)


@pytest.mark.parametrize("name", CASES)
def test_models_are_sent_byte_for_byte_what_a_native_crew_sends(
    name: str, server: ModelServer, native: dict[str, list[dict[str, Any]]], parent: FakeParent
) -> None:
    case = CASES[name]
    plan = plan_of(name, case, server.base_url)
    outputs: dict[str, str] = {}
    for task in case.tasks:
        story = parent.do(plan, TaskWork(step=task, task=task, context=shown(case, task, outputs)))
        assert story.result is not None, story.log
        assert story.result.ok, story.result.error
        outputs[task] = story.result.output

    ours = sent(server, f"{name} ours")
    theirs = native[name]
    if case.side_by_side:
        ours, theirs = (sorted(calls, key=json.dumps) for calls in (ours, theirs))
    assert len(theirs) >= len(case.tasks)
    assert json.dumps(ours) == json.dumps(theirs)
