"""What the built-in model writes: real differences, from the prompt alone."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from crewctl.adapters import offline_text as prose
from crewctl.adapters.offline_model import answer

WRITERS = [
    ("Direct Writer", "Say the one thing that matters to {company}", "You cut until nothing is left to cut."),
    ("Story Writer", "Let a short story make the point", "You remember what people tell you."),
    ("Question Writer", "Open with a question worth answering", "You are curious before you are clever."),
    ("Ghost", "Write well", "No hints at all."),
]


def prompt(
    role: str, goal: str, backstory: str, task: str, expected: str, context: str = ""
) -> list[dict[str, Any]]:
    user = (
        f"\nCurrent Task: {task}\n\nThis is the expected criteria for your final answer: {expected}\n"
        f"you MUST return the actual complete content as the final answer, not a summary."
    )
    if context:
        user += f"\n\nThis is the context you're working with:\n{context}"
    return [
        {
            "role": "system",
            "content": f"You are {role}. {backstory}\nYour personal goal is: {goal}",
        },
        {"role": "user", "content": f"{user}\n\nProvide your complete response:"},
    ]


def research(company: str = "Acme Corp") -> str:
    asked = prompt(
        "Market Researcher",
        f"Gather signals about {company}",
        "You read a lot.",
        f"Research {company}: recent news, hiring signals, and the tech stack.",
        "Notes with a heading for each point.",
    )
    return answer(asked).text


def draft(writer: int, company: str = "Acme Corp", name: str = "Elena") -> str:
    role, goal, backstory = WRITERS[writer]
    task = f"Using the research, write a personal e-mail to {name} at {company}."
    expected = "A personal e-mail of about 200 words, no generic phrases."
    return answer(prompt(role, goal, backstory, task, expected, context=research(company))).text


def test_the_same_prompt_is_answered_with_the_same_words() -> None:
    assert draft(0) == draft(0)


def test_different_writers_write_really_different_drafts() -> None:
    for one, other in combinations(range(len(WRITERS)), 2):
        first, second = set(prose.sentences(draft(one))), set(prose.sentences(draft(other)))
        assert len(first & second) <= len(first) / 3


@pytest.mark.parametrize("writer", range(len(WRITERS)))
def test_another_input_makes_another_draft(writer: int) -> None:
    draft_of_globex = draft(writer, "Globex", "Tom")

    assert "Globex" in draft_of_globex
    assert "Hello Tom," in draft_of_globex
    assert "Acme" not in draft_of_globex
    assert draft(writer) != draft_of_globex.replace("Globex", "Acme Corp").replace("Tom", "Elena")


def test_a_lower_case_company_is_written_about_too() -> None:
    assert "acme" in draft(0, "acme", "elena")


def test_a_subject_of_two_words_is_kept_whole() -> None:
    role, goal, backstory = WRITERS[0]
    text = answer(prompt(role, goal, backstory, "Work on solar panels.", "A short, clear text.")).text

    assert text.startswith("# solar panels: ")


def test_a_draft_takes_up_what_the_context_says() -> None:
    assert any(one in draft(1) for one in prose.plain_sentences(research()))


def test_a_draft_keeps_to_the_words_it_was_given() -> None:
    role, goal, backstory = WRITERS[0]
    asked = prompt(role, goal, backstory, "Write an e-mail to Bo at Initech.", "At most 60 words.")

    assert 20 < len(prose.words(answer(asked).text)) <= 60


def test_a_refused_draft_is_written_anew_within_what_the_guardrail_said() -> None:
    role, goal, backstory = WRITERS[0]
    context = (
        "### Previous attempt failed validation: The text has 90 words; at most 50 words are allowed.\n\n\n"
        "### Previous result:\nSomething long.\n\n\nTry again, making sure to address the validation error."
    )
    asked = prompt(
        role, goal, backstory, "Write an e-mail to Bo at Initech.", "About 200 words.", context=context
    )

    assert len(prose.words(answer(asked).text)) <= 50


def test_json_is_written_with_the_keys_that_were_asked_for() -> None:
    asked = prompt(
        "Researcher",
        "Find out",
        "You read.",
        "Research Acme Corp: recent news, signals and the tech stack.",
        "JSON with company_name, signals[], tech_stack[].",
    )
    found = json.loads(answer(asked).text)

    assert found["company_name"] == "Acme Corp"
    assert [type(found[key]) for key in ("signals", "tech_stack")] == [list, list]


def test_a_cap_on_tokens_holds_and_is_reported() -> None:
    said = answer(prompt("R", "g", "b", "Write a long report on Rome.", "A report."), most_tokens=20)

    assert said.completion_tokens == 20
    assert len(said.text) <= 80


@pytest.mark.parametrize(
    "task",
    ["", "{", "…", "写一封信给李雷", "a" * 20_000, "{point} {about} {0}", "\x00\x1b[31m", "🙂🙂", "\ud800"],
)
def test_no_prompt_is_too_odd_to_answer(task: str) -> None:
    asked = prompt("R", "g", "b", task, task)
    said = answer(asked)

    assert said.text
    assert said == answer(asked)


def test_nothing_at_all_is_answered_too() -> None:
    assert answer([{"role": "user", "content": "hello there, who are you"}]).text
    assert answer([{"role": "user", "content": None}]).text


def test_a_plan_says_that_it_is_ready() -> None:
    asked = [
        {
            "role": "user",
            "content": "Create an execution plan for the following task:\n\n## Task\nResearch Acme\n\n"
            "## Expected Output\nNotes\n\n## Available Tools\nNo tools available\n",
        }
    ]

    assert "\nREADY" in answer(asked).text


def test_a_guardrail_that_counts_words_is_really_checked() -> None:
    def verdict(text: str, rule: str) -> dict[str, Any]:
        asked = f"Task result:\n        {text}\n\n        Guardrail:\n        {rule}\n\n        Your task:\n        - Confirm if the"
        found: dict[str, Any] = json.loads(answer([{"role": "user", "content": asked}]).text)
        return found

    assert verdict("one two three", "At most 5 words.") == {"valid": True, "feedback": None}
    assert not verdict("one two three four five six", "At most 5 words.")["valid"]
    assert not verdict("one two", "At least 5 words.")["valid"]
    assert "6 words" in verdict("one two three four five six", "At most 5 words.")["feedback"]


def test_a_schema_is_filled_with_a_value_that_fits() -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "level": {"enum": ["low", "high"]},
            "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
            "maybe": {"anyOf": [{"type": "null"}, {"type": "number", "minimum": 3}]},
        },
        "$defs": {"Part": {"type": "object", "properties": {"n": {"type": "integer", "maximum": 0}}}},
    }
    asked = prompt("R", "g", "b", "Assess Acme Corp: cost and risk.", "An assessment.")

    assert json.loads(answer(asked, schema=schema).text) == {
        "name": "Acme Corp",
        "level": "low",
        "parts": [{"n": 0}],
        "maybe": 3,
    }


def test_a_conversation_is_summarised_in_the_form_that_is_asked() -> None:
    text = answer(
        [{"role": "user", "content": "<conversation>\nAcme Corp moved. It is big.\n</conversation>"}]
    ).text

    assert text.startswith("<summary>")
    assert "Acme Corp" in text
