"""`assemble` gives the real CrewAI crew, which cannot be started past the registry."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crewctl.planning.plan import Plan, PlannedCriterion, PlannedMarket, PlannedRubric
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_task, small_tool

pytestmark = pytest.mark.real

MODELS = (small_model("http://127.0.0.1:9/v1", api_key_env="HOUSE_KEY"),)
SHOUT = '''
from crewai.tools import tool

@tool("Shout it")
def shout(text: str) -> str:
    """Say a text loudly."""
    return text.upper()
'''


def assembled(plan: Plan, folder: Path) -> dict[str, Any]:
    result = folder / "found.json"
    environment = {
        "HOME": str(folder),
        "CREWAI_STORAGE_DIR": str(folder / "storage"),
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_TRACING_ENABLED": "false",
        "CREWAI_DISABLE_VERSION_CHECK": "true",
        "CREWAI_TESTING": "true",
        "OTEL_SDK_DISABLED": "true",
        "PYTHON_DOTENV_DISABLED": "1",
    }
    with result.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-I", str(Path(__file__).with_name("assembled_crew.py")), str(file.fileno())],
            input=plan.model_dump_json(),
            pass_fds=[file.fileno()],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=folder,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(result.read_bytes())
    return found


def test_a_sequential_crew_is_as_one_would_write_it_and_will_not_start(tmp_path: Path) -> None:
    plan = small_plan(
        agents=(small_agent("finder", tools=("custom:shout",)), small_agent("writer")),
        tasks=(
            small_task("find", "finder", description="Find {what}.", async_execution=True),
            small_task("write", "writer", context=("find",)),
            small_task("check", "writer"),
        ),
        models=MODELS,
        tools=(small_tool("shout"),),
        tool_sources={"tools/shout.py": SHOUT},
    )

    found = assembled(plan, tmp_path)

    assert found["class"] == ["crewctl.adapters.crewai_assemble.AssembledCrew", "crewai.crew.Crew"]
    assert found["agents"] == ["The finder", "The writer"]
    assert found["tools"] == [["Shout it"], []]
    assert [task["context"] for task in found["tasks"]] == ["default", ["find"], "default"]
    assert [task["async"] for task in found["tasks"]] == [True, False, False]
    assert found["tasks"][0]["description"] == "Find {what}."
    [refusal] = found["refusals"]
    assert refusal.startswith("crew 'small' was assembled to be looked at; only the registry runs it")
    assert refusal.endswith("run it with: crewctl kickoff small")
    assert found["left"] == []


def test_a_hierarchical_crew_has_its_manager_apart(tmp_path: Path) -> None:
    plan = small_plan(
        process="hierarchical",
        agents=(small_agent("boss"), small_agent("writer")),
        tasks=(small_task("draft", None),),
        manager_agent="boss",
        models=MODELS,
    )

    found = assembled(plan, tmp_path)

    assert (found["process"], found["agents"], found["manager"]) == (
        "hierarchical",
        ["The writer"],
        "The boss",
    )


def test_a_market_is_drafts_side_by_side_and_a_judge(tmp_path: Path) -> None:
    criterion = PlannedCriterion(name="voice", says="Plain words.", weight=2.0, must=False)
    plan = small_plan(
        process="market",
        agents=tuple(small_agent(name) for name in ("finder", "direct", "story", "judge")),
        tasks=(small_task("find", "finder", async_execution=True),),
        market=PlannedMarket(
            task=small_task("draft", None),
            contestants=("direct", "story"),
            judge="judge",
            rubric=PlannedRubric(name="r", criteria=(criterion,), digest="0"),
            protocol="all_pairs",
        ),
        models=MODELS,
    )

    tasks = assembled(plan, tmp_path)["tasks"]

    assert [(task["name"], task["agent"], task["context"], task["async"]) for task in tasks] == [
        ("find", "The finder", "default", False),
        ("draft_direct", "The direct", ["find"], True),
        ("draft_story", "The story", ["find"], True),
        ("judge_draft", "The judge", ["draft_direct", "draft_story"], False),
    ]
    assert "voice (weight 2): Plain words." in tasks[3]["description"]
