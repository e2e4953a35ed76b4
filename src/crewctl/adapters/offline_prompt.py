"""Read the prompts that CrewAI writes: who is asked, what for, with which context."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["task", "delegated", "guardrail", "plan", "summary", "other"]
Messages = Sequence[Mapping[str, Any]]

_PERSON = re.compile(
    r"You are (?P<role>.+?)\. (?P<backstory>.*?)\nYour personal goal is: (?P<goal>.*?)"
    r"(?=\nYou ONLY have access|\n\n|\Z)",
    re.DOTALL,
)
_TASK = re.compile(
    r"Current Task: (?P<task>.*?)\n\nThis is the expected criteria for your final answer: (?P<expected>.*?)"
    r"\nyou MUST return the actual complete content",
    re.DOTALL,
)
_BARE_TASK = re.compile(r"Current Task: (?P<task>.*?)(?=\n\nProvide your complete response:|\Z)", re.DOTALL)
_CONTEXT = re.compile(
    r"This is the context you're working with:\n(?P<context>.*?)"
    r"(?=\n\nProvide your complete response:|\n\nBegin! This is VERY|\Z)",
    re.DOTALL,
)
_RETRY = re.compile(
    r"### Previous attempt failed validation: (?P<feedback>.*?)\n+### Previous result:\n(?P<previous>.*?)"
    r"\n+Try again, making sure to address the validation error\.",
    re.DOTALL,
)
_GUARDRAIL = re.compile(
    r"Task result:\n(?P<result>.*)\n\s*Guardrail:\n(?P<rule>.*?)\n\s*Your task:\n\s*- Confirm if", re.DOTALL
)
_PLAN = re.compile(
    r"Create an execution plan for the following task:\s+## Task\n(?P<task>.*?)\n\n"
    r"## Expected Output\n(?P<expected>.*?)\n\n## Available Tools",
    re.DOTALL,
)
_SUMMARY = re.compile(r"<conversation>\n(?P<conversation>.*)\n</conversation>", re.DOTALL)
_ASKED_BY_COWORKER = "Your best answer to your coworker asking you this"
_BETWEEN_OUTPUTS = "\n\n----------\n\n"


@dataclass(frozen=True)
class Person:
    """Who is asked to write."""

    role: str = ""
    goal: str = ""
    backstory: str = ""


@dataclass(frozen=True)
class Reading:
    """What a prompt asks. `rule` and `result` are a guardrail's; `feedback` is why a draft was refused."""

    kind: Kind
    author: Person = Person()
    task: str = ""
    expected: str = ""
    context: tuple[str, ...] = ()
    tool_results: tuple[str, ...] = ()
    markdown: bool = False
    feedback: str = ""
    rule: str = ""
    result: str = ""

    @property
    def person(self) -> str:
        """Everything that makes this author another than the next."""
        return f"{self.author.role}\n{self.author.goal}\n{self.author.backstory}"


def read(messages: Messages) -> Reading:
    """Return what the conversation asks for."""
    text = "\n".join(content_of(message) for message in messages if message.get("role") != "tool")
    found = _PERSON.search(text)
    person = (
        Person(**{name: value.strip() for name, value in found.groupdict().items()}) if found else Person()
    )
    special = _special(text, person)
    if special is not None:
        return special
    task = _TASK.search(text) or _BARE_TASK.search(text)
    if task is None:
        return Reading("other", person, task=text.strip())
    return _task(text, task.groupdict(), person, messages)


def _special(text: str, person: Person) -> Reading | None:
    if guardrail := _GUARDRAIL.search(text):
        return Reading(
            "guardrail", person, rule=guardrail["rule"].strip(), result=guardrail["result"].strip()
        )
    if plan := _PLAN.search(text):
        return Reading("plan", person, task=plan["task"].strip(), expected=plan["expected"].strip())
    if summary := _SUMMARY.search(text):
        return Reading("summary", person, task=summary["conversation"].strip())
    return None


def _task(text: str, task: Mapping[str, str], person: Person, messages: Messages) -> Reading:
    expected = task.get("expected", "").strip()
    context = _CONTEXT.search(text)
    given = context["context"].strip() if context else ""
    retry = _RETRY.search(given)
    if retry:
        given = given[: retry.start()].strip() or given[retry.end() :].strip()
    return Reading(
        "delegated" if expected.startswith(_ASKED_BY_COWORKER) else "task",
        person,
        task=task["task"].strip(),
        expected=expected,
        context=tuple(part for part in given.split(_BETWEEN_OUTPUTS) if part.strip()),
        tool_results=tuple(content_of(one) for one in messages if one.get("role") == "tool"),
        markdown="formatted in Markdown" in text,
        feedback=retry["feedback"].strip() if retry else "",
    )


def content_of(message: Mapping[str, Any]) -> str:
    """Return a message's text, whatever form its content has."""
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return str(content or "")
