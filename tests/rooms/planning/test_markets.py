"""Who sits on a market's bench, and how many calls that may take."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from crewctl.catalogue.specs.crew_spec import ProtocolName
from crewctl.judging.protocols import PROTOCOLS
from crewctl.planning.families import family_of
from crewctl.planning.judge_calls import most_looks
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan, PlannedJudge, Price
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, CREWS, sample_catalogue

MODELS = {
    "story_writer": "openai/gpt-4o",
    "writer": "anthropic/claude-sonnet-4-5",
    "judge": "openai/gpt-4o-mini",
    "researcher": "gemini/gemini-2.5-pro",
    "coordinator": "mistral/mistral-large-latest",
}
PRICES = {model: Price(input=1, output=1, source="a list") for model in MODELS.values()}


def plan_of(*, models: bool = True, **market: Any) -> Plan:
    """Plan the sample's market with parts of it changed, and each agent on a model of another maker."""
    agents = {name: {**AGENTS[name], "llm": llm} for name, llm in MODELS.items()} if models else {}
    crew = {**CREWS["outreach"], "market": {**CREWS["outreach"]["market"], **market}}
    catalogue = sample_catalogue(agents={**AGENTS, **agents}, crews={"outreach": crew})
    return make_plan(catalogue, "outreach", {"company": "Acme"}, FakeWorld(prices=PRICES))


def bench(plan: Plan) -> tuple[PlannedJudge, ...]:
    assert plan.market is not None
    return plan.market.judges


def test_a_judge_of_a_contestants_family_is_replaced_and_not_dropped() -> None:
    plan = plan_of(judge=["judge", {"agent": "researcher", "weight": 2.0}], substitutes=["coordinator"])

    assert bench(plan) == (
        PlannedJudge(agent="coordinator", replaces="judge"),
        PlannedJudge(agent="researcher", weight=2.0),
    )
    assert "judge" not in {agent.name for agent in plan.agents}
    assert "openai/gpt-4o-mini" not in {model.model for model in plan.models}


def test_a_substitute_who_is_not_needed_is_no_part_of_the_plan() -> None:
    plan = plan_of(judge="researcher", substitutes=["coordinator"])

    assert bench(plan) == (PlannedJudge(agent="researcher"),)
    assert "coordinator" not in {agent.name for agent in plan.agents}


def test_without_a_substitute_the_plan_says_whose_family_the_judge_is_of() -> None:
    assert bench(plan_of(judge="judge")) == (PlannedJudge(agent="judge", own_family=("story_writer",)),)


def test_a_substitute_of_a_contestants_family_is_passed_over() -> None:
    agents = plan_of(judge="judge", substitutes=["coordinator"])
    assert bench(agents)[0].agent == "coordinator"
    assert bench(plan_of(judge="researcher", second_opinion=["judge"], substitutes=["coordinator"]))[1] == (
        PlannedJudge(agent="coordinator", role="second_opinion", replaces="judge")
    )


def test_simulated_models_are_of_no_family() -> None:
    assert bench(plan_of(models=False))[0].own_family == ()


@pytest.mark.parametrize(
    ("market", "calls"),
    [
        ({}, 5),
        ({"protocol": "single"}, 2),
        ({"judge": ["judge", "researcher"]}, 10),
        ({"second_opinion": ["researcher", "coordinator"]}, 11),
        ({"decision": "merge", "editor": "coordinator"}, 8),
        ({"decision": "consensus"}, 1),
        ({"judge": "person"}, 0),
        ({"judge": "vote", "ballots": 5}, 0),
    ],
)
def test_a_plan_says_how_many_calls_the_judging_may_take(market: dict[str, Any], calls: int) -> None:
    assert plan_of(**market).worst_case.judge_calls == calls


def test_people_need_no_judge_and_a_vote_says_how_many() -> None:
    vote, person = plan_of(judge="vote").market, plan_of(judge="person").market

    assert vote is not None
    assert person is not None
    assert (vote.people, vote.ballots, vote.judges) == ("vote", 3, ())
    assert (person.people, person.ballots, person.judges) == ("person", 1, ())


@pytest.mark.parametrize(
    ("protocol", "calls"),
    [
        ("balanced_top3", {2: 4, 3: 6, 4: 9, 5: 13, 8: 31}),
        ("all_pairs", {2: 2, 3: 6, 5: 20}),
        ("listwise_rotations", {2: 4, 3: 5, 5: 7}),
        ("single", {2: 1, 8: 1}),
        ("both_orders", {2: 4}),
    ],
)
def test_the_most_looks_of_a_protocol_are_known_before_it_begins(
    protocol: str, calls: dict[int, int]
) -> None:
    assert {drafts: most_looks(protocol, drafts) for drafts in calls} == calls
    assert most_looks(protocol, 1) == 0


def test_every_protocol_of_the_catalogue_is_built() -> None:
    assert set(PROTOCOLS) == set(get_args(ProtocolName))


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("openai/gpt-4o", "openai"),
        ("azure/gpt-4.1", "openai"),
        ("openai/o3-mini", "openai"),
        ("openrouter/anthropic/claude-3-haiku", "anthropic"),
        ("bedrock/anthropic.claude-v2", "anthropic"),
        ("ollama/llama3.1", "meta"),
        ("openai/qwen3", "qwen"),
        ("groq/mixtral-8x7b", "mistral"),
        ("gemini/gemini-2.5-pro", "google"),
        ("house/something-new", "house"),
        ("offline", "offline"),
    ],
)
def test_a_models_family_is_its_maker_and_not_who_serves_it(model: str, family: str) -> None:
    assert family_of(model) == family
