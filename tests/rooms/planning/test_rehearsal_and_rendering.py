"""A rehearsal leaves nothing real; placeholders are filled once."""

from __future__ import annotations

from crewctl.planning.digest import is_sealed
from crewctl.planning.make_plan import make_plan
from crewctl.planning.rehearsal import plan_rehearsal, rehearsal_of
from crewctl.planning.rendering import filled, filled_agents, filled_task
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, CREWS, TASKS, sample_catalogue

INPUTS = {"company": "Acme"}
REAL = {
    "default": {"model": "openai/gpt-4o"},
    "standard": {"model": "default"},
    "judge": {"model": "default"},
}


def test_a_rehearsal_has_only_offline_models_and_tools_that_are_not_executed() -> None:
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "tools": ["custom:send"]}}
    catalogue = sample_catalogue(
        agents=agents,
        models=REAL,
        tool_files={"tools/send.py": b"boom()\n"},
        policy={"tools": {"custom:send": ["sends_data"]}},
    )
    plan = make_plan(catalogue, "outreach", INPUTS, FakeWorld())
    rehearsal = rehearsal_of(plan)

    assert {model.kind for model in rehearsal.models} == {"offline"}
    assert [model.name for model in rehearsal.models] == [model.name for model in plan.models]
    assert [(tool.name, tool.tags) for tool in rehearsal.tools] == [
        ("FileReadTool", ("not_executed", "reads_files")),
        ("custom:send", ("not_executed", "sends_data")),
    ]
    assert rehearsal.tool_sources == {}
    assert not rehearsal.risk.needs_approval
    assert rehearsal.worst_case.cost == 0
    assert is_sealed(rehearsal)


def test_a_rehearsal_can_never_pass_for_the_plan() -> None:
    """Also where the plan was offline and without tools to begin with."""
    agents = {**AGENTS, "researcher": {**AGENTS["researcher"], "tools": []}}
    plan = make_plan(sample_catalogue(agents=agents), "outreach", INPUTS, FakeWorld())
    assert rehearsal_of(plan).crew_digest != plan.crew_digest


def test_a_rehearsal_needs_no_endpoint_price_or_script() -> None:
    models = {
        "default": {"model": "openai/x", "base_url": "${env:NOT_SET}"},
        "standard": {"model": "scripted", "script": "absent.yaml"},
    }
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "llm": {"model": "openai/unpriced"}}}
    crews = {"diligence": {**CREWS["diligence"], "manager": "openai/unpriced"}}
    catalogue = sample_catalogue(
        models=models, agents=agents, crews=crews, policy={"limits": {"max_cost": "1 USD"}}
    )
    rehearsal = plan_rehearsal(catalogue, "diligence", INPUTS, FakeWorld())
    assert {model.kind for model in rehearsal.models} == {"offline"}
    assert rehearsal.manager_model == "offline"


def test_placeholders_are_filled_once_and_never_second_order() -> None:
    crew = {**CREWS["outreach"], "inputs": {"company": None, "secret": {"default": "hidden"}}}
    plan = make_plan(
        sample_catalogue(crews={"outreach": crew}), "outreach", {"company": "{secret}"}, FakeWorld()
    )
    full = filled(plan)
    assert full.agent("researcher").goal == "Gather and summarise recent signals about {secret}"
    assert full.tasks[0].description == "Research {secret}."
    assert full.market is not None
    assert full.market.task.description == "Write to {secret}."
    assert full.crew_digest == plan.crew_digest


def test_braces_that_are_no_placeholder_and_file_names_stay_as_they_are() -> None:
    tasks = {
        **TASKS,
        "research": {**TASKS["research"], "output_file": "out/{company}.md", "guardrail": "Names {company}."},
    }
    plan = make_plan(sample_catalogue(tasks=tasks), "brief", INPUTS, FakeWorld())
    task = filled_task(plan, plan.tasks[0])
    assert task.expected_output == 'JSON such as {"signals": []}'
    assert task.output_file == "out/{company}.md"
    assert task.guardrail == "Names Acme."


def test_an_agents_three_fields_are_filled() -> None:
    agents = {
        "researcher": {"role": "{company} expert", "goal": "{company}", "backstory": "Knows {company}."}
    }
    crew = {**CREWS["brief"], "tasks": ["research"]}
    plan = make_plan(sample_catalogue(agents=agents, crews={"brief": crew}), "brief", INPUTS, FakeWorld())
    [agent] = filled_agents(plan)
    assert (agent.role, agent.goal, agent.backstory) == ("Acme expert", "Acme", "Knows Acme.")
