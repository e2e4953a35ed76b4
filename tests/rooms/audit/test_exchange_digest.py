"""A question has one digest in every attempt that asks it, and another as soon as it is another question."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crewctl.audit.exchange_content import LARGEST, bounded, shortened_question, whole_question
from crewctl.audit.exchange_digest import call_digest, request_digest, talk_digest, tool_digest

PATH = "/v1/chat/completions"
BODY: dict[str, Any] = {
    "model": "gpt",
    "max_tokens": 512,
    "messages": [
        {"role": "system", "content": "You are a writer.\n\nCurrent Date: 2026-11-21"},
        {"role": "user", "content": "Write about 2026-11-21."},
        {"role": "assistant", "tool_calls": [{"id": "call_77", "function": {"name": "look"}}]},
        {"role": "tool", "tool_call_id": "call_77", "content": "found"},
    ],
}


def changed(**parts: Any) -> dict[str, Any]:
    return json.loads(json.dumps(BODY)) | parts


def with_message(number: int, **parts: Any) -> dict[str, Any]:
    body = changed()
    body["messages"][number] |= parts
    return body


def later() -> dict[str, Any]:
    """The same question a day later, with ids that CrewAI made up anew and a cap that was lowered."""
    body = with_message(0, content="You are a writer.\n\nCurrent Date: 22 November 2026")
    body["messages"][2]["tool_calls"][0]["id"] = body["messages"][3]["tool_call_id"] = "call_140033"
    return body | {"max_tokens": 16}


def test_caps_ids_and_the_date_of_today_do_not_count() -> None:
    assert request_digest("POST", PATH, later()) == request_digest("POST", PATH, BODY)
    assert call_digest(later()["messages"], []) == call_digest(BODY["messages"], [])


@pytest.mark.parametrize(
    "other",
    [
        with_message(1, content="Write about 2026-11-22."),
        with_message(0, content="You are a poet.\n\nCurrent Date: 2026-11-21"),
        with_message(3, tool_call_id="call_78"),
        changed(model="gpt-2"),
        changed(temperature=0.5),
        changed(tools=[{"type": "object", "properties": {"a": {"type": ["string", "null"]}}}]),
    ],
)
def test_any_other_difference_counts(other: dict[str, Any]) -> None:
    assert request_digest("POST", PATH, other) != request_digest("POST", PATH, BODY)


def test_a_cap_inside_another_part_does_not_count() -> None:
    path = "/v1/models/gemini:generateContent"
    plain = {"contents": [{"parts": [{"text": "hello"}]}]}
    capped = plain | {"generationConfig": {"maxOutputTokens": 5}}
    assert request_digest("POST", path, capped) == request_digest("POST", path, plain)


def test_a_tools_digest_is_of_its_name_and_arguments_however_they_are_written() -> None:
    digest = tool_digest("custom:send", '{"to": "a", "text": "b"}')
    assert digest == tool_digest("custom:send", '{"text":"b","to":"a"}')
    assert digest != tool_digest("custom:send", '{"text":"b","to":"c"}')
    assert digest != tool_digest("custom:post", '{"text":"b","to":"a"}')
    assert tool_digest("custom:send", "no JSON") != tool_digest("custom:send", "other")


def test_a_conversation_keeps_its_name_while_it_grows() -> None:
    grown = changed(messages=[*BODY["messages"], {"role": "assistant", "content": "done"}])
    assert talk_digest(grown) == talk_digest(later())
    assert talk_digest(grown) != talk_digest(with_message(1, content="Write."))


def test_what_an_earlier_question_said_is_kept_once_and_comes_back_whole() -> None:
    questions = [changed(messages=BODY["messages"][:count]) for count in (2, 3, 4)]
    kept: dict[int, dict[str, Any]] = {}
    earlier: tuple[int, dict[str, Any]] = (0, {})
    for number, question in enumerate(questions, start=1):
        rest, same = shortened_question(question, *earlier)
        kept[number] = {"question": rest} | ({"same": same} if same else {})
        earlier = (number, question)

    assert [len(one["question"]["messages"]) for one in kept.values()] == [2, 1, 1]
    for number, question in enumerate(questions, start=1):
        whole = whole_question(kept[number], kept.__getitem__)
        assert json.dumps(whole) == json.dumps(question)  # the order of the keys is the body's own


def test_an_exchange_too_long_to_be_sent_says_so() -> None:
    long = {"via": "http", "question": {"text": "x" * LARGEST}, "answer": {"text": "y"}}
    assert bounded(long)["answer"]["left_out"] > LARGEST
    assert bounded({"question": {}, "answer": {}}) == {"question": {}, "answer": {}}
