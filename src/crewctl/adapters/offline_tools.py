"""Decide which offered tool a task calls for, with arguments taken from the task's own words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from crewctl.adapters import offline_text as prose
from crewctl.adapters.offline_prompt import Messages, Reading
from crewctl.adapters.offline_said import Call, function_of
from crewctl.adapters.offline_subject import subject_of

DELEGATE = "delegate_work_to_coworker"
ASK = "ask_question_to_coworker"

_PATH = re.compile(r"(?<![\w:/])(?:\.{0,2}/)?[\w.-]+(?:/[\w.-]+)*\.[A-Za-z][A-Za-z0-9]{0,7}\b")
_URL = re.compile(r"https?://[^\s\"'<>)\]]+")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")


def next_call(reading: Reading, messages: Messages, tools: Sequence[Mapping[str, Any]]) -> Call | None:
    """Return the call to make now, or None when it is time to write.

    Every coworker is given the work once, unless the asker is a coworker who was given it; every other
    tool is called at most once, and only if the task holds what its arguments need.
    """
    offered = [function_of(tool) for tool in tools]
    done = _made(messages)
    for tool in offered:
        name = str(tool.get("name", ""))
        if name == ASK or (name == DELEGATE and reading.kind == "delegated"):
            continue
        if name == DELEGATE:
            call = _delegation(reading, tool, [one for one in done if one.name == DELEGATE])
        else:
            call = None if any(one.name == name for one in done) else _use(reading, tool)
        if call is not None:
            return call
    return None


def coworkers(tool: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the roles that a delegation tool's description lists."""
    match = re.search(r"following coworkers: (.*)", str(tool.get("description", "")))
    return tuple(name.strip() for name in match.group(1).split(", ")) if match else ()


def _delegation(reading: Reading, tool: Mapping[str, Any], done: Sequence[Call]) -> Call | None:
    asked = {str(call.arguments.get("coworker")) for call in done}
    coworker = next((name for name in coworkers(tool) if name not in asked), None)
    if coworker is None:
        return None
    known = [f"What is wanted in the end: {reading.expected}", *reading.context]
    arguments: dict[str, JsonValue] = {
        "task": f"{reading.task}\n\nDo the part of it that falls to you.",
        "context": "\n\n".join(part for part in known if part),
        "coworker": coworker,
    }
    return Call(DELEGATE, arguments)


def _use(reading: Reading, tool: Mapping[str, Any]) -> Call | None:
    told = f"{reading.task}\n{reading.expected}"
    about = prose.keywords(re.sub(r"[_-]+", " ", f"{tool.get('name', '')} {tool.get('description', '')}"))
    if not set(about) & set(prose.keywords(told)):
        return None
    schema = tool.get("parameters") or {}
    required = schema.get("required") or []
    arguments: dict[str, JsonValue] = {}
    for name, part in (schema.get("properties") or {}).items():
        value = _argument(name, part, reading, told)
        if value is None and name in required:
            return None
        if value is not None and name in required:
            arguments[name] = value
    return Call(str(tool["name"]), arguments)


def _argument(name: str, schema: Mapping[str, Any], reading: Reading, told: str) -> JsonValue:
    choices = schema.get("enum")
    if choices:
        return next((one for one in choices if str(one).lower() in told.lower()), choices[0])  # type: ignore[no-any-return]
    kind = schema.get("type")
    if kind == "boolean":
        return bool(schema.get("default", False))
    if kind in {"integer", "number"}:
        found = _NUMBER.search(told)
        return (
            None
            if found is None
            else int(float(found.group()))
            if kind == "integer"
            else float(found.group())
        )
    return _string(name, reading, told) if kind == "string" else None


def _string(name: str, reading: Reading, told: str) -> str | None:
    for sign, pattern in (("path|file|dir", _PATH), ("url|website|link|uri", _URL)):
        if re.search(sign, name, re.IGNORECASE):
            found = pattern.search(told)
            return found.group() if found else None
    subject = subject_of(reading)
    if re.search("name|company|subject|entity", name, re.IGNORECASE):
        return subject.about
    return f"{subject.about}: {prose.listed(list(subject.points))}"


def _made(messages: Messages) -> list[Call]:
    calls = [call for message in messages for call in message.get("tool_calls") or []]
    return [_call(function_of(call)) for call in calls]


def _call(function: Mapping[str, Any]) -> Call:
    loads: Callable[[str], Any] = json.loads
    arguments = function.get("arguments") or {}
    try:
        given = loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        given = {}
    return Call(str(function.get("name", "")), given if isinstance(given, Mapping) else {})
