"""What a child asked once it need not ask again: recorded answers cost nothing, and only fit their own questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crewctl.adapters.child_protocol import ChildRequest, Departed, Exchanged, Replayed
from crewctl.adapters.exchange_recording import Recording
from crewctl.planning.digest import canonical
from crewctl.planning.plan import Plan, Retry
from crewctl.running.port import Message, ModelCall, TaskWork
from crewctl.testing.fake_parent import FakeParent, Story
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import (
    Behaviour,
    by_turn,
    delegating,
    failing,
    guardrail,
    looping,
    plain,
    saying,
)
from crewctl.testing.model_server_exchange import Answer, Asked, Failure, Reply, ToolCall
from crewctl.testing.recorded_exchanges import descriptions_in, recording_of
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_task, small_tool

pytestmark = pytest.mark.real
WORK = TaskWork(step="draft", task="draft")

COUNTER = '''
from pathlib import Path
from crewai.tools import BaseTool
from pydantic import BaseModel, Field

LEDGER = Path({ledger!r})
with LEDGER.open("a") as file:
    file.write("imported\\n")

class Wanted(BaseModel):
    """What is counted."""
    number: int = Field(..., description="How many.", ge=0)
    note: str | None = None
    level: float = 3

class counter(BaseTool):
    name: str = "Counter"
    description: str = "Counts in a ledger outside."
    args_schema: type[BaseModel] = Wanted

    def _run(self, number: int, note: str | None = None, level: float = 0) -> str:
        with LEDGER.open("a") as file:
            file.write("called\\n")
        if number == 2:
            raise ValueError("two is too many")
        return f"{{number}} at {{level}}, {{note}}"
'''


def three_calls_then(asked: Asked) -> Reply:
    return looping(asked) if len(asked.tool_results) < 3 else plain(asked)


class Scene:
    """A crew of one step, and how its model behaves."""

    def __init__(self, behaviour: Behaviour, **given: Any) -> None:
        self.behaviour, self.stream, self.given = behaviour, given.pop("stream", False), given

    def plan(self, server: ModelServer, ledger: str) -> Plan:
        server.behave("scene", self.behaviour)
        sources = {"tools/counter.py": COUNTER.format(ledger=ledger)}
        agents = (small_agent("researcher"), small_agent("writer", tools=("custom:counter",)))
        plain = {"agents": agents, "tools": (small_tool("counter"),), "tool_sources": sources}
        return small_plan(
            models=(small_model(server.base_url, "scene", stream=self.stream),), **(plain | self.given)
        )


DELEGATING = (
    small_agent("researcher", tools=("custom:counter",)),
    small_agent("writer", settings={"allow_delegation": True}),
)
LED: dict[str, Any] = {
    "process": "hierarchical",
    "tasks": (small_task("draft", agent=None),),
    "manager_model": "m",
}
SCENES: dict[str, Scene] = {
    "an answer": Scene(plain),
    "a stream": Scene(plain, stream=True),
    "tools": Scene(three_calls_then),
    "tools, streamed": Scene(three_calls_then, stream=True),
    "delegation": Scene(delegating(), agents=DELEGATING),
    "a question to a coworker": Scene(delegating(question=True), agents=DELEGATING),
    "a manager": Scene(delegating(), **LED),
    "a guardrail": Scene(
        guardrail(False, True),
        tasks=(small_task("draft", guardrail="It must be good.", guardrail_max_retries=2),),
    ),
    "arguments that do not fit": Scene(
        by_turn(
            Answer(tool_calls=(ToolCall("counter", {"number": -1}),)),
            Answer(tool_calls=(ToolCall("counter", {"number": "1", "more": 5}),)),
            Answer("That was it."),
        )
    ),
    "failures that pass": Scene(
        failing(Failure(429, "wait", retry_after=0), when=lambda count: count == 1, then=three_calls_then),
        retry=Retry(attempts=3, backoff=0.001),
    ),
    "a date in the prompt": Scene(
        plain,
        agents=(
            small_agent("writer", settings={"inject_date": True, "date_format": "%Y-%m-%d %H:%M:%S.%f"}),
        ),
    ),
}


def request_of(plan: Plan, work: TaskWork | ModelCall, *recordings: Recording, **given: Any) -> ChildRequest:
    return ChildRequest(
        run_id="test",
        plan=canonical(plan).decode(),
        crew_digest=plan.crew_digest,
        inputs_digest=plan.inputs_digest,
        work=work,
        recordings=recordings,
        **given,
    )


def output_of(story: Story) -> str:
    assert story.result is not None, story.log
    assert story.result.ok, story.result.error
    return story.result.output


@pytest.fixture(params=SCENES)
def scene(request: pytest.FixtureRequest) -> Scene:
    return SCENES[request.param]


def test_a_step_is_repeated_without_one_call(
    scene: Scene, server: ModelServer, parent: FakeParent, tmp_path: Any
) -> None:
    """After a wait: the tools are the real ones, and everything that was asked is answered from the recording."""
    plan = scene.plan(server, str(tmp_path / "ledger"))
    first = parent.do(plan, WORK)
    calls = len(server.calls)
    assert calls > 0
    called = (tmp_path / "ledger").read_text().count("called") if (tmp_path / "ledger").exists() else 0

    again = parent.do(plan, WORK, request=request_of(plan, WORK, recording_of(first.of(Exchanged))))

    assert output_of(again) == output_of(first)
    assert again.asks == []
    assert again.tools == []
    assert len(server.calls) == calls
    told = [one for one in first.of(Exchanged) if one.number]
    assert [one.of_number for one in again.of(Replayed)] == [one.number for one in told]
    assert [one for one in again.of(Exchanged) if one.number] == []
    if called:
        assert (tmp_path / "ledger").read_text().count("called") == called


def test_a_step_is_replayed_with_stand_ins_whose_code_is_not_imported(
    scene: Scene, server: ModelServer, parent: FakeParent, tmp_path: Any
) -> None:
    """`crewctl replay`: nobody is asked, no tool's code runs, and the endpoint may be gone."""
    ledger = tmp_path / "ledger"
    plan = scene.plan(server, str(ledger))
    first = parent.do(plan, WORK)
    calls, before = len(server.calls), ledger.read_text() if ledger.exists() else ""
    told = first.of(Exchanged)

    request = request_of(plan, WORK, recording_of(told, strict=True), tools=descriptions_in(told))
    again = parent.do(plan, WORK, request=request)

    assert output_of(again) == output_of(first)
    assert again.asks == []
    assert again.of(Departed) == []
    assert len(server.calls) == calls
    assert (ledger.read_text() if ledger.exists() else "") == before
    assert len(again.of(Replayed)) == len([one for one in told if one.number])


def test_the_tools_of_these_scenes_are_really_called(
    server: ModelServer, parent: FakeParent, tmp_path: Any
) -> None:
    plan = SCENES["tools"].plan(server, str(tmp_path / "ledger"))
    story = parent.do(plan, WORK)
    assert (tmp_path / "ledger").read_text().count("called") == 3
    answers = [one.exchange["answer"] for one in story.of(Exchanged) if one.what == "tool"]
    assert answers[0] == {"result": "1 at 1.0, turn 1"}
    assert answers[1]["broke"]["message"] == "two is too many"


SCRIPT = """
turns:
  - calls: [{tool: counter, arguments: {number: 1}}]
  - answer: first
  - answer: second
"""


@pytest.mark.parametrize("kind", ["offline", "scripted"])
def test_simulated_models_are_recorded_and_repeated(kind: str, parent: FakeParent, tmp_path: Any) -> None:
    sources = {"tools/counter.py": COUNTER.format(ledger=str(tmp_path / "ledger"))}
    script = {"script": SCRIPT} if kind == "scripted" else {}
    plan = small_plan(
        agents=(small_agent("writer", tools=("custom:counter",)),),
        tools=(small_tool("counter"),),
        tool_sources=sources,
        models=(small_model(None, kind=kind, model=kind, **script),),
    )
    first = parent.do(plan, WORK)
    told = first.of(Exchanged)
    assert {one.exchange["via"] for one in told if one.what == "model"} == {"call"}

    again = parent.do(plan, WORK, request=request_of(plan, WORK, recording_of(told)))

    assert output_of(again) == output_of(first)
    assert again.asks == []


def test_a_script_goes_on_where_the_recording_ends(parent: FakeParent) -> None:
    """Turns that a recording gave are not given a second time."""
    script = "turns:\n  - {error: 500}\n  - {answer: the second}\n"
    models = (small_model(None, kind="scripted", model="scripted", script=script),)
    plan = small_plan(models=models, retry=Retry(attempts=2, backoff=0.001))
    first = parent.do(plan, WORK)
    told = [one for one in first.of(Exchanged) if one.number]
    assert len(told) == 2

    again = parent.do(plan, WORK, request=request_of(plan, WORK, recording_of(told[:1])))

    assert output_of(again) == "the second"
    assert len(again.asks) == 1


def test_a_call_of_a_judge_is_repeated(server: ModelServer, parent: FakeParent) -> None:
    plan = small_plan(models=(small_model(server.base_url),))
    call = ModelCall(
        step="judge",
        agent="writer",
        model="m",
        purpose="judge",
        messages=(Message(role="user", content="Choose."),),
    )
    first = parent.do(plan, call)
    calls = len(server.calls)

    again = parent.do(
        plan, call, request=request_of(plan, call, recording_of(first.of(Exchanged), strict=True))
    )

    assert output_of(again) == output_of(first)
    assert len(server.calls) == calls


def test_after_the_first_other_question_everything_is_asked_for_real(
    server: ModelServer, parent: FakeParent, tmp_path: Any
) -> None:
    plan = SCENES["tools"].plan(server, str(tmp_path / "ledger"))
    first = parent.do(plan, WORK)
    told = first.of(Exchanged)
    calls = len(server.calls)
    changed = [one for one in told if one.number]
    other: Any = changed[2].model_copy(update={"asked_sha256": "0" * 64})

    again = parent.do(
        plan, WORK, request=request_of(plan, WORK, recording_of([*changed[:2], other, *changed[3:]]))
    )

    (departed,) = again.of(Departed)
    assert (departed.number, departed.of_number, departed.recorded_sha256) == (3, 3, "0" * 64)
    assert [one.of_number for one in again.of(Replayed)] == [1, 2]
    assert len(server.calls) - calls == len(again.asks) == 3
    assert len(again.tools) == 2
    assert output_of(again)


def test_a_strict_recording_lets_nothing_else_be_asked(
    server: ModelServer, parent: FakeParent, tmp_path: Any
) -> None:
    plan = SCENES["tools"].plan(server, str(tmp_path / "ledger"))
    told = parent.do(plan, WORK).of(Exchanged)
    calls = len(server.calls)
    recording = recording_of([one for one in told if one.number <= 3], strict=True)

    with pytest.raises(TimeoutError, match="departed"):
        parent.do(
            plan,
            WORK,
            request=request_of(plan, WORK, recording, tools=descriptions_in(told)),
            seconds=3.0,
        )

    assert len(server.calls) == calls


def test_a_model_that_is_recorded_takes_turns_and_asks_nobody(
    server: ModelServer, parent: FakeParent
) -> None:
    """`models: {m: {replay: RUN}}`: limits count as ever, tools run as ever, answers are the recorded ones."""
    server.behave("scene", saying("Once and for all."))
    plan = small_plan(models=(small_model(server.base_url, "scene"),))
    told = parent.do(plan, WORK).of(Exchanged)
    calls = len(server.calls)

    recording = recording_of(told, models=("m",), tools=False, free=False, strict=True)
    again = parent.do(plan, WORK, request=request_of(plan, WORK, recording))

    assert output_of(again) == "Once and for all."
    assert len(again.asks) == len(again.settles) == 1
    assert again.settles[0].prompt_tokens
    assert len(server.calls) == calls


def test_asynchronous_clients_are_recorded_and_repeated_too(
    server: ModelServer, found_by: Callable[..., Any], tmp_path: Any
) -> None:
    found = found_by(tmp_path, "async_exchanges.py", server.base_url)
    assert found == {kind: {"equal": True, "asked": [1, 0], "replayed": 1} for kind in ("plain", "stream")}
    assert len(server.calls) == 2


def test_no_key_and_no_header_that_could_hold_one_is_recorded(
    server: ModelServer, parent: FakeParent
) -> None:
    key = "sk-a-key-that-nobody-may-see-0123456789"
    plan = small_plan(models=(small_model(server.base_url, api_key_env="A_KEY"),))
    story = parent.do(plan, WORK, secrets={"A_KEY": key})
    (call,) = server.calls
    assert key in call.authorization
    told = [one for one in story.of(Exchanged) if one.number]
    assert len(told) == 1
    text = told[0].model_dump_json()
    assert key not in text
    assert "authorization" not in text.lower()
    assert set(told[0].exchange["answer"]["headers"]) <= {"content-type", "x-request-id"}
