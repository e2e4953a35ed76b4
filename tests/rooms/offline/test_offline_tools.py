"""Which tools the built-in model calls, and with what."""

from __future__ import annotations

import json
from typing import Any

from crewctl.adapters.offline_model import answer

MANAGER = "You are Coordinator. You lead.\nYour personal goal is: A sound view of {company}"


def tool(name: str, description: str, **properties: dict[str, Any]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


DELEGATE = tool(
    "delegate_work_to_coworker",
    "Delegate a specific task to one of the following coworkers: Financial Analyst, Legal Analyst\nThe input to …",
    task={"type": "string"},
    context={"type": "string"},
    coworker={"type": "string"},
)
ASK = tool(
    "ask_question_to_coworker", "Ask one of the following coworkers: Financial Analyst, Legal Analyst\nThe"
)
READ = tool("read_a_file_s_content", "A tool that reads the content of a file.", file_path={"type": "string"})
ADD = tool("add_numbers", "Add two numbers", a={"type": "integer"}, b={"type": "integer"})


def asked(task: str, expected: str = "A report.") -> list[dict[str, Any]]:
    user = (
        f"\nCurrent Task: {task}\n\nThis is the expected criteria for your final answer: {expected}\n"
        "you MUST return the actual complete content as the final answer, not a summary."
    )
    return [{"role": "system", "content": MANAGER}, {"role": "user", "content": user}]


def converse(
    messages: list[dict[str, Any]], tools: list[dict[str, Any]]
) -> tuple[list[tuple[str, Any]], str]:
    """Play the loop as CrewAI does and return the calls made and the final text."""
    calls = []
    for number in range(10):
        said = answer(messages, tools=tools)
        if not said.calls:
            return calls, said.text
        (call,) = said.calls
        calls.append((call.name, dict(call.arguments)))
        wire = {"id": f"c{number}", "type": "function", "function": call.wire}
        result = f"{call.arguments.get('coworker', call.name)} found that Acme Corp owes nothing to anybody."
        messages = [
            *messages,
            {"role": "assistant", "content": None, "tool_calls": [wire]},
            {"role": "tool", "tool_call_id": f"c{number}", "name": call.name, "content": result},
        ]
    raise AssertionError("it never stopped calling tools")


def test_a_manager_gives_the_work_to_every_coworker_once_and_then_writes() -> None:
    calls, text = converse(asked("Assess Acme Corp: finances and contracts."), [DELEGATE, ASK])

    assert [arguments["coworker"] for _, arguments in calls] == ["Financial Analyst", "Legal Analyst"]
    assert all("Acme Corp" in arguments["task"] for _, arguments in calls)
    assert "Legal Analyst found that Acme Corp owes nothing to anybody." in text


def test_a_coworker_who_was_given_work_gives_it_to_nobody() -> None:
    expected = "Your best answer to your coworker asking you this, accounting for the context shared."

    assert converse(asked("Look at the books of Acme Corp.", expected), [DELEGATE, ASK])[0] == []


def test_a_tool_is_called_once_when_the_task_holds_what_it_needs() -> None:
    calls, _ = converse(asked("Read the file notes/acme.md and report on its content."), [READ])

    assert calls == [("read_a_file_s_content", {"file_path": "notes/acme.md"})]


def test_a_tool_is_left_alone_when_the_task_does_not_say_what_with() -> None:
    assert converse(asked("Report on the file we spoke of."), [READ])[0] == []


def test_a_tool_that_has_nothing_to_do_with_the_task_is_left_alone() -> None:
    assert converse(asked("Write about notes/rome.md."), [ADD])[0] == []


def test_a_last_request_to_finish_is_answered_with_a_text() -> None:
    last = {
        "role": "user",
        "content": "Now it's time you MUST give your absolute best final answer. You'll …",
    }
    said = answer([*asked("Assess Acme Corp: finances and contracts."), last], tools=[DELEGATE])

    assert said.calls == ()
    assert said.text


def test_broken_arguments_in_a_conversation_do_no_harm() -> None:
    wire = {"id": "c", "type": "function", "function": {"name": "add_numbers", "arguments": "{oops"}}
    messages = [*asked("Add 2 numbers."), {"role": "assistant", "tool_calls": [wire]}]

    assert answer(messages, tools=[ADD]).calls == ()


def test_arguments_are_what_the_wire_says() -> None:
    (call,) = answer(asked("Add 2 and 3 as numbers."), tools=[ADD]).calls

    assert json.loads(call.wire["arguments"]) == dict(call.arguments)
