"""A crew, its inputs and its world become one complete plan, or every reason why not."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from crewctl import planning
from crewctl.catalogue.rules import RULES
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.specs.task_spec import TaskSpec
from crewctl.diagnostics.problem import Problem, Related, Severity
from crewctl.diagnostics.span import Span
from crewctl.errors import NotFoundError
from crewctl.planning.cast import SETTINGS
from crewctl.planning.findings import InvalidPlanError
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan, PlannedModel, PlannedTask
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, CREWS, ENTRIES, TASKS, sample_catalogue

INPUTS = {"company": "Acme"}


def plan_of(crew: str, **changes: Any) -> Plan:
    """Plan a crew of the sample catalogue with some of it changed."""
    return make_plan(sample_catalogue(**changes), crew, INPUTS, FakeWorld())


def problems_of(crew: str, **changes: Any) -> list[Problem]:
    """Return what stands in the way."""
    with pytest.raises(InvalidPlanError) as caught:
        plan_of(crew, **changes)
    return list(caught.value.problems)


def test_sequential_lists_agents_by_first_use_and_then_the_crews_own_list() -> None:
    crew = {**CREWS["brief"], "tasks": [{"task": "write", "agent": "writer"}, "research"]}
    plan = plan_of(
        "brief",
        crews={"brief": {**crew, "agents": ["coordinator", "writer", "judge"]}},
        tasks={**TASKS, "write": {**TASKS["write"], "context": None}},
    )
    assert [agent.name for agent in plan.agents] == ["writer", "researcher", "coordinator", "judge"]
    assert [(task.name, task.agent) for task in plan.tasks] == [
        ("write", "writer"),
        ("research", "researcher"),
    ]


def test_the_crews_agent_for_a_task_wins_over_the_tasks_own() -> None:
    crew = {**CREWS["brief"], "tasks": [{"task": "research", "agent": "writer"}]}
    plan = plan_of("brief", crews={"brief": crew})
    assert plan.tasks[0].agent == "writer"
    assert [agent.name for agent in plan.agents] == ["writer"]


def test_hierarchical_lists_its_agents_then_its_manager() -> None:
    plan = plan_of("diligence")
    assert [agent.name for agent in plan.agents] == ["writer", "researcher", "coordinator"]
    assert (plan.manager_agent, plan.manager_model) == ("coordinator", None)
    assert plan.tasks[1].agent is None


def test_a_manager_may_be_a_model() -> None:
    plan = plan_of("diligence", crews={"diligence": {**CREWS["diligence"], "manager": "standard"}})
    assert (plan.manager_agent, plan.manager_model) == (None, "standard")
    assert plan.model("standard").kind == "offline"


def test_a_manager_who_is_neither_is_refused_with_a_near_word() -> None:
    [problem] = problems_of("diligence", crews={"diligence": {**CREWS["diligence"], "manager": "cordinator"}})
    assert (problem.rule, problem.label) == ("unknown-agent", "did you mean 'coordinator'?")


def test_a_market_has_its_task_contestants_judge_and_frozen_rubric() -> None:
    plan = plan_of("outreach")
    assert plan.market is not None
    assert [agent.name for agent in plan.agents] == ["researcher", "story_writer", "writer", "judge"]
    assert plan.market.task.name == "draft"
    assert plan.market.task.timeout == 120
    assert [task.name for task in plan.tasks] == ["research"]
    assert plan.market.contestants == ("story_writer", "writer")
    assert [each.name for each in plan.market.rubric.criteria] == ["specific", "short"]
    assert len(plan.market.rubric.digest) == 64
    assert plan.market.protocol == "both_orders"
    assert plan.worst_case.judge_calls == 5  # four looks and the judge's notes


def test_permuting_the_contestants_changes_nothing_at_all() -> None:
    market = CREWS["outreach"]["market"]
    other = {**CREWS["outreach"], "market": {**market, "contestants": market["contestants"][::-1]}}
    assert plan_of("outreach", crews={"outreach": other}) == plan_of("outreach")


def test_the_rubrics_digest_follows_its_words_and_not_the_crew() -> None:
    one = plan_of("outreach").market
    rubric = {"plain": {"criteria": {"specific": {"says": "Names figures."}}}}
    other = plan_of("outreach", rubrics=rubric).market
    assert one is not None
    assert other is not None
    assert one.rubric.digest != other.rubric.digest


def test_every_field_of_an_agent_goes_somewhere() -> None:
    """A field that is neither planned nor passed on would be accepted and ignored."""
    planned = {"role", "goal", "backstory", "llm", "tools", "retry", "fallback"}
    shown_only = {"verbose"}
    assert set(SETTINGS) | planned | shown_only == set(AgentSpec.model_fields)


def test_every_field_of_a_task_goes_into_the_plan() -> None:
    said_by_position = {"name"}
    assert set(TaskSpec.model_fields) | said_by_position == set(PlannedTask.model_fields)


def test_every_field_of_a_model_goes_into_the_plan() -> None:
    resolved = {"name", "kind", "api_key_env", "recorded"}
    assert set(ModelSpec.model_fields) - {"api_key", "replay"} | resolved == set(PlannedModel.model_fields)


def test_an_agents_other_settings_are_passed_on_without_those_that_say_nothing() -> None:
    agents = {**AGENTS, "researcher": {**AGENTS["researcher"], "max_iter": 7, "reasoning": False}}
    settings = plan_of("brief", agents=agents).agent("researcher").settings
    assert settings["max_iter"] == 7
    assert settings["allow_delegation"] is False
    assert "system_template" not in settings


def test_prose_keeps_every_character_and_its_placeholders() -> None:
    text = '  {company} {"a": [1]} {not this}\n\n'
    tasks = {**TASKS, "research": {**TASKS["research"], "description": text}}
    assert plan_of("brief", tasks=tasks).tasks[0].description == text


def test_an_unknown_crew_gets_a_near_word() -> None:
    with pytest.raises(NotFoundError, match="no crew 'outreech'; did you mean 'outreach'"):
        plan_of("outreech")


def test_all_unknown_names_are_said_in_one_pass() -> None:
    crew = {
        **CREWS["outreach"],
        "tasks": ["reserch", {"task": "write", "agent": "riter"}, "draft"],
        "market": {
            "task": "drft",
            "contestants": ["writer", "stori_writer"],
            "judge": "juge",
            "rubric": "plane",
        },
    }
    problems = problems_of("outreach", crews={"outreach": crew})
    assert sorted(problem.message for problem in problems) == [
        "task 'draft' has no agent",
        "there is no agent 'juge'",
        "there is no agent 'riter'",
        "there is no agent 'stori_writer'",
        "there is no rubric 'plane'",
        "there is no task 'drft'",
        "there is no task 'reserch'",
    ]
    assert all(
        problem.label.startswith("did you mean") for problem in problems if "no agent '" in problem.message
    )


def test_an_unreadable_file_of_the_registry_is_not_taken_for_silence() -> None:
    """With its entry gone, a prohibited crew would count as merely limited."""
    broken = Problem(Span("registry/entries/brief.yaml", 2, 1), "unknown-key", "unknown key 'risk_levl'")
    entries = {name: entry for name, entry in ENTRIES.items() if name != "brief"}
    assert problems_of("brief", entries=entries, problems=[broken]) == [broken]
    for file in ("registry/policy.yaml", "config/agents.yaml", "tools/x.py", "crews/brief.yaml"):
        assert problems_of("brief", problems=[Problem(Span(file, 1, 1), "r", "m")])


@pytest.mark.parametrize("file", ["brief.yml", "Brief.yaml", "BRIEF.yml", "brief .yaml"])
def test_an_entry_that_is_misnamed_stands_in_the_way_of_the_crew_it_was_meant_for(file: str) -> None:
    """It may say `prohibited`, and must not be taken for no entry at all."""
    misnamed = Problem(Span(f"registry/entries/{file}", 1, 1), "bad-name", "not read")
    assert problems_of("brief", problems=[misnamed]) == [misnamed]
    assert plan_of("outreach", problems=[misnamed])


def test_another_crews_problems_and_warnings_do_not_matter() -> None:
    problems = [
        Problem(Span("crews/other.yaml", 1, 1), "r", "m"),
        Problem(Span("registry/entries/other.yaml", 1, 1), "r", "m"),
        Problem(Span("registry/rubrics/other.yaml", 1, 1), "r", "m"),
        Problem(Span("config/agents.yaml", 1, 1), "r", "m", severity=Severity.WARNING),
    ]
    assert plan_of("brief", problems=problems).crew == "brief"


def test_a_problem_between_the_policy_and_an_entry_is_that_crews_alone() -> None:
    entry = Related(Span("registry/entries/outreach.yaml", 2, 1), "oversight is switched off here")
    agents = Related(Span("config/agents.yaml", 1, 1), "has the tool")
    weak = Problem(Span("registry/policy.yaml", 9, 3), "oversight-too-weak", "m", related=(agents, entry))
    assert problems_of("outreach", problems=[weak]) == [weak]
    assert plan_of("brief", problems=[weak])


def test_a_crew_whose_own_file_is_broken_is_invalid_and_not_unknown() -> None:
    broken = Problem(Span("crews/new.yaml", 1, 1), "unknown-key", "unknown key 'proces'")
    with pytest.raises(InvalidPlanError) as caught:
        make_plan(sample_catalogue(problems=[broken]), "new", {}, FakeWorld())
    assert caught.value.problems == (broken,)


def test_a_rubrics_problem_is_in_the_way_of_the_market_that_uses_it() -> None:
    broken = Problem(Span("registry/rubrics/plain.yaml", 1, 1), "r", "m")
    assert problems_of("outreach", problems=[broken])
    assert plan_of("brief", problems=[broken])


def test_every_rule_that_planning_can_break_is_explained() -> None:
    folder = Path(planning.__file__).parent
    calls = (node for file in folder.glob("*.py") for node in ast.walk(ast.parse(file.read_text())))
    rules = {
        call.args[1].value
        for call in calls
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and (call.func.attr, len(call.args)) == ("add", 3)
        and isinstance(call.args[1], ast.Constant)
    }
    assert len(rules) > 10
    assert rules <= set(RULES)
