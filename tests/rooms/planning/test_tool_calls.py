"""Which calls of tools wait for a person, and which tools change something outside."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from crewctl.catalogue.specs.calls_spec import CallRules
from crewctl.catalogue.specs.registry_specs import ToolTag
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan, PlannedTool
from crewctl.planning.rehearsal import rehearsal_of
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, sample_catalogue


def plan_of(**changes: Any) -> Plan:
    """Plan a crew of the sample catalogue with some of it changed."""
    return make_plan(sample_catalogue(**changes), "brief", {"company": "Acme"}, FakeWorld())


ASKING = {"sends_data", "spends_money", "runs_code"}


def tool_with(
    tags: list[str], calls: dict[str, str] | None = None, name: str = "FileReadTool"
) -> PlannedTool:
    policy: dict[str, Any] = {"tools": {name: tags}} | ({"calls": calls} if calls else {})
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "tools": [name]}}
    return next(tool for tool in plan_of(agents=agents, policy=policy).tools if tool.name == name)


def test_there_is_a_rule_for_every_tag() -> None:
    assert list(CallRules.model_fields) == list(get_args(ToolTag))


@pytest.mark.parametrize("tag", get_args(ToolTag))
def test_what_sends_spends_or_runs_code_asks_and_has_an_effect(tag: str) -> None:
    tool = tool_with([tag])

    assert (tool.calls == "ask", tool.effect, tool.gated) == ((tag in ASKING,) * 3)


@pytest.mark.parametrize("tag", get_args(ToolTag))
def test_the_policy_says_of_every_tag_whether_its_calls_ask(tag: str) -> None:
    assert tool_with([tag], {tag: "ask"}).calls == "ask"
    allowed = tool_with([tag], {tag: "allow", "reads_files": "allow"})
    assert (allowed.calls, allowed.effect) == ("allow", tag in ASKING)


def test_one_tag_that_asks_is_enough() -> None:
    assert tool_with(["reads_web", "sends_data"], {"sends_data": "allow", "reads_web": "ask"}).calls == "ask"


def test_a_tool_of_which_the_policy_says_nothing_asks() -> None:
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "tools": ["custom:count"]}}
    files = {"tools/count.py": b"COUNT = 1\n"}

    unjudged = plan_of(agents=agents, tool_files=files, policy={})
    judged = plan_of(agents=agents, tool_files=files, policy={"tools": {"custom:count": []}})

    assert "custom:count" in {tool.name for tool in unjudged.tools if tool.calls == "ask" and tool.effect}
    assert not any(tool.gated for tool in judged.tools)


def test_in_a_rehearsal_no_call_asks() -> None:
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "tools": ["FileReadTool"]}}
    plan = plan_of(agents=agents, policy={"tools": {"FileReadTool": ["sends_data"]}})

    assert [tool.gated for tool in plan.tools] == [True]
    assert [tool.gated for tool in rehearsal_of(plan).tools] == [False]
