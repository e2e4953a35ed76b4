"""The offline model inside real CrewAI crews."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.planning.plan import PlannedModel

pytestmark = [
    pytest.mark.real,
    pytest.mark.usefixtures("crewai_here"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # CrewAI's own fields, on every Agent
]


def offline(**more: Any) -> Any:
    from crewctl.adapters.crewai_offline_llm import OfflineLLM  # noqa: PLC0415 - after the environment is set

    planned = PlannedModel(name="default", kind="offline", model="offline", max_output_tokens=4096, **more)
    return OfflineLLM("default", planned)


def agent(role: str, **more: Any) -> Any:
    from crewai import Agent  # noqa: PLC0415 - after the environment is set

    goal, backstory = f"Do what a {role} does for Acme Corp", f"A {role} for years."
    return Agent(role=role, goal=goal, backstory=backstory, llm=offline(), verbose=False, **more)


def run(agents: list[Any], tasks: list[dict[str, Any]], **more: Any) -> Any:
    from crewai import Crew, Task  # noqa: PLC0415 - after the environment is set

    made = [Task(**{"expected_output": "Notes.", **task}) for task in tasks]
    return Crew(agents=agents, tasks=made, verbose=False, **more).kickoff()


def test_a_chain_of_tasks_is_written_from_one_to_the_next() -> None:
    one = agent("researcher")
    result = run(
        [one],
        [
            {"description": "Research Acme Corp: news, signals, and the tech stack.", "agent": one},
            {
                "description": "Write a brief on Acme Corp for the board.",
                "agent": one,
                "expected_output": "A brief of at most 150 words.",
            },
        ],
    )

    first, second = (output.raw for output in result.tasks_output)
    assert "## Signals" in first
    assert "Acme Corp" in second
    assert first != second
    assert 0 < result.token_usage.completion_tokens < result.token_usage.total_tokens


def test_a_manager_really_delegates_to_every_coworker_once() -> None:
    from crewai import Process  # noqa: PLC0415 - after the environment is set

    analysts = [agent("Financial Analyst"), agent("Legal Analyst")]
    manager = agent("Coordinator", allow_delegation=True)
    result = run(
        analysts,
        [{"description": "Assess Acme Corp: finances, contracts, and open claims."}],
        process=Process.hierarchical,
        manager_agent=manager,
    )

    asked = [call for message in result.tasks_output[0].messages for call in message.get("tool_calls") or []]
    assert [("Financial" in str(call), "Legal" in str(call)) for call in asked] == [
        (True, False),
        (False, True),
    ]
    assert "Acme Corp" in result.raw


def test_a_tool_is_really_called_and_its_result_is_used() -> None:
    from crewai.tools import tool  # noqa: PLC0415 - after the environment is set

    seen = []

    @tool("count letters")
    def count_letters(name: str) -> str:
        """Count the letters of a company's name."""
        seen.append(name)
        return f"The name {name} has eight letters in all, which is short."

    one = agent("counter", tools=[count_letters])
    result = run(
        [one], [{"description": "Count the letters of Acme Corp, and report: length, look.", "agent": one}]
    )

    assert seen == ["Acme Corp"]
    assert "has eight letters in all" in result.raw


def test_a_guardrail_in_prose_is_answered_and_obeyed() -> None:
    one = agent("writer")
    task = {
        "description": "Write about Acme Corp: past, present.",
        "agent": one,
        "guardrail": "At most 30 words.",
    }
    result = run([one], [task])

    assert len(result.raw.split()) <= 30


def test_reasoning_comes_to_an_end() -> None:
    one = agent("planner", reasoning=True, max_reasoning_attempts=2)
    result = run([one], [{"description": "Write about Acme Corp: past, present.", "agent": one}])

    assert "Acme Corp" in result.raw


def test_a_lowered_cap_is_kept() -> None:
    one = agent("writer")
    one.llm.max_tokens = 10
    result = run([one], [{"description": "Write about Acme Corp: past, present.", "agent": one}])

    assert len(result.raw) <= 40
    assert result.token_usage.completion_tokens <= 10
