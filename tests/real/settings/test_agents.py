"""Every setting of an agent in config/agents.yaml changes what a real child does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from crewctl.testing.model_server_behaviours import by_turn, plain
from crewctl.testing.model_server_exchange import Answer, Asked, Reply, ToolCall

pytestmark = pytest.mark.real
Desk = Any

WRITER = {"role": "Writer of letters", "goal": "Write well", "backstory": "You have written much."}
EDITOR = {"role": "Editor of letters", "goal": "Edit well", "backstory": "You have edited much."}
COUNTER = '''
from crewai.tools import tool

runs = []

@tool("counter")
def counter(number: int) -> str:
    """Count how often this ran."""
    runs.append(number)
    return f"run {len(runs)}, " + "very " * 300
'''


def writer(**given: Any) -> dict[str, Any]:
    return {"writer": WRITER | given}


def offered(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the tools that a request offers, by name, with their descriptions."""
    return {tool["function"]["name"]: tool["function"]["description"] for tool in body.get("tools", ())}


def messages(body: Mapping[str, Any], role: str) -> list[str]:
    return [message["content"] for message in body["messages"] if message["role"] == role]


def test_an_agents_prose_is_its_system_prompt(desk: Desk) -> None:
    [body] = desk.said(desk.plan())
    [system] = messages(body, "system")
    assert [WRITER[name] in system for name in ("role", "goal", "backstory")] == [True] * 3


def test_an_agent_speaks_through_the_model_it_names(desk: Desk) -> None:
    models = {"default": desk.model("plain"), "wordy": desk.model("long")}
    for llm in ("wordy", desk.model("long", max_output_tokens=64)):
        [body] = desk.said(desk.plan(agents=writer(llm=llm), models=models))
        assert body["model"] == "long"


def test_an_agents_tools_are_offered_to_its_model(desk: Desk) -> None:
    [body] = desk.said(desk.plan(agents=writer(tools=["custom:counter"]), tool=COUNTER))
    assert list(offered(body)) == ["counter"]
    [body] = desk.said(desk.plan(tool=COUNTER))
    assert offered(body) == {}


@pytest.mark.parametrize("may", [True, False])
def test_an_agent_that_may_delegate_is_offered_the_crews_other_agents(desk: Desk, *, may: bool) -> None:
    agents = {**writer(allow_delegation=may), "editor": EDITOR}
    crew = {"description": "d", "process": "sequential", "tasks": ["write"], "agents": ["editor"]}
    [body] = desk.said(desk.plan(agents=agents, crew=crew))
    described = offered(body)
    assert ("delegate_work_to_coworker" in described) is may
    assert ("Editor of letters" in str(described)) is may


@pytest.mark.parametrize(
    ("cache", "results"),
    [(True, ["run 1", "run 1"]), (False, ["run 1", "run 2"]), (None, ["run 1", "run 2"])],
)
def test_a_cache_spares_the_second_of_two_equal_calls(
    *, desk: Desk, cache: bool | None, results: list[str]
) -> None:
    same = Answer(tool_calls=(ToolCall("counter", {"number": 7}),))
    desk.server.behave("twice", by_turn(same, same, Answer("Done.")))
    said = {} if cache is None else {"cache": cache}
    # Calls that are decided on one by one are all made: counting is tagged as harmless.
    policy = {"retry": {"attempts": 1}, "tools": {"custom:counter": []}}
    agents = writer(tools=["custom:counter"], **said)
    plan = desk.plan(agents=agents, tool=COUNTER, models={"default": desk.model("twice")}, policy=policy)
    *_, last = desk.said(plan)
    assert [result.partition(",")[0] for result in messages(last, "tool")] == results


@pytest.mark.parametrize("most", [2, 4])
def test_an_agent_has_so_many_iterations_and_then_has_to_answer(desk: Desk, most: int) -> None:
    agents = writer(tools=["custom:counter"], max_iter=most)
    plan = desk.plan(agents=agents, tool=COUNTER, models={"default": desk.model("tool-loop")})
    story = desk.do(plan)
    assert [ask.purpose for ask in story.asks] == ["agent"] * most + ["final_answer"]


@pytest.mark.parametrize(
    ("respect", "window", "summarised"), [(True, 1500, True), (False, 1500, False), (True, 100_000, False)]
)
def test_a_context_that_is_full_is_summarised_or_left_as_it_is(
    *, desk: Desk, respect: bool, window: int, summarised: bool
) -> None:
    agents = writer(tools=["custom:counter"], respect_context_window=respect, max_iter=6)
    models = {"default": desk.model("tool-loop", context_window=window)}
    story = desk.do(desk.plan(agents=agents, tool=COUNTER, models=models), turns=12)
    assert ("summary" in {ask.purpose for ask in story.asks}) is summarised


def test_without_a_system_prompt_everything_is_the_users(desk: Desk) -> None:
    [body] = desk.said(desk.plan(agents=writer(use_system_prompt=False)))
    assert messages(body, "system") == []
    assert WRITER["role"] in "".join(messages(body, "user"))


def test_an_agents_templates_are_the_frame_of_its_prompt(desk: Desk) -> None:
    templates = {
        "system_template": "<<system>>{{ .System }}<</system>>",
        "prompt_template": "<<user>>{{ .Prompt }}<</user>>",
        "response_template": "<<answer>>{{ .Response }}<</answer>>",
    }
    [body] = desk.said(desk.plan(agents=writer(**templates)))
    [prompt] = messages(body, "user")
    marks = ("<<system>>", "<</system>>", "<<user>>", "<</user>>", "<<answer>>")
    places = [prompt.index(mark) for mark in marks]
    assert places == sorted(places)
    assert WRITER["goal"] in prompt[places[0] : places[1]]
    assert "Write a letter." in prompt[places[2] : places[3]]
    assert "<</answer>>" not in prompt


def test_the_date_is_told_in_the_format_that_is_asked_for(desk: Desk) -> None:
    days = [f"{datetime.now().astimezone():%j/%Y}"]
    [body] = desk.said(desk.plan(agents=writer(inject_date=True, date_format="%j/%Y")))
    days.append(f"{datetime.now().astimezone():%j/%Y}")
    assert any(f"Current Date: {day}" in messages(body, "system")[0] for day in days)
    [body] = desk.said(desk.plan(agents=writer(inject_date=True)))
    assert f"Current Date: {datetime.now().astimezone():%Y-}" in messages(body, "system")[0]
    [body] = desk.said(desk.plan())
    assert "Current Date" not in messages(body, "system")[0]


@pytest.mark.parametrize("attempts", [1, 3])
def test_an_agent_that_reasons_plans_at_most_so_often(desk: Desk, attempts: int) -> None:
    def never_ready(asked: Asked) -> Reply:
        if not any(tool.get("name") == "create_reasoning_plan" for tool in asked.tools):
            return plain(asked)
        steps = [{"step_number": 1, "description": "Think."}]
        return Answer(
            tool_calls=(
                ToolCall("create_reasoning_plan", {"plan": "Think.", "steps": steps, "ready": False}),
            )
        )

    desk.server.behave("never-ready", never_ready)
    agents = writer(reasoning=True, max_reasoning_attempts=attempts)
    story = desk.do(desk.plan(agents=agents, models={"default": desk.model("never-ready")}))
    assert [ask.purpose for ask in story.asks].count("planning") == attempts
    assert desk.do(desk.plan()).asks[0].purpose == "agent"
