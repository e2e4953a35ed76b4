"""The loopback model server, seen by the client library that real models are called with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest

from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import by_turn, coworkers, saying, script
from crewctl.testing.model_server_exchange import Answer, Failure, ToolCall, Usage

pytestmark = pytest.mark.real

ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "note": {"type": "string"}},
            "required": ["a", "note"],
        },
    },
}
DELEGATE = {
    "type": "function",
    "function": {
        "name": "delegate_work_to_coworker",
        "description": "Delegate a specific task to one of the following coworkers: Analyst, Legal Counsel\nThe input…",
        "parameters": {"type": "object", "properties": {}},
    },
}
HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture
def client(server: ModelServer) -> Iterator[Any]:
    with openai.OpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=5) as one:
        yield one


def ask(client: Any, model: str, **more: Any) -> Any:
    return client.chat.completions.create(model=model, **{"messages": HELLO, **more})


def test_a_plain_answer_depends_on_the_conversation_alone(client: Any) -> None:
    first, again = ask(client, "plain:one"), ask(client, "plain:two")
    other = ask(client, "plain:one", messages=[{"role": "user", "content": "bye"}])

    assert first.choices[0].message.content == again.choices[0].message.content
    assert other.choices[0].message.content != first.choices[0].message.content
    assert first.usage.total_tokens == first.usage.prompt_tokens + first.usage.completion_tokens


def test_an_endless_loop_calls_a_tool_every_time_with_other_arguments(client: Any) -> None:
    messages: list[Any] = list(HELLO)
    seen = set()
    for _ in range(4):
        call = ask(client, "tool-loop", messages=messages, tools=[ADD]).choices[0].message.tool_calls[0]
        seen.add(call.function.arguments)
        messages += [
            {"role": "assistant", "tool_calls": [call.model_dump()]},
            {"role": "tool", "tool_call_id": call.id, "content": "3"},
        ]

    assert len(seen) == 4
    assert ask(client, "tool-loop", messages=messages).choices[0].message.content


def test_a_manager_delegates_once_to_each_coworker_and_then_answers(client: Any) -> None:
    messages: list[Any] = list(HELLO)
    asked = []
    for _ in range(2):
        call = ask(client, "delegate", messages=messages, tools=[DELEGATE]).choices[0].message.tool_calls[0]
        asked.append(call.function.arguments)
        messages += [
            {"role": "assistant", "tool_calls": [call.model_dump()]},
            {"role": "tool", "tool_call_id": call.id, "content": "done"},
        ]

    assert ['"Analyst"' in asked[0], '"Legal Counsel"' in asked[1]] == [True, True]
    assert ask(client, "delegate", messages=messages, tools=[DELEGATE]).choices[0].finish_reason == "stop"
    assert ask(client, "delegate-for-ever", messages=messages, tools=[DELEGATE]).choices[0].message.tool_calls


def test_coworkers_are_read_from_a_description_without_any() -> None:
    assert coworkers({"description": "Add two numbers."}) == ()


def test_a_stream_says_what_a_whole_answer_says_and_its_usage_last(client: Any) -> None:
    whole = ask(client, "plain").choices[0].message.content
    chunks = list(ask(client, "plain", stream=True, stream_options={"include_usage": True}))
    silent = list(ask(client, "no-usage", stream=True, stream_options={"include_usage": True}))

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == whole
    assert chunks[-1].usage.total_tokens > 0
    assert all(chunk.usage is None for chunk in silent)


def test_a_stream_carries_tool_calls(client: Any) -> None:
    chunks = list(ask(client, "tool-loop", stream=True, tools=[ADD]))
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]

    assert calls[0].function.name == "add"
    assert "".join(call.function.arguments or "" for call in calls) == '{"a": 1, "note": "turn 1"}'


def test_a_schema_is_answered_with_json_that_fits_it(client: Any) -> None:
    schema = {
        "type": "object",
        "properties": {
            "valid": {"type": "boolean"},
            "tags": {"type": "array", "items": {"enum": ["x", "y"]}},
        },
        "required": ["valid", "tags"],
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "it", "schema": schema}}

    assert ask(client, "plain", response_format=wanted).choices[0].message.content == (
        '{"valid": true, "tags": ["x"]}'
    )


def test_a_guardrail_says_no_and_then_yes(client: Any) -> None:
    question = [{"role": "user", "content": "Task result:\nx\n\nGuardrail:\nbe short"}]
    answers = [ask(client, "guardrail-second-time", messages=question) for _ in range(3)]

    assert ["true" in answer.choices[0].message.content for answer in answers] == [False, True, True]


@pytest.mark.parametrize(
    ("model", "errors"),
    [
        ("429", [True, True, True, True]),
        ("429-once", [True, False, False, False]),
        ("429-every-other", [True, False, True, False]),
    ],
)
def test_rate_limits_come_as_their_name_says(client: Any, model: str, errors: list[bool]) -> None:
    seen = []
    for _ in range(4):
        try:
            ask(client, model)
            seen.append(False)
        except openai.RateLimitError:
            seen.append(True)

    assert seen == errors


def test_a_rate_limit_can_say_when_to_come_back(client: Any) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, "429-retry-after")

    assert caught.value.response.headers["retry-after"] == "1"


def test_every_failure_is_logged_with_its_status(server: ModelServer, client: Any) -> None:
    for model in ("500", "401", "429", "no-such-model"):
        with pytest.raises(openai.APIStatusError):
            ask(client, model)

    assert [one.status for one in server.calls] == [500, 401, 429, 404]
    assert server.calls[0].body["messages"] == HELLO


@pytest.mark.parametrize("stream", [False, True])
def test_a_dropped_connection_is_an_error_and_no_short_answer(client: Any, stream: bool) -> None:  # noqa: FBT001 - pytest's
    with pytest.raises((openai.APIConnectionError, httpx.RemoteProtocolError)):
        list(ask(client, "drop", stream=stream))


def test_garbage_is_no_completion(client: Any) -> None:
    with pytest.raises((openai.APIResponseValidationError, ValueError, UnicodeDecodeError)):
        ask(client, "garbage").choices[0].message.content.strip()


@pytest.mark.parametrize("model", ["hang", "hang-half-way"])
def test_a_server_that_hangs_is_logged_and_can_still_be_closed(model: str) -> None:
    with ModelServer() as server:
        client = openai.OpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=0.3)
        with client, pytest.raises(openai.APIConnectionError):
            ask(client, model)
        server.wait_for_calls(1)
        before = time.monotonic()
    assert time.monotonic() - before < 2
    assert server.calls[0].status == (None if model == "hang" else 200)


def test_usage_can_be_missing_or_over_the_cap(client: Any) -> None:
    assert ask(client, "no-usage").usage is None
    assert ask(client, "over-the-cap", max_tokens=20).usage.completion_tokens == 200


def test_a_long_answer_stops_at_the_cap(client: Any) -> None:
    assert ask(client, "long", max_tokens=50).usage.completion_tokens == 50
    assert ask(client, "long", max_tokens=50).choices[0].finish_reason == "length"
    assert ask(client, "long").usage.completion_tokens > 1000


def test_a_script_is_followed_and_then_says_that_it_ended(server: ModelServer, client: Any) -> None:
    server.behave(
        "mine", script(Answer(tool_calls=(ToolCall("add", {"a": 2}),)), Answer("five", usage=Usage(7, 3)))
    )

    assert ask(client, "mine", tools=[ADD]).choices[0].message.tool_calls[0].function.arguments == '{"a": 2}'
    assert ask(client, "mine").usage.total_tokens == 10
    with pytest.raises(openai.InternalServerError, match="only 2 replies"):
        ask(client, "mine")


def test_behaviours_can_be_registered_for_any_name(server: ModelServer, client: Any) -> None:
    server.behave("gpt-4o-mini", saying("yes"))
    server.behave("two", by_turn(Answer("first"), Failure(500)))

    assert ask(client, "gpt-4o-mini").choices[0].message.content == "yes"
    assert ask(client, "two").choices[0].message.content == "first"


def test_the_responses_endpoint_answers_too(client: Any) -> None:
    answer = client.responses.create(model="plain", input="hello")

    assert answer.output_text.startswith("The answer")
    assert answer.usage.total_tokens > 0


def test_twenty_requests_at_once_are_all_counted(server: ModelServer, client: Any) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: ask(client, "plain"), range(20)))

    assert len(server.calls) == 20
