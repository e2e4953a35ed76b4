"""The same tree with real CrewAI in it, against a model server on loopback that counts for itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crewctl.planning.plan import EffectiveLimit, EffectiveLimits, Plan
from crewctl.testing.model_server import ModelServer
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_tool

pytestmark = pytest.mark.real
MakeBench = Callable[..., Any]

ENVIRON = {"PATH": "/usr/bin:/bin", "THE_KEY": "sk-hush-hush-hush"}


def plan(server: ModelServer, behaviour: str, limits: dict[str, float], **given: Any) -> Plan:
    found = {name: EffectiveLimit(value=value, source="test") for name, value in limits.items()}
    model = small_model(server.base_url, behaviour, api_key_env="THE_KEY", timeout=50.0)
    return small_plan(**{"models": (model,), "limits": EffectiveLimits(**found), **given})


def the(kind: str, made: Any) -> list[Any]:
    return [event for event in made.events() if event.kind == kind]


def test_a_task_is_done_and_every_call_is_in_the_account(bench: MakeBench, server: ModelServer) -> None:
    made = bench(plan(server, "plain", {}), ENVIRON, None)
    result = made.task()
    assert (result.outcome, result.error) == ("done", "")
    assert "The answer" in made.text(result)
    (granted,), (taken,) = the("TurnGranted", made), the("TurnTaken", made)
    assert len(server.calls) == 1
    assert taken.prompt_tokens <= granted.reserved_tokens
    assert not taken.simulated


def test_a_model_that_never_answers_ends_at_the_deadline(bench: MakeBench, server: ModelServer) -> None:
    made = bench(plan(server, "hang", {"timeout": 2.0}), ENVIRON, None)
    result = made.task()
    assert (result.outcome, result.limit) == ("limit_reached", "timeout")
    (reached,), (finished,) = the("LimitReached", made), the("StepFinished", made)
    assert reached.used < 2.1
    assert finished.exit.startswith("killed by")
    (taken,) = the("TurnTaken", made)
    assert taken.prompt_tokens is None
    moments = {kept.event.kind: kept for kept in made.store.events_of("r-1")}
    assert moments["StepFinished"].seq > moments["TurnTaken"].seq


GRANDCHILD = '''
import subprocess, sys, time
from crewai.tools import tool

@tool("Starter")
def starter(number: int) -> str:
    """Start something."""
    subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(15, 1); print(1, flush=True); time.sleep(60)", "MARKER"],
        start_new_session=True, stdout=subprocess.PIPE).stdout.readline()
    time.sleep(60)
    return "done"
'''


def test_a_tools_grandchild_in_a_session_of_its_own_goes_with_the_deadline(
    bench: MakeBench, server: ModelServer, marker: str
) -> None:
    given: dict[str, Any] = {
        "agents": (small_agent("writer", tools=("custom:starter",)),),
        "tools": (small_tool("starter"),),
        "tool_sources": {"tools/starter.py": GRANDCHILD.replace("MARKER", marker)},
    }
    made = bench(plan(server, "tool-loop", {"timeout": 2.0}, **given), ENVIRON, None)
    began = time.monotonic()
    assert made.task().limit == "timeout"
    assert time.monotonic() - began < 60
    assert len(the("ToolCallStarted", made)) == 1
    assert not the("ToolCallFinished", made)


def test_three_at_once_never_overshoot_and_the_server_agrees(bench: MakeBench, server: ModelServer) -> None:
    writers = tuple(small_agent(name) for name in ("one", "two", "three"))
    made = bench(plan(server, "plain", {"max_turns": 2, "max_tokens": 20_000}, agents=writers), ENVIRON, None)
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(made.task, ["one", "two", "three"]))
    assert sorted(result.outcome for result in results) == ["done", "done", "limit_reached"]
    assert len(server.calls) == len(the("TurnGranted", made)) == 2
    assert made.run.meter.totals().tokens <= 20_000


def test_the_key_is_nowhere_but_in_the_request(bench: MakeBench, server: ModelServer) -> None:
    made = bench(plan(server, "plain", {}), ENVIRON, None)
    made.task()
    for file in made.run.work_dir.rglob("*"):
        assert not file.is_file() or b"hush" not in file.read_bytes(), file
    assert "hush" not in "".join(event.model_dump_json() for event in made.events())
    assert not any(b"hush" in content for content in made.contents._contents.values())
