"""A child does what its plan says and nothing else, and tells the parent of it as it happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.child_protocol import ChildRequest, Ready, ToolStarted
from crewctl.planning.digest import canonical
from crewctl.planning.plan import (
    Plan,
    PlannedCriterion,
    PlannedInput,
    PlannedJudge,
    PlannedMarket,
    PlannedRubric,
    PlannedTool,
)
from crewctl.running.port import ContextOutput, TaskWork
from crewctl.testing.fake_parent import FakeParent, Story
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import by_turn
from crewctl.testing.model_server_exchange import Answer, ToolCall
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_task, small_tool

pytestmark = pytest.mark.real

DRAFT = TaskWork(step="draft", task="draft")


def calling(server: ModelServer, tool: str, **arguments: Any) -> str:
    """Have a model call one tool once and then answer with what came back; return the model's name."""
    server.behave("calls", by_turn(Answer(tool_calls=(ToolCall(tool, arguments),)), Answer("Finished.")))
    return "calls"


def with_tool(server: ModelServer, model: str, source: str, name: str = "shout", **model_given: Any) -> Plan:
    return small_plan(
        agents=(small_agent("writer", tools=(f"custom:{name}",)),),
        models=(small_model(server.base_url, model, **model_given),),
        tools=(small_tool(name),),
        tool_sources={f"tools/{name}.py": source},
    )


FUNCTION = '''
from crewai.tools import tool

@tool("Shout it")
def shout(text: str) -> str:
    """Say a text loudly."""
    return text.upper()
'''
CLASS = """
from crewai.tools import BaseTool

class Shout(BaseTool):
    name: str = "Shout it"
    description: str = "Say a text loudly."

    def _run(self, text: str) -> str:
        return text.upper()
"""
ASYNC = FUNCTION.replace("def shout", "async def shout")


def failed(story: Story) -> str:
    assert story.result is not None, story.log
    assert not story.result.ok
    assert "\n" not in story.result.error
    return story.result.error


@pytest.mark.parametrize("source", [FUNCTION, CLASS, ASYNC], ids=["function", "class", "async function"])
def test_a_custom_tool_runs_and_both_its_ends_are_told(
    source: str, server: ModelServer, parent: FakeParent
) -> None:
    plan = with_tool(server, calling(server, "shout_it", text="hello"), source)

    story = parent.do(plan, DRAFT)

    assert story.result is not None, story.log
    assert story.result.ok, story.log
    assert isinstance(story.events[0], Ready)
    [(started, finished)] = story.tools
    assert (started.agent, started.tool, json.loads(started.arguments)) == (
        "writer",
        "custom:shout",
        {"text": "hello"},
    )
    assert finished is not None
    assert (finished.result, finished.error) == ("HELLO", "")
    assert server.calls[1].body["messages"][-1]["content"] == "HELLO"


def test_a_tool_is_told_before_it_runs(server: ModelServer, parent: FakeParent) -> None:
    deadly = FUNCTION.replace("return text.upper()", "import os; os._exit(3)")

    story = parent.do(with_tool(server, calling(server, "shout_it", text="x"), deadly), DRAFT)

    assert story.result is None
    assert isinstance(story.events[-1], ToolStarted)


def test_a_failing_tool_is_told_and_the_model_hears_of_it(server: ModelServer, parent: FakeParent) -> None:
    broken = FUNCTION.replace("return text.upper()", "raise ValueError('out of\\nbreath')")

    story = parent.do(with_tool(server, calling(server, "shout_it", text="x"), broken), DRAFT)

    [(_, finished)] = story.tools
    assert finished is not None
    assert finished.error == "ValueError: out of breath"
    assert "out of\nbreath" in server.calls[1].body["messages"][-1]["content"]


def test_a_rehearsal_executes_no_tool(server: ModelServer, parent: FakeParent) -> None:
    deadly = FUNCTION.replace("return text.upper()", "import os; os._exit(3)")
    plan = with_tool(server, calling(server, "shout_it", text="x"), deadly)

    story = parent.do(plan, DRAFT, rehearsal=True)

    assert story.result is not None
    assert story.result.ok
    assert "was not run" in server.calls[1].body["messages"][-1]["content"]


def test_a_tool_that_the_model_made_up_does_not_run(server: ModelServer, parent: FakeParent) -> None:
    story = parent.do(with_tool(server, calling(server, "wipe_disk", path="/"), FUNCTION), DRAFT)

    assert story.tools == []
    assert server.calls[1].body["messages"][-1]["content"] == "Tool not found"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nothing_of_the_kind", "ModuleNotFoundError: No module named 'nothing_of_the_kind'"),
        ("shout = 3", "it defines: none"),
        (
            FUNCTION.replace("def shout", "def one") + FUNCTION.replace("def shout", "def two"),
            "it defines: Shout it, Shout it",
        ),
        (CLASS.replace("class Shout", "class shout").replace('= "Shout it"', ""), "Field required"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_a_tool_that_cannot_be_made_fails_the_step_plainly(
    source: str, said: str, server: ModelServer, parent: FakeParent
) -> None:
    error = failed(parent.do(with_tool(server, "plain", source), DRAFT))

    assert said in error
    assert "shout" in error
    assert server.calls == ()


def test_a_tool_may_import_another_file_of_its_folder(server: ModelServer, parent: FakeParent) -> None:
    plan = with_tool(
        server, calling(server, "shout_it", text="hello"), "from tools.voice import louder\n" + FUNCTION
    )
    sources = {
        "tools/shout.py": "from tools.voice import louder\n"
        + FUNCTION.replace("text.upper()", "louder(text)"),
        "tools/voice.py": "def louder(text):\n    return text + '!'\n",
    }
    plan = small_plan(agents=plan.agents, models=plan.models, tools=plan.tools, tool_sources=sources)

    story = parent.do(plan, DRAFT)

    assert [finished and finished.result for _, finished in story.tools] == ["hello!"]


LAZY = """
from crewai.tools import tool

@tool("Paint")
def paint(text: str) -> str:
    '''Say a colour.'''
    import colorsys
    return str(colorsys.hsv_to_rgb(0, 0, 1))
"""


def test_a_file_that_a_model_has_written_is_never_imported(server: ModelServer, parent: FakeParent) -> None:
    says = {"filename": "colorsys.py", "content": "def hsv_to_rgb(*_): return 'not approved'\n"}
    writes, paints = ToolCall("file_writer_tool", says), ToolCall("paint", {"text": "now"})
    turns = by_turn(Answer(tool_calls=(writes,)), Answer(tool_calls=(paints,)), Answer("Finished."))
    server.behave("writes", turns)
    plan = small_plan(
        agents=(small_agent("writer", tools=("FileWriterTool", "custom:paint")),),
        models=(small_model(server.base_url, "writes"),),
        tools=(
            PlannedTool(name="FileWriterTool", kind="crewai_tools", distribution="x", source_digest="0"),
            small_tool("paint"),
        ),
        tool_sources={"tools/paint.py": LAZY},
    )

    story = parent.do(plan, DRAFT)

    assert story.result is not None, story.log
    [(_, wrote), (_, painted)] = story.tools
    assert wrote is not None
    assert "colorsys.py" in (wrote.result or ""), wrote
    assert painted is not None
    assert painted.result == "(1, 1, 1)", painted


def test_a_tool_of_crewai_tools_is_made_by_its_class(server: ModelServer, tmp_path: Path) -> None:
    model = calling(server, "read_a_files_content", file_path="note.txt")
    plan = small_plan(
        agents=(small_agent("writer", tools=("FileReadTool",)),),
        models=(small_model(server.base_url, model),),
        tools=(
            PlannedTool(
                name="FileReadTool", kind="crewai_tools", distribution="crewai-tools", source_digest="0"
            ),
        ),
    )

    with FakeParent(tmp_path, tools=True) as with_tools:
        story = with_tools.do(plan, DRAFT)

    assert [started.tool for started, _ in story.tools] == ["FileReadTool"], server.calls[0].body.get("tools")


def test_inputs_are_filled_in_once(server: ModelServer, parent: FakeParent) -> None:
    plan = small_plan(
        tasks=(small_task("draft", description="Write to {name}, as JSON: {}"),),
        models=(small_model(server.base_url),),
        inputs_schema={"name": PlannedInput(type="string", required=True)},
        inputs={"name": "{role} Ada"},
    )

    parent.do(plan, DRAFT)

    assert "Write to {role} Ada, as JSON: {}" in server.calls[0].body["messages"][1]["content"]


def test_context_is_shown_as_crewai_shows_it(server: ModelServer, parent: FakeParent) -> None:
    plan = small_plan(models=(small_model(server.base_url),))
    context = (
        ContextOutput(task="a", raw="First."),
        ContextOutput(task="b", raw=""),
        ContextOutput(task="c", raw="Third."),
    )

    parent.do(plan, TaskWork(step="draft", task="draft", context=context))

    assert (
        "First.\n\n----------\n\n\n\n----------\n\nThird." in server.calls[0].body["messages"][1]["content"]
    )


def test_a_plan_that_was_changed_on_the_way_is_refused(server: ModelServer, parent: FakeParent) -> None:
    plan = small_plan(models=(small_model(server.base_url),))
    changed = canonical(plan).decode().replace("Do draft.", "Do harm.")
    request = ChildRequest(
        run_id="r", plan=changed, crew_digest=plan.crew_digest, inputs_digest=plan.inputs_digest, work=DRAFT
    )

    error = failed(parent.do(plan, DRAFT, request=request))

    assert "not the one its digests were made from" in error
    assert server.calls == ()


def test_a_whole_plan_that_is_not_the_approved_one_is_refused(
    server: ModelServer, parent: FakeParent
) -> None:
    approved = small_plan(models=(small_model(server.base_url),))
    other = small_plan(models=(small_model(server.base_url),), description="Another.")
    request = ChildRequest(
        run_id="r",
        plan=canonical(other).decode(),
        crew_digest=approved.crew_digest,
        inputs_digest=approved.inputs_digest,
        work=DRAFT,
    )

    assert "another plan than was approved" in failed(parent.do(other, DRAFT, request=request))
    assert server.calls == ()


def test_a_key_is_used_and_never_told(server: ModelServer, parent: FakeParent) -> None:
    leaking = FUNCTION.replace("return text.upper()", "import os; return os.environ['HOUSE_KEY']")
    plan = with_tool(server, calling(server, "shout_it", text="x"), leaking, api_key_env="HOUSE_KEY")

    story = parent.do(plan, DRAFT, secrets={"HOUSE_KEY": 'sk-very"secret'})

    [(_, finished)] = story.tools
    assert finished is not None
    assert finished.result == "[hidden]"
    assert "very" not in repr([story.asks, story.events, story.settles])


def test_a_missing_key_is_named(server: ModelServer, parent: FakeParent) -> None:
    plan = small_plan(models=(small_model(server.base_url, api_key_env="HOUSE_KEY"),))

    assert "HOUSE_KEY" in failed(parent.do(plan, DRAFT))


def test_a_model_whose_package_is_missing_is_named(parent: FakeParent) -> None:
    plan = small_plan(models=(small_model(None, model="gemini/gemini-2.5-pro"),))

    assert "gemini/gemini-2.5-pro" in failed(parent.do(plan, DRAFT))


def test_an_empty_answer_is_a_plain_failure(server: ModelServer, parent: FakeParent) -> None:
    server.behave("mute", lambda _: Answer(""))

    error = failed(parent.do(small_plan(models=(small_model(server.base_url, "mute"),)), DRAFT))

    assert "answered with nothing" in error


def market(server: ModelServer) -> Plan:
    names = ("direct", "story", "asking")
    delegates = {"allow_delegation": True}
    rubric = PlannedRubric(
        name="r", criteria=(PlannedCriterion(name="c", says="s", weight=1.0, must=False),), digest="0"
    )
    return small_plan(
        process="market",
        agents=(
            small_agent("researcher", settings=delegates),
            *(small_agent(name, settings=delegates) for name in names),
            small_agent("judge"),
        ),
        tasks=(small_task("research", "researcher"),),
        market=PlannedMarket(
            task=small_task("draft", None),
            contestants=names,
            judges=(PlannedJudge(agent="judge"),),
            rubric=rubric,
            protocol="all_pairs",
        ),
        models=(small_model(server.base_url),),
    )


def test_a_contestant_meets_neither_its_rivals_nor_the_judge(server: ModelServer, parent: FakeParent) -> None:
    work = TaskWork(step="draft/story", task="draft", agent="story", market=True)

    story = parent.do(market(server), work)

    assert story.result is not None
    assert story.result.ok, story.log
    sent = json.dumps(server.calls[0].body)
    assert "The story" in sent
    assert "The researcher" in sent
    for absent in ("The direct", "The asking", "The judge"):
        assert absent not in sent
    assert story.asks[0].agent == "story"


def test_crewai_itself_opens_no_connection(server: ModelServer, tmp_path: Path) -> None:
    plan = with_tool(server, calling(server, "shout_it", text="x"), FUNCTION)

    with FakeParent(tmp_path, child=Path(__file__).with_name("watched_child.py")) as watched:
        story = watched.do(plan, DRAFT)

    assert story.result is not None
    assert story.result.ok, story.log
    seen = [
        json.loads(line)
        for file in tmp_path.rglob("connections.txt")
        for line in file.read_text().splitlines()
    ]
    assert seen, "the watch saw nothing, not even the model's server"
    assert {address for _, address in seen if "127.0.0.1" not in address} == set()


def test_models_that_need_no_network_run_under_the_same_meter(parent: FakeParent) -> None:
    model = small_model(None, kind="offline", model="offline")

    story = parent.do(small_plan(models=(model,)), DRAFT)

    assert story.result is not None
    assert story.result.ok, story.log
    assert [settle.simulated for settle in story.settles] == [True]
    assert story.settles[0].completion_tokens is not None
    assert story.settles[0].completion_tokens <= model.max_output_tokens


def test_a_child_leaves_nothing_outside_its_own_folder(server: ModelServer, tmp_path: Path) -> None:
    home = tmp_path / "zygote"
    home.mkdir()
    with FakeParent(home) as fresh:
        fresh.do(with_tool(server, calling(server, "shout_it", text="x"), FUNCTION), DRAFT)

    written = {path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()}
    # What importing CrewAI leaves in the home it is given is the zygote's.
    assert written - {".local"} <= {"zygote.log", "step1"}
