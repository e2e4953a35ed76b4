"""What a plan says about faults: who wins, which ceilings hold, who takes over, how often at most."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.planning.faults import models_after, stands_for, with_models
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan, PlannedBreaker, PlannedRetry
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, CREWS, TASKS, sample_catalogue

BRIEF = CREWS["brief"]
COMPANY = {"company": "Acme"}
BARE = {name: {**each, "llm": "default"} for name, each in AGENTS.items()}


def plan_of(crew: str = "brief", **given: Any) -> Plan:
    return make_plan(sample_catalogue(**given), crew, COMPANY, FakeWorld(environ={"KEY": "k"}))


def with_retry(kind: dict[str, Any], name: str, **said: Any) -> dict[str, Any]:
    return {**kind, name: {**kind[name], "retry": said}}


def test_without_a_word_every_step_is_tried_once() -> None:
    plan = plan_of()
    assert plan.task_retry == PlannedRetry(attempts=1)
    assert all(task.retry is None for task in plan.tasks)
    assert plan.breaker is None
    assert plan.stand_ins == ()
    assert plan.worst_case.tries == len(plan.tasks)


def test_a_tasks_word_counts_more_than_its_agents_and_that_more_than_the_crews() -> None:
    given = {
        "tasks": with_retry(TASKS, "research", attempts=2),
        "agents": with_retry(AGENTS, "researcher", attempts=3),
        "crews": {"brief": {**BRIEF, "retry": {"attempts": 4}}},
        "entries": {"brief": {"retry": {"attempts": 5}}},
        "policy": {"task_retry": {"attempts": 6}},
    }
    for place, attempts in (("tasks", 2), ("agents", 3), ("crews", 4), ("entries", 5), ("policy", 6)):
        plan = plan_of(**given)
        task = plan.tasks[0]
        said = task.retry or plan.agent(task.agent or "").retry or plan.task_retry
        assert said.attempts == attempts, place
        del given[place]


def test_what_is_looser_than_a_ceiling_is_held_to_it() -> None:
    plan = plan_of(
        tasks=with_retry(TASKS, "research", attempts=9, backoff="1s", longest="2s", factor=3.0, jitter=0.0),
        entries={"brief": {"retry": {"attempts": 4, "backoff": "3s"}}},
    )
    assert plan.tasks[0].retry == PlannedRetry(attempts=4, backoff=3.0, factor=3.0, jitter=0.0, longest=3.0)


def test_what_is_not_said_is_as_patient_as_the_ceiling() -> None:
    plan = plan_of(
        tasks=with_retry(TASKS, "research", attempts=2),
        policy={"task_retry": {"attempts": 3, "backoff": "30s"}},
    )
    assert plan.tasks[0].retry is not None
    assert plan.tasks[0].retry.backoff == 30.0


def test_what_a_task_goes_on_without_is_in_the_plan() -> None:
    tasks = {**TASKS, "research": {**TASKS["research"], "on_failure": "skip", "fallback": "writer"}}
    plan = plan_of(tasks=tasks)
    assert (plan.tasks[0].on_failure, plan.tasks[0].fallback) == ("skip", "writer")


def test_who_takes_over_is_planned_whole_and_marked_unless_they_work_anyway() -> None:
    agents = {
        **BARE,
        "researcher": {**BARE["researcher"], "fallback": "coordinator"},
        "coordinator": {**BARE["coordinator"], "fallback": "writer"},
    }
    tasks = {"research": TASKS["research"]}
    crew = {"description": "x", "process": "sequential", "tasks": ["research"], "inputs": BRIEF["inputs"]}
    plan = plan_of("one", agents=agents, tasks=tasks, crews={"one": crew})

    assert [agent.name for agent in plan.agents] == ["researcher", "coordinator", "writer"]
    assert plan.stand_ins == ("coordinator", "writer")
    assert plan.agent("researcher").fallback == "coordinator"


def test_a_model_brings_its_fallbacks_into_the_plan() -> None:
    models = {
        "default": {"model": "openai/a", "price": "free", "fallback": "second"},
        "second": {"model": "openai/b", "price": "free", "fallback": "third"},
        "third": {"model": "anthropic/c", "price": "free"},
        "standard": {"model": "default"},
        "judge": {"model": "third"},
    }
    plan = plan_of(models=models)
    known = {model.name: model for model in plan.models}

    assert models_after(known, "standard") == ("second", "third")
    assert models_after(known, "third") == ()
    assert plan.worst_case.unpriced_models == ()


def test_a_judges_fallbacks_are_of_no_contestants_family() -> None:
    models = {
        "default": {"model": "openai/gpt-a", "price": "free", "fallback": "claude"},
        "claude": {"model": "anthropic/claude-c", "price": "free"},
        "judge": {"model": "google/gemini-x", "price": "free", "fallback": "kin"},
        "kin": {"model": "anthropic/claude-d", "price": "free", "fallback": "stranger"},
        "stranger": {"model": "mistral/mistral-x", "price": "free"},
        "standard": {"model": "default"},
    }
    plan = plan_of("outreach", models=models)

    assert plan.market is not None
    [seat] = plan.market.judges
    assert seat.fallbacks == ("stranger",)
    assert seat.own_family == ()


def test_a_judge_of_the_family_of_a_contestants_fallback_is_its_kin() -> None:
    models = {
        "default": {"model": "openai/gpt-a", "price": "free", "fallback": "claude"},
        "claude": {"model": "anthropic/claude-c", "price": "free"},
        "judge": {"model": "anthropic/claude-d", "price": "free"},
        "standard": {"model": "default"},
    }
    plan = plan_of("outreach", models=models)

    assert plan.market is not None
    assert plan.market.judges[0].own_family == plan.market.contestants


def test_the_worst_case_counts_every_try_of_every_model_of_every_agent() -> None:
    models = {
        "default": {"model": "openai/a", "price": "free", "fallback": "second"},
        "second": {"model": "openai/b", "price": "free"},
    }
    agents = {
        "one": {"role": "One", "goal": "g", "backstory": "b", "fallback": "two"},
        "two": {"role": "Two", "goal": "g", "backstory": "b", "llm": "second", "retry": {"attempts": 5}},
    }
    tasks = {"do": {"description": "Do it.", "expected_output": "Done", "agent": "one"}}
    crew = {"description": "x", "process": "sequential", "tasks": ["do"], "retry": {"attempts": 3}}
    catalogue = sample_catalogue(agents=agents, tasks=tasks, models=models, crews={"one": crew})
    plan = make_plan(catalogue, "one", {}, FakeWorld())

    # One on its model and on the fallback, three times each; then two, five times.
    assert plan.worst_case.tries == 3 * 2 + 5


def test_the_policys_breaker_is_in_the_plan_and_has_every_tool_asked_for() -> None:
    plan = plan_of(policy={"breaker": {"failures": 2, "within": "10s", "open_for": "20s"}})
    assert plan.breaker == PlannedBreaker(failures=2, within=10.0, open_for=20.0)
    assert plan.tools
    assert all(tool.watched and tool.gated for tool in plan.tools)
    assert not any(tool.watched for tool in plan_of().tools)


@pytest.mark.parametrize(
    ("taken", "asked"), [({}, "a"), ({"a": "b"}, "b"), ({"a": "b", "b": "c"}, "c"), ({"b": "c"}, "a")]
)
def test_fallbacks_that_were_taken_follow_one_another(taken: dict[str, str], asked: str) -> None:
    assert stands_for("a", taken) == asked


def test_with_other_models_a_plan_is_the_same_for_the_rest() -> None:
    plan = plan_of()
    name = plan.agents[0].model
    other = with_models(plan, {name: "x"})

    assert {agent.model for agent in other.agents if agent.name == plan.agents[0].name} == {"x"}
    assert other.tasks == plan.tasks
    assert with_models(plan, {}) is plan
