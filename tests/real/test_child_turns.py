"""N granted turns are N model calls, counted by the server's own log, whatever CrewAI is doing."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.planning.plan import Plan, Retry
from crewctl.running.port import Message, ModelCall, TaskWork
from crewctl.testing.fake_parent import FakeParent
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import failing
from crewctl.testing.model_server_behaviours import looping as tool_loop
from crewctl.testing.model_server_behaviours import plain as answer
from crewctl.testing.model_server_exchange import Failure, Hang
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_task, small_tool

pytestmark = pytest.mark.real

TALKER = '''
from crewai.tools import tool

@tool("Talker")
def talker(number: int) -> str:
    """Say a great deal about a number."""
    return f"{number}: " + "very " * 200
'''
WITH_TOOL: dict[str, Any] = {"tools": (small_tool("talker"),), "tool_sources": {"tools/talker.py": TALKER}}
LOOPING = small_agent("writer", tools=("custom:talker",), settings={"max_iter": 100})


def looping(url: str, **model: Any) -> Plan:
    return small_plan(agents=(LOOPING,), models=(small_model(url, "tool-loop", **model),), **WITH_TOOL)


def delegating(url: str) -> Plan:
    return small_plan(
        process="hierarchical",
        agents=(small_agent("researcher"), small_agent("writer")),
        tasks=(small_task("draft", agent=None),),
        manager_model="m",
        models=(small_model(url, "delegate-for-ever"),),
    )


def guarded(url: str) -> Plan:
    task = small_task("draft", guardrail="Never good enough.", guardrail_max_retries=100)
    return small_plan(tasks=(task,), models=(small_model(url, "guardrail-invalid"),))


def too_many_requests(url: str) -> Plan:
    return small_plan(models=(small_model(url, "429"),), retry=Retry(attempts=20, backoff=0.001))


def failing_and_looping(url: str) -> Plan:
    return small_plan(
        agents=(LOOPING,),
        models=(small_model(url, "flaky-loop"),),
        retry=Retry(attempts=2, backoff=0.001),
        **WITH_TOOL,
    )


ENDLESS = {
    "tool loop": looping,
    "streamed tool loop": lambda url: looping(url, stream=True),
    "summarised context": lambda url: looping(url, context_window=1500),
    "delegating hierarchy": delegating,
    "guardrail loop": guarded,
    "429": too_many_requests,
    "429 every other time": failing_and_looping,
}


@pytest.fixture
def server(server: ModelServer) -> ModelServer:
    full = Failure(429, "rate limit reached")
    server.behave("flaky-loop", failing(full, when=lambda count: count % 2 == 1, then=tool_loop))
    return server


@pytest.mark.parametrize("turns", [1, 3, 7])
@pytest.mark.parametrize("name", ENDLESS)
def test_exactly_so_many_calls_are_made_as_turns_are_granted(
    name: str, turns: int, server: ModelServer, parent: FakeParent
) -> None:
    story = parent.do(ENDLESS[name](server.base_url), TaskWork(step="draft", task="draft"), turns=turns)

    assert len(server.calls) == turns, [ask.purpose for ask in story.asks]
    assert story.result is None, "a refused child must have no way to call its run a success"
    assert story.refused >= 1
    assert len(story.settles) == turns


def test_summaries_are_calls_of_their_own_purpose(server: ModelServer, parent: FakeParent) -> None:
    plan = ENDLESS["summarised context"](server.base_url)

    story = parent.do(plan, TaskWork(step="draft", task="draft"), turns=7)

    assert "summary" in {ask.purpose for ask in story.asks}


def test_a_prompt_never_has_more_tokens_than_were_asked_for(server: ModelServer, parent: FakeParent) -> None:
    story = parent.do(looping(server.base_url), TaskWork(step="draft", task="draft"), turns=7)

    asked = {grant: ask.prompt_tokens for grant, ask in enumerate(story.asks, 1)}
    for settle in story.settles:
        assert settle.prompt_tokens is not None
        assert settle.prompt_tokens <= asked[settle.grant]
    # Once the provider has counted a prefix, only what is new is bounded by its bytes.
    assert asked[7] < 2 * asked[1] + 7 * 1600


def test_the_cap_of_a_grant_is_the_cap_of_the_request(server: ModelServer, parent: FakeParent) -> None:
    plan = small_plan(models=(small_model(server.base_url),))

    story = parent.do(plan, TaskWork(step="draft", task="draft"), cap=33)

    assert [ask.output_tokens for ask in story.asks] == [512]
    assert [call.body["max_tokens"] for call in server.calls] == [33]


def test_a_passing_failure_is_retried_as_a_new_turn_and_told(server: ModelServer, parent: FakeParent) -> None:
    plan = small_plan(
        models=(small_model(server.base_url, "500-once"),), retry=Retry(attempts=2, backoff=0.01)
    )

    story = parent.do(plan, TaskWork(step="draft", task="draft"))

    assert story.result is not None
    assert story.result.ok
    assert [settle.prompt_tokens == 0 for settle in story.settles] == [True, False]
    assert len(story.retries) == 1
    assert len(server.calls) == 2


def test_retry_after_is_honoured(server: ModelServer, parent: FakeParent) -> None:
    plan = small_plan(
        models=(small_model(server.base_url, "429-retry-after"),), retry=Retry(attempts=2, backoff=0.01)
    )

    story = parent.do(plan, TaskWork(step="draft", task="draft"))

    assert [retry.delay for retry in story.retries] == [1.0]


@pytest.mark.parametrize(
    ("behaviour", "said", "calls"),
    [
        ("401", "refused the key (401)", 1),
        ("500", "the model's endpoint failed (500)", 2),
        ("429", "has had too many requests (429)", 2),
        ("garbage", "not JSON", 1),
        ("drop", "endpoint broke the connection off", 2),
        ("hang", "did not answer in time", 2),
    ],
)
def test_a_failing_model_fails_the_step_in_one_plain_line(
    behaviour: str, said: str, calls: int, server: ModelServer, parent: FakeParent
) -> None:
    model = small_model(server.base_url, behaviour, timeout=0.5)
    plan = small_plan(models=(model,), retry=Retry(attempts=2, backoff=0.01))

    story = parent.do(plan, TaskWork(step="draft", task="draft"))

    assert story.result is not None
    assert not story.result.ok
    assert said in story.result.error
    assert "\n" not in story.result.error
    assert len(server.calls) == calls


@pytest.mark.parametrize("stream", [False, True])
def test_usage_that_nobody_reports_is_unknown(
    *, stream: bool, server: ModelServer, parent: FakeParent
) -> None:
    plan = small_plan(models=(small_model(server.base_url, "no-usage", stream=stream),))

    story = parent.do(plan, TaskWork(step="draft", task="draft"))

    assert [(s.prompt_tokens, s.completion_tokens) for s in story.settles] == [(None, None)]


def test_a_model_call_is_one_request_without_an_agent(server: ModelServer, parent: FakeParent) -> None:
    plan = small_plan(models=(small_model(server.base_url),))
    messages = (Message(role="system", content="You judge."), Message(role="user", content="A or B?"))

    story = parent.do(
        plan, ModelCall(step="j", agent="writer", model="m", purpose="judge", messages=messages)
    )

    assert story.result is not None
    assert story.result.ok
    assert [(ask.agent, ask.purpose, ask.model) for ask in story.asks] == [("writer", "judge", "m")]
    assert [call.body["messages"] for call in server.calls] == [[dict(message) for message in messages]]
    assert story.asks[0].prompt == [dict(message) for message in messages]


def test_each_ask_tells_only_the_messages_that_are_new(server: ModelServer, parent: FakeParent) -> None:
    story = parent.do(looping(server.base_url), TaskWork(step="draft", task="draft"), turns=3)

    told = [ask.prompt for ask in story.asks[:3] if isinstance(ask.prompt, list)]
    assert [message["role"] for message in told[0]] == ["system", "user"]
    assert told[0] + told[1] + told[2] == server.calls[2].body["messages"]


CALLS_A_MODEL = '''
import json
import httpx
from crewai.tools import tool

@tool("Talker")
def talker(number: int) -> str:
    """Ask a model of one's own."""
    body = {"model": "plain", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 9000}
    said = httpx.post("URL/chat/completions", json=body, headers={"Authorization": "Bearer none"})
    return json.dumps([said.status_code, said.json()["usage"]["prompt_tokens"]])
'''


def calling_models(server: ModelServer) -> Plan:
    sources = {"tools/talker.py": CALLS_A_MODEL.replace("URL", server.base_url)}
    return small_plan(
        agents=(LOOPING,),
        models=(small_model(server.base_url, "tool-loop"),),
        tools=(small_tool("talker"),),
        tool_sources=sources,
    )


def test_a_tool_that_calls_a_model_itself_takes_turns_too(server: ModelServer, parent: FakeParent) -> None:
    story = parent.do(calling_models(server), TaskWork(step="draft", task="draft"), turns=4)

    assert [ask.purpose for ask in story.asks[:4]] == ["agent", "other", "agent", "other"]
    assert len(server.calls) == 4
    assert story.settles[1].prompt_tokens is not None
    assert [call.body["max_tokens"] for call in server.calls] == [512, 512, 512, 512]


def test_a_tool_cannot_call_a_model_beyond_the_turns_granted(server: ModelServer, parent: FakeParent) -> None:
    story = parent.do(calling_models(server), TaskWork(step="draft", task="draft"), turns=1)

    assert len(server.calls) == 1
    assert story.refused == 1
    assert [finished for _, finished in story.tools] == [None]


def test_an_answer_that_breaks_off_is_retried_at_its_full_reservation(
    server: ModelServer, parent: FakeParent
) -> None:
    server.behave("breaks", failing(Hang(after_headers=True), when=lambda count: count == 1))
    plan = small_plan(
        models=(small_model(server.base_url, "breaks", timeout=0.5),), retry=Retry(attempts=2, backoff=0.01)
    )

    story = parent.do(plan, TaskWork(step="draft", task="draft"))

    assert story.result is not None
    assert story.result.ok, story.result.error
    assert [settle.prompt_tokens is None for settle in story.settles] == [True, False]


def learning(server: ModelServer) -> Plan:
    """A model that CrewAI knows, tries in vain, and then tries at another address within the same call."""
    elsewhere = Failure(404, "This model is only supported in v1/responses and not in v1/chat/completions.")
    server.behave("gpt-4o", lambda asked: answer(asked) if asked.path.endswith("/responses") else elsewhere)
    return small_plan(models=(small_model(server.base_url, "gpt-4o"),))


def test_a_second_request_within_one_call_takes_a_turn_of_its_own(
    server: ModelServer, parent: FakeParent
) -> None:
    story = parent.do(learning(server), TaskWork(step="draft", task="draft"), cap=99)

    assert story.result is not None
    assert story.result.ok, story.result.error
    assert [call.path for call in server.calls] == ["/v1/chat/completions", "/v1/responses"]
    assert server.calls[1].body["max_output_tokens"] == 99
    # While the second is asked for, the first is open and cannot settle.
    assert [ask.blocked for ask in story.asks] == [(), (1,)]
    used = {settle.grant: settle.prompt_tokens for settle in story.settles}
    assert used[1] == 0
    assert used[2]


def test_a_second_request_within_one_call_is_not_made_without_a_turn(
    server: ModelServer, parent: FakeParent
) -> None:
    # Its first grant stays open, as the call is not over: the parent sees it as blocked and ends the child.
    with pytest.raises(TimeoutError):
        parent.do(learning(server), TaskWork(step="draft", task="draft"), turns=1, seconds=2.0)

    assert [call.path for call in server.calls] == ["/v1/chat/completions"]
