"""The built-in model: answers CrewAI's prompts and the judge's, the same way every time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from crewctl.adapters import offline_text as prose
from crewctl.adapters.offline_consensus import agree
from crewctl.adapters.offline_editor import edit
from crewctl.adapters.offline_judge import judge, take_notes
from crewctl.adapters.offline_prompt import Messages, Reading, content_of, read
from crewctl.adapters.offline_said import Call, Said, said
from crewctl.adapters.offline_schema import fill_json
from crewctl.adapters.offline_subject import subject_of
from crewctl.adapters.offline_tools import next_call
from crewctl.adapters.offline_writer import write
from crewctl.judging.consensus_prompt import FRAME as CONSENSUS
from crewctl.judging.merge_prompt import FRAME as MERGE
from crewctl.judging.notes import read_notes_prompt
from crewctl.judging.prompt import read_prompt


def answer(
    messages: Messages,
    *,
    tools: Sequence[Mapping[str, Any]] = (),
    schema: Mapping[str, Any] | None = None,
    most_tokens: int | None = None,
) -> Said:
    """Answer a conversation; `schema` asks for JSON that fits it, `most_tokens` cuts the text."""
    text, call = _answer(messages, tools, schema)
    return said(messages, tools, text, () if call is None else (call,), most_tokens)


def _answer(
    messages: Messages, tools: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None
) -> tuple[str, Call | None]:
    judged = _judged(messages)
    if judged is not None:
        return judged, None
    reading = read(messages)
    if reading.kind == "guardrail":
        return _guardrail(reading), None
    if schema is not None:
        return _structured(reading, schema), None
    if reading.kind == "plan":
        return _plan(reading), None
    if reading.kind == "summary":
        return _summary(reading), None
    call = next_call(reading, messages, tools) if tools and not _must_finish(messages) else None
    return ("", call) if call is not None else (write(reading), None)


def _judged(messages: Messages) -> str | None:
    """Return the answer to a judge's or an editor's prompt, if one of the messages is one."""
    for message in messages:
        if message.get("role") == "user":
            content = content_of(message)
            if (question := read_prompt(content)) is not None:
                return judge(question)
            if (brief := read_notes_prompt(content)) is not None:
                return take_notes(brief)
            if (question := MERGE.read_prompt(content)) is not None:
                return edit(question)
            if (question := CONSENSUS.read_prompt(content)) is not None:
                return agree(question)
    return None


def _must_finish(messages: Messages) -> bool:
    return "MUST give your absolute best final answer" in content_of(messages[-1])


def _guardrail(reading: Reading) -> str:
    """Count words where the rule counts words; every other rule is taken as met."""
    limit, count = prose.word_limit(reading.rule), len(prose.words(reading.result))
    at_least = "at least" in reading.rule.lower() or "minimum" in reading.rule.lower()
    broken = limit is not None and (count < limit if at_least else count > limit)
    bound = "at least" if at_least else "at most"
    feedback = f"The text has {count} words; {bound} {limit} words are allowed." if broken else None
    return json.dumps({"valid": not broken, "feedback": feedback})


def _structured(reading: Reading, schema: Mapping[str, Any]) -> str:
    subject = subject_of(reading)
    words = {
        "name": subject.about,
        "title": subject.about,
        "company": subject.about,
        "summary": write(reading),
    }
    return fill_json(schema, words, text=prose.listed(list(subject.points)))


def _plan(reading: Reading) -> str:
    asked = list(subject_of(reading).points)
    steps = [
        f"{number}. Take up {point}; done when something can be said on it."
        for number, point in enumerate(asked, 1)
    ]
    return "\n".join(
        [*steps, f"{len(steps) + 1}. Write it down as asked.", "", "READY: I am ready to execute the task."]
    )


def _summary(reading: Reading) -> str:
    found = prose.sentences(reading.task)
    first, last = " ".join(found[:3]), " ".join(found[-3:])
    names = ", ".join(prose.names(reading.task)[:6]) or "none"
    parts = [
        f"1. **Task Overview**: {first}",
        f"2. **Current State**: {last}",
        f"3. **Important Discoveries**: {' '.join(prose.plain_sentences(reading.task)[:4])}",
        "4. **Next Steps**: Finish the task with what is known.",
        f"5. **Context to Preserve**: {names}",
    ]
    return "<summary>\n" + "\n".join(parts) + "\n</summary>"
