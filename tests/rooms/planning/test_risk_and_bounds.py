"""Risk, approval, worst case, and budgets that cannot be reckoned."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.planning.findings import InvalidPlanError
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan, Price
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, sample_catalogue

INPUTS = {"company": "Acme"}


def plan_of(crew: str = "brief", world: FakeWorld | None = None, **changes: Any) -> Plan:
    """Plan a crew of the sample catalogue with some of it changed."""
    return make_plan(sample_catalogue(**changes), crew, INPUTS, world or FakeWorld())


def with_entry(policy: dict[str, Any] | None = None, **entry: Any) -> Plan:
    """Plan a crew with this entry."""
    return plan_of(entries={"brief": entry}, policy=policy or {})


@pytest.mark.parametrize(
    ("entry", "approval", "needs"),
    [
        ({}, {}, True),
        ({"human_oversight_required": False}, {}, True),
        ({"human_oversight_required": False}, {"limited": "never"}, True),
        ({"risk_level": "minimal"}, {}, False),
        ({"risk_level": "minimal", "human_oversight_required": True}, {}, True),
        ({"risk_level": "minimal"}, {"minimal": "when_required"}, False),
        ({"risk_level": "minimal"}, {"minimal": "always"}, True),
        ({"risk_level": "limited"}, {}, True),
        ({"risk_level": "limited", "human_oversight_required": False}, {}, False),
        ({"risk_level": "limited", "human_oversight_required": False}, {"limited": "always"}, True),
        ({"risk_level": "limited"}, {"limited": "never"}, False),
        ({"risk_level": "limited", "human_oversight_required": True}, {"limited": "never"}, True),
        ({"risk_level": "minimal"}, {"minimal": "notify"}, False),
        ({"risk_level": "limited"}, {"limited": "notify"}, False),
        ({"risk_level": "limited", "human_oversight_required": True}, {"limited": "notify"}, True),
        ({}, {"limited": "notify"}, True),
        ({"risk_level": "high", "human_oversight_required": False}, {}, True),
        ({"risk_level": "prohibited", "human_oversight_required": False}, {}, True),
    ],
)
def test_who_needs_approval(entry: dict[str, Any], approval: dict[str, Any], needs: bool) -> None:  # noqa: FBT001 - a table's column
    risk = with_entry({"approval": approval}, **entry).risk
    assert risk.needs_approval is needs
    assert risk.level == entry.get("risk_level", "limited")
    assert risk.tagged is ("risk_level" in entry)
    assert len(risk.why) == 1


def test_people_are_told_of_a_crew_that_runs_without_a_yes_where_the_policy_says_so() -> None:
    told = with_entry({"approval": {"minimal": "notify"}}, risk_level="minimal").risk
    assert told.notify
    assert told.why == (
        "risk level minimal runs without approval, and people are told of it, under registry/policy.yaml",
    )
    assert not with_entry({"approval": {"minimal": "never"}}, risk_level="minimal").risk.notify
    asked = {"risk_level": "minimal", "human_oversight_required": True}
    assert not with_entry({"approval": {"minimal": "notify"}}, **asked).risk.notify


def test_a_crew_that_nobody_registered_counts_as_limited_with_oversight() -> None:
    risk = plan_of(entries={}).risk
    assert (risk.level, risk.tagged, risk.needs_approval) == ("limited", False, True)
    assert risk.why == ("no risk_level is registered, so the crew counts as limited with oversight",)


@pytest.mark.parametrize("tag", ["sends_data", "spends_money", "runs_code"])
def test_a_dangerous_tool_forces_approval_whatever_the_level(tag: str) -> None:
    policy = {"tools": {"FileReadTool": [tag]}, "approval": {"minimal": "never"}}
    risk = with_entry(policy, risk_level="minimal", human_oversight_required=False).risk
    assert risk.needs_approval
    assert risk.why == (f"the tool 'FileReadTool' {tag.replace('_', ' ')}",)


@pytest.mark.parametrize(("said", "needs"), [({}, True), ({"custom:count": []}, False)])
def test_a_crew_with_code_that_the_policy_says_nothing_of_needs_approval(
    said: dict[str, Any],
    needs: bool,  # noqa: FBT001 - a table's column
) -> None:
    plan = plan_of(
        agents={**AGENTS, "writer": {**AGENTS["writer"], "tools": ["custom:count"]}},
        tool_files={"tools/count.py": b"import os\n"},
        entries={"brief": {"risk_level": "minimal", "human_oversight_required": False}},
        policy={"tools": said},
    )
    assert plan.risk.needs_approval is needs
    assert ("the tool 'custom:count' runs code" in plan.risk.why) is needs


def test_the_policy_cannot_take_away_what_a_tool_is_known_to_do() -> None:
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "tools": ["E2BPythonTool"]}}
    plan = plan_of(agents=agents, policy={"tools": {"E2BPythonTool": ["reads_web"]}})
    tool = next(tool for tool in plan.tools if tool.name == "E2BPythonTool")
    assert tool.tags == ("reads_web", "runs_code")
    assert plan.risk.needs_approval


def test_data_categories_and_owner_are_carried() -> None:
    risk = with_entry(
        risk_level="minimal", owner="ada", business_risk="medium", data_categories=["b", "a", "b"]
    ).risk
    assert (risk.owner, risk.business_risk, risk.data_categories) == ("ada", "medium", ("a", "b"))


def test_only_limits_bound_the_worst_case() -> None:
    unbounded = plan_of(policy={}).worst_case
    assert (unbounded.turns, unbounded.tokens, unbounded.cost) == (None, None, 0)
    models = {
        "default": {"model": "openai/x", "price": {"input": "1 USD", "output": "3 USD"}},
        "standard": {"model": "default"},
    }
    bounded = plan_of(models=models, policy={"limits": {"max_turns": 7, "max_tokens": 1_000}}).worst_case
    assert (bounded.turns, bounded.tokens, bounded.cost) == (7, 1_000, 1_000 * 3_000_000)
    capped = plan_of(
        models=models, policy={"limits": {"max_tokens": 10**9, "max_cost": "0.50 USD"}}
    ).worst_case
    assert capped.cost == 5 * 10**11


def test_an_unknown_price_makes_the_worst_cost_unknown_and_never_nothing() -> None:
    models = {"default": {"model": "openai/x"}, "standard": {"model": "offline"}}
    worst = plan_of(models=models, policy={"limits": {"max_tokens": 1_000}}).worst_case
    assert worst.cost is None
    assert worst.unpriced_models == ("default",)


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (
            {"model": "openai/x"},
            "default: {model: openai/x, price: {input: 0.15 USD, output: 0.60 USD}}",
        ),
        ({"model": "openai/x", "temperature": 1.0}, "price: {input: 0.15 USD, output: 0.60 USD}"),
    ],
)
def test_a_budget_over_an_unpriced_model_refuses_with_the_line_to_add(
    entry: dict[str, Any], line: str
) -> None:
    policy = {"limits": {"max_cost": "1 USD"}}
    with pytest.raises(InvalidPlanError) as caught:
        plan_of(models={"default": entry, "standard": {"model": "offline"}}, policy=policy)
    [problem] = caught.value.problems
    assert problem.message == "max_cost cannot hold: the price of openai/x (model 'default') is not known"
    assert problem.span.file == "registry/policy.yaml"
    assert line in problem.help


def test_one_unpriced_entry_is_told_of_once_however_many_names_lead_to_it() -> None:
    models = {
        "default": {"model": "openai/x"},
        "standard": {"model": "default"},
        "judge": {"model": "standard"},
    }
    with pytest.raises(InvalidPlanError) as caught:
        plan_of("outreach", models=models, policy={"limits": {"max_cost": "1 USD"}})
    [problem] = caught.value.problems
    assert "(model 'default')" in problem.message


def test_an_unpriced_model_without_an_entry_is_to_be_given_one() -> None:
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "llm": "openai/x"}}
    with pytest.raises(InvalidPlanError) as caught:
        plan_of(agents=agents, policy={"limits": {"max_cost": "1 USD"}})
    [problem] = caught.value.problems
    assert "priced: {model: openai/x, price: {" in problem.help


def test_a_model_described_on_the_spot_is_to_be_priced_there() -> None:
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "llm": {"model": "openai/x"}}}
    with pytest.raises(InvalidPlanError) as caught:
        plan_of(agents=agents, policy={"limits": {"max_cost": "1 USD"}})
    [problem] = caught.value.problems
    assert problem.help.startswith("add to the model that config/agents.yaml describes")


def test_a_budget_over_a_priced_model_is_fine() -> None:
    world = FakeWorld(prices={"openai/x": Price(input=1, output=1, source="list")})
    models = {"default": {"model": "openai/x"}, "standard": {"model": "default"}}
    plan = plan_of(world=world, models=models, policy={"limits": {"max_cost": "1 USD"}})
    assert plan.model("default").price is not None


@pytest.mark.parametrize("limits", [{"max_cost": "1 USD"}, {"max_tokens": 1_000}])
def test_a_tool_that_calls_models_on_its_own_is_refused_where_tokens_or_cost_are_limited(
    limits: dict[str, Any],
) -> None:
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "tools": ["DallETool"]}}
    with pytest.raises(InvalidPlanError) as caught:
        plan_of(agents=agents, policy={"limits": limits})
    [problem] = caught.value.problems
    assert problem.rule == "unmetered-tool"
    assert problem.span.file == "config/agents.yaml"
    assert plan_of(agents=agents, policy={"limits": {"max_turns": 9}}).tools[1].tags == ("calls_models",)


def test_a_custom_tools_source_travels_with_every_file_beside_it() -> None:
    files = {"tools/look_up.py": b"import shared\n", "tools/shared.py": b"X = 1\n"}
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "tools": ["custom:look_up"]}}
    plan = plan_of(agents=agents, tool_files=files)
    assert plan.tool_sources == {"tools/look_up.py": "import shared\n", "tools/shared.py": "X = 1\n"}
    edited = plan_of(agents=agents, tool_files={**files, "tools/shared.py": b"X = 2\n"})
    assert edited.crew_digest != plan.crew_digest


def test_a_crew_without_custom_tools_does_not_depend_on_them() -> None:
    assert plan_of(tool_files={"tools/other.py": b"X = 1\n"}).crew_digest == plan_of().crew_digest


def test_an_absent_or_unreadable_tool_file_is_a_problem() -> None:
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "tools": ["custom:lookup"]}}
    with pytest.raises(InvalidPlanError) as absent:
        plan_of(agents=agents, tool_files={"tools/look_up.py": b""})
    assert absent.value.problems[0].label == "did you mean custom:look_up?"
    with pytest.raises(InvalidPlanError) as binary:
        plan_of(agents=agents, tool_files={"tools/lookup.py": b"\xff"})
    assert binary.value.problems[0].rule == "bad-tool"


def test_a_packaged_tools_digest_follows_the_version_of_its_distribution() -> None:
    one, other = (
        plan_of(world=FakeWorld(versions={"crewai": "1", "crewai-tools": version})).tools[0]
        for version in "12"
    )
    assert (one.kind, one.distribution, one.tags) == ("crewai_tools", "crewai-tools==1", ("reads_files",))
    assert one.source_digest != other.source_digest
