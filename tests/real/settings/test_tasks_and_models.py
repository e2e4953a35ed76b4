"""Every setting of a task, a model, a crew's manager and the policy's retries changes what a real child does."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.real
Desk = Any

WRITER = {"role": "Writer of letters", "goal": "Write well", "backstory": "You have written much."}
EDITOR = {"role": "Editor of letters", "goal": "Edit well", "backstory": "You have edited much."}
TASK = {"description": "Write a letter.", "expected_output": "A letter of ten lines.", "agent": "writer"}
TOOL = '''
from crewai.tools import tool

@tool("counter")
def counter(number: int) -> str:
    """Count."""
    return str(number)
'''


def test_a_tasks_prose_is_what_its_agent_is_asked(desk: Desk) -> None:
    [body] = desk.said(desk.plan())
    user = body["messages"][-1]["content"]
    assert "Write a letter." in user
    assert "A letter of ten lines." in user


def test_a_task_is_done_by_the_agent_it_names(desk: Desk) -> None:
    agents = {"writer": WRITER, "editor": EDITOR}
    story = desk.do(desk.plan(agents=agents, tasks={"write": TASK | {"agent": "editor"}}))
    assert [ask.agent for ask in story.asks] == ["editor"]


def test_a_tasks_tools_are_offered_to_whoever_does_it(desk: Desk) -> None:
    [body] = desk.said(desk.plan(tasks={"write": TASK | {"tools": ["custom:counter"]}}, tool=TOOL))
    assert [tool["function"]["name"] for tool in body["tools"]] == ["counter"]


def test_markdown_is_asked_for(desk: Desk) -> None:
    [body] = desk.said(desk.plan(tasks={"write": TASK | {"markdown": True}}))
    assert "Markdown" in body["messages"][-1]["content"]
    [body] = desk.said(desk.plan())
    assert "Markdown" not in body["messages"][-1]["content"]


@pytest.mark.parametrize("retries", [0, 2])
def test_a_guardrail_is_asked_and_the_task_done_again_so_often(desk: Desk, retries: int) -> None:
    task = TASK | {"guardrail": "It rhymes.", "guardrail_max_retries": retries}
    plan = desk.plan(tasks={"write": task}, models={"default": desk.model("guardrail-invalid")})
    story = desk.do(plan)
    assert [ask.purpose for ask in story.asks].count("guardrail") == retries + 1
    assert "It rhymes." in str(story.asks[1].prompt)
    assert story.result is not None
    assert not story.result.ok


def test_a_models_settings_go_with_every_request(desk: Desk) -> None:
    settings = {"temperature": 0.25, "max_output_tokens": 77, "stream": True}
    [body] = desk.said(desk.plan(models={"default": desk.model("plain", **settings)}))
    assert (body["model"], body["temperature"], body["max_tokens"], body["stream"]) == (
        "plain",
        0.25,
        77,
        True,
    )
    [body] = desk.said(desk.plan())
    assert "temperature" not in body
    assert not body.get("stream")


def test_a_model_is_reached_at_its_address_with_its_own_key(desk: Desk) -> None:
    plan = desk.plan(models={"default": desk.model("plain", api_key="${env:HOUSE_KEY}")})
    desk.do(plan, secrets={"HOUSE_KEY": "sk-made-up", "OPENAI_API_KEY": "another"})
    [call] = desk.server.calls
    assert call.authorization == "Bearer sk-made-up"


def test_a_model_that_takes_too_long_has_failed(desk: Desk) -> None:
    story = desk.do(desk.plan(models={"default": desk.model("hang", timeout="0.3s")}))
    assert story.result is not None
    assert "did not answer in time" in story.result.error


def test_a_manager_leads_the_crews_agents(desk: Desk) -> None:
    agents = {"writer": WRITER, "editor": EDITOR, "boss": EDITOR | {"role": "Head of letters"}}
    crew = {"description": "d", "process": "hierarchical", "tasks": ["write"], "agents": ["writer", "editor"]}
    plan = desk.plan(
        agents=agents,
        tasks={"write": TASK | {"agent": None}},
        crew=crew | {"manager": "boss"},
        models={"default": desk.model("delegate")},
    )
    story = desk.do(plan)
    assert (story.asks[0].agent, story.asks[0].purpose) == ("boss", "manager")
    assert {delegated.to for delegated in story.delegations} == {"writer", "editor"}


def test_a_policys_retries_are_made_after_its_backoff(desk: Desk) -> None:
    policy = {"retry": {"attempts": 3, "backoff": "0.1s"}}
    story = desk.do(desk.plan(policy=policy, models={"default": desk.model("500")}))
    assert len(desk.server.calls) == 3
    first, second = (retry.delay for retry in story.retries)
    assert 0.07 < first < 0.13
    assert 0.15 < second < 0.25
