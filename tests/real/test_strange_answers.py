"""What a provider reports is booked only where it can be true, and nothing is too long to be told."""

from __future__ import annotations

import pytest

from crewctl.adapters.child_protocol import MAX_LINE
from crewctl.planning.plan import Plan
from crewctl.running.port import Message, ModelCall, TaskWork
from crewctl.testing.fake_parent import FakeParent, Story
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import saying
from crewctl.testing.model_server_exchange import Failure, Garbage, Usage
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_tool

pytestmark = pytest.mark.real

MOST = 10**12
ANSWER = (
    b'{"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0,'
    b' "finish_reason": "stop", "message": {"role": "assistant", "content": "done"}}], "usage": %b}'
)
HUGE = '''
from crewai.tools import tool

@tool("Talker")
def talker(number: int) -> str:
    """Say more than anybody reads."""
    return "\\x00" * 6_000_000
'''


def work(parent: FakeParent, plan: Plan, turns: int | None = None) -> Story:
    return parent.do(plan, TaskWork(step="draft", task="draft"), turns=turns)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("said", "booked"),
    [
        (Usage(7, 3), (7, 3)),
        (Usage(0, 0), (None, None)),
        (Usage(0, 3), (None, None)),
        (Usage(7, 0), (None, None)),
        (Usage(-5, 3), (None, None)),
        (Usage(7, -1_000_000), (None, None)),
        (Usage(10**15, 10**15), (MOST, MOST)),
    ],
)
def test_only_usage_that_can_be_true_is_booked(
    said: Usage,
    booked: tuple[int | None, int | None],
    *,
    stream: bool,
    server: ModelServer,
    parent: FakeParent,
) -> None:
    server.behave("odd", saying("An answer.", usage=said))
    story = work(parent, small_plan(models=(small_model(server.base_url, "odd", stream=stream),)))
    assert [(settle.prompt_tokens, settle.completion_tokens) for settle in story.settles] == [booked]
    assert story.result is not None
    assert story.result.output == "An answer."


@pytest.mark.parametrize(
    "usage", [b'{"prompt_tokens": 1e400, "completion_tokens": 3}', b'{"prompt_tokens": "many"}', b"[]", b"7"]
)
def test_usage_that_makes_no_sense_breaks_nothing_that_is_booked(
    usage: bytes, server: ModelServer, parent: FakeParent
) -> None:
    server.behave("odd", lambda _: Garbage(ANSWER % usage))
    story = work(parent, small_plan(models=(small_model(server.base_url, "odd"),)))
    assert {(settle.prompt_tokens, settle.completion_tokens) for settle in story.settles} == {(None, None)}


def test_an_answer_nested_beyond_reading_is_no_broken_connection(
    server: ModelServer, parent: FakeParent
) -> None:
    nested = b'{"choices":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    server.behave("deep", lambda _: Garbage(nested))
    story = work(parent, small_plan(models=(small_model(server.base_url, "deep"),)))
    assert story.result is not None
    assert "connection" not in story.result.error
    assert len(server.calls) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_without_end_is_broken_off(
    *, stream: bool, server: ModelServer, parent: FakeParent
) -> None:
    server.behave("endless", lambda _: Garbage((b":" + b" " * 65_533 + b"\n\n") * 1_025))
    story = work(parent, small_plan(models=(small_model(server.base_url, "endless", stream=stream),)))
    assert story.result is not None
    assert story.result.error == "the model's endpoint answered with more than 67,108,864 bytes"
    assert [settle.prompt_tokens for settle in story.settles] == [None]


def test_an_answer_longer_than_any_line_fails_the_step_for_its_length(
    server: ModelServer, parent: FakeParent
) -> None:
    server.behave("endless", saying("x" * (MAX_LINE + 1), usage=Usage(7, 3)))
    story = work(parent, small_plan(models=(small_model(server.base_url, "endless"),)))
    assert story.result is not None
    assert "bytes, and 4,194,304 are allowed" in story.result.error
    (settle,) = story.settles
    assert settle.prompt_tokens == 7
    assert str(settle.response).endswith("characters here]")


def test_a_result_longer_than_any_line_is_told_of_in_part(server: ModelServer, parent: FakeParent) -> None:
    plan = small_plan(
        agents=(small_agent("writer", tools=("custom:talker",)),),
        models=(small_model(server.base_url, "tool-loop"),),
        tools=(small_tool("talker"),),
        tool_sources={"tools/talker.py": HUGE},
    )
    story = work(parent, plan, turns=1)
    ((_, finished),) = story.tools
    assert finished is not None
    assert str(finished.result).endswith("characters here]")


def test_a_prompt_longer_than_any_line_is_counted_but_not_kept(
    server: ModelServer, parent: FakeParent
) -> None:
    size = MAX_LINE // 2 + 1
    call = ModelCall(
        step="j",
        agent="writer",
        model="m",
        purpose="judge",
        messages=(Message(role="user", content="x" * size),),
    )
    story = parent.do(small_plan(models=(small_model(server.base_url),)), call)
    (ask,) = story.asks
    assert ask.prompt_tokens > size
    assert "crewctl keeps no prompt of 16,777," in str(ask.prompt)
    assert len(server.calls) == 1


CALLS_AROUND = '''
import asyncio
import httpx
from crewai.tools import tool

@tool("Talker")
def talker(number: int) -> str:
    """Ask a model of one's own."""
    async def ask() -> int:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            body = {"model": "away", "messages": [{"role": "user", "content": "hello"}]}
            return (await client.post("URL/chat/completions", json=body)).status_code
    return str(asyncio.run(ask()))
'''


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/other"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_call_is_not_followed(
    status: int, path: str, server: ModelServer, parent: FakeParent
) -> None:
    with ModelServer() as other:
        away = other.base_url.removesuffix("/v1") + path
        server.behave("away", lambda _: Failure(status, location=away))
        story = work(parent, small_plan(models=(small_model(server.base_url, "away"),)))
        assert story.result is not None
        assert "points to another address, which is not followed" in story.result.error
        assert (len(server.calls), len(other.requests)) == (1, 0)


def test_a_redirect_of_a_tools_own_call_is_not_followed(server: ModelServer, parent: FakeParent) -> None:
    with ModelServer() as other:
        server.behave("away", lambda _: Failure(307, location=f"{other.base_url}/elsewhere"))
        plan = small_plan(
            agents=(small_agent("writer", tools=("custom:talker",)),),
            models=(small_model(server.base_url, "tool-loop"),),
            tools=(small_tool("talker"),),
            tool_sources={"tools/talker.py": CALLS_AROUND.replace("URL", server.base_url)},
        )
        ((_, finished),) = work(parent, plan, turns=2).tools
        assert finished is not None
        assert finished.result == "307"
        assert other.requests == ()
