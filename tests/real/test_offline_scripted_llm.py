"""The scripted model inside real CrewAI crews."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.planning.plan import PlannedModel

pytestmark = [
    pytest.mark.real,
    pytest.mark.usefixtures("crewai_here"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # CrewAI's own fields, on every Agent
]


def run(script: str, *, tools: list[Any] | None = None, **task: Any) -> Any:
    from crewai import Agent, Crew, Task  # noqa: PLC0415 - after the environment is set

    from crewctl.adapters.crewai_scripted_llm import ScriptedLLM  # noqa: PLC0415 - imports CrewAI

    planned = PlannedModel(
        name="mine", kind="scripted", model="scripted", max_output_tokens=4096, script=script
    )
    one = Agent(
        role="Clerk",
        goal="g",
        backstory="b",
        llm=ScriptedLLM("mine", planned),
        tools=tools or [],
        max_retry_limit=0,
        verbose=False,
    )
    made = Task(name="count", description="Count.", expected_output="A number.", agent=one, **task)
    return Crew(agents=[one], tasks=[made], verbose=False).kickoff()


def test_a_script_calls_a_tool_and_answers() -> None:
    from crewai.tools import tool  # noqa: PLC0415 - after the environment is set

    seen = []

    @tool("add numbers")
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        seen.append((a, b))
        return a + b

    script = (
        "turns:\n  - calls: [{tool: add_numbers, arguments: {a: 2, b: 3}}]\n"
        "  - {answer: The sum is five., usage: {prompt: 11, completion: 7}}\n"
    )
    result = run(script, tools=[add])

    assert seen == [(2, 3)]
    assert result.raw == "The sum is five."
    assert result.token_usage.completion_tokens > 7


def test_a_guardrail_is_scripted_by_purpose_and_role() -> None:
    script = (
        "turns:\n"
        "  - {for: {agent: Guardrail Agent}, json: {valid: false, feedback: Too long.}}\n"
        "  - {for: {agent: Guardrail Agent}, json: {valid: true, feedback: null}}\n"
        "  - {for: {task: count}, answer: first}\n"
        "  - {for: {task: count}, answer: second}\n"
    )

    assert run(script, guardrail="Be short.").raw == "second"


@pytest.mark.parametrize(
    ("error", "told"), [("500", "answers 500"), ("timeout", "time out"), ("oh no", "oh no")]
)
def test_an_error_ends_the_task(error: str, told: str) -> None:
    with pytest.raises(Exception, match=told):
        # CrewAI retries a 429 by itself; the others it raises as they are.
        run(f"turns:\n  - {{error: {error}}}\n")


def test_a_script_that_has_ended_says_whose_call_it_was() -> None:
    with pytest.raises(Exception, match=r"no turn left for call 1 .*Clerk.*task count"):
        run("turns:\n  - {for: {purpose: judge}, answer: never}\n")
