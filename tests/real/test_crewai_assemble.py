"""`assemble` gives the real CrewAI crew, which cannot be started past the registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.planning.plan import Plan, PlannedCriterion, PlannedJudge, PlannedMarket, PlannedRubric
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


@pytest.fixture
def assembled(found_by: Callable[..., Any], tmp_path: Path) -> Callable[[Plan], dict[str, Any]]:
    return lambda plan: found_by(tmp_path, "assembled_crew.py", said=plan.model_dump_json())


def test_a_sequential_crew_is_as_one_would_write_it_and_will_not_start(
    assembled: Callable[[Plan], dict[str, Any]],
) -> None:
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

    found = assembled(plan)

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


def test_a_hierarchical_crew_has_its_manager_apart(assembled: Callable[[Plan], dict[str, Any]]) -> None:
    plan = small_plan(
        process="hierarchical",
        agents=(small_agent("boss"), small_agent("writer")),
        tasks=(small_task("draft", None),),
        manager_agent="boss",
        models=MODELS,
    )

    found = assembled(plan)

    assert (found["process"], found["agents"], found["manager"]) == (
        "hierarchical",
        ["The writer"],
        "The boss",
    )


def test_a_market_is_drafts_side_by_side_and_a_judge(assembled: Callable[[Plan], dict[str, Any]]) -> None:
    criterion = PlannedCriterion(name="voice", says="Plain words.", weight=2.0, must=False)
    plan = small_plan(
        process="market",
        agents=tuple(small_agent(name) for name in ("finder", "direct", "story", "judge")),
        tasks=(small_task("find", "finder", async_execution=True),),
        market=PlannedMarket(
            task=small_task("draft", None),
            contestants=("direct", "story"),
            judges=(PlannedJudge(agent="judge"),),
            rubric=PlannedRubric(name="r", criteria=(criterion,), digest="0"),
            protocol="all_pairs",
        ),
        models=MODELS,
    )

    tasks = assembled(plan)["tasks"]

    assert [(task["name"], task["agent"], task["context"], task["async"]) for task in tasks] == [
        ("find", "The finder", "default", False),
        ("draft_direct", "The direct", ["find"], True),
        ("draft_story", "The story", ["find"], True),
        ("judge_draft", "The judge", ["draft_direct", "draft_story"], False),
    ]
    assert "voice (weight 2): Plain words." in tasks[3]["description"]
