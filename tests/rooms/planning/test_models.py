"""A model's name is followed to the end: who answers, where, with which key, cap and price."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.diagnostics.problem import Problem
from crewctl.planning.findings import InvalidPlanError
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import PlannedModel, Price
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, CREWS, sample_catalogue


def model(
    llm: Any, models: dict[str, Any] | None = None, world: FakeWorld | None = None, **more: Any
) -> PlannedModel:
    """Return the planned model of a writer with this `llm`."""
    agents = {**AGENTS, "writer": {**AGENTS["writer"], "llm": llm}}
    crews = {"solo": {**CREWS["brief"], "tasks": [{"task": "research", "agent": "writer"}]}}
    catalogue = sample_catalogue(agents=agents, models=models or {}, crews=crews, **more)
    plan = make_plan(catalogue, "solo", {"company": "Acme"}, world or FakeWorld())
    [found] = plan.models
    assert plan.agent("writer").model == found.name
    return found


def refused(*args: Any, **more: Any) -> list[Problem]:
    """Return the problems of a model that cannot be planned."""
    with pytest.raises(InvalidPlanError) as caught:
        model(*args, **more)
    return list(caught.value.problems)


def test_a_project_without_models_answers_offline() -> None:
    found = model("default")
    assert (found.name, found.kind, found.model) == ("default", "offline", "offline")
    assert found.simulated
    assert found.max_output_tokens == 4_096
    assert found.price == Price(input=0, output=0, source="simulated")


def test_aliases_are_followed_and_the_agents_word_stays_the_name() -> None:
    models = {
        "premium": {"model": "standard"},
        "standard": {"model": "house"},
        "house": {"model": "openai/gpt-4o"},
    }
    found = model("premium", models)
    assert (found.name, found.kind, found.model) == ("premium", "provider", "openai/gpt-4o")


def test_what_an_entry_says_wins_over_the_entry_it_points_to() -> None:
    models = {
        "sharp": {"model": "house", "temperature": 0.0, "max_output_tokens": 512},
        "house": {"model": "openai/qwen3", "temperature": 1.0, "timeout": "60s", "stream": True},
    }
    found = model("sharp", models)
    assert (found.temperature, found.max_output_tokens, found.timeout, found.stream) == (0.0, 512, 60.0, True)


def test_a_mapping_in_place_is_named_after_its_agent() -> None:
    found = model({"model": "anthropic/claude-sonnet-4-5", "max_output_tokens": 100})
    assert (found.name, found.model, found.max_output_tokens) == (
        "writer.llm",
        "anthropic/claude-sonnet-4-5",
        100,
    )


def test_a_mapping_in_place_is_never_taken_for_an_entry_of_the_same_name() -> None:
    models = {"writer.llm": {"model": "openai/somebody"}, "standard": {"model": "offline"}}
    found = model({"model": "openai/mine"}, models)
    assert (found.name, found.model) == ("writer.llm'", "openai/mine")


def test_a_circle_of_aliases_is_refused_and_drawn() -> None:
    [problem] = refused("a", {"a": {"model": "b"}, "b": {"model": "c"}, "c": {"model": "b"}})
    assert problem.message == "model 'b' leads back to itself: b → c → b"


def test_an_unknown_model_gets_a_near_word() -> None:
    [problem] = refused("standrd", {"standard": {"model": "offline"}})
    assert problem.label == "did you mean 'standard'?"


def test_an_endpoint_is_resolved_from_the_environment_and_its_key_only_named() -> None:
    models = {
        "house": {"model": "openai/qwen3", "base_url": "${env:LLM_URL}/v1", "api_key": "${env:LLM_KEY}"}
    }
    world = FakeWorld(environ={"LLM_URL": "http://127.0.0.1:8000", "LLM_KEY": "sk-secret"})
    found = model("house", models, world)
    assert found.base_url == "http://127.0.0.1:8000/v1"
    assert found.api_key_env == "LLM_KEY"
    assert "sk-secret" not in found.model_dump_json()


def test_a_missing_variable_is_a_problem_with_the_line_to_type() -> None:
    [problem] = refused("house", {"house": {"model": "openai/qwen3", "base_url": "${env:LLM_URL}"}})
    assert problem.message == "base_url needs the environment variable LLM_URL, which is not set"
    assert problem.help == "set it with: export LLM_URL=…"
    assert problem.span.file == "config/models.yaml"


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@host/v1",
        "https://host/v1?key=hunter2",
        "https://host/v1#hunter2",
        "file:///etc/passwd",
        "host/hunter2",
        "http:///hunter2",
        "http://host:99999/hunter2",
        "http://host/hunter2 x",
        "http://host/hunter2\nX: y",
        "http://[::1/hunter2",
        "https://host/postgresql://ada:hunter2@db/orders",
    ],
)
def test_an_address_that_is_none_or_may_hold_a_secret_is_refused_unsaid(url: str) -> None:
    world = FakeWorld(environ={"URL": url})
    [problem] = refused("house", {"house": {"model": "openai/x", "base_url": "${env:URL}"}}, world)
    assert problem.rule == "bad-url"
    assert "hunter2" not in problem.message + problem.help + problem.label


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "gh_token",
        "DB_PASSWORD",
        "MINE",
        "CREWCTL_DATABASE",
        "PGPASSFILE",
        "HOOK",
    ],
)
def test_no_secret_is_taken_into_an_address_where_it_would_be_printed_and_sent_away(name: str) -> None:
    world = FakeWorld(environ={name: "hunter2"})
    said = {
        "model": "openai/x",
        "base_url": f"https://example.eu/${{env:{name}}}/v1",
        "api_key": "${env:MINE}",
    }
    [problem] = refused("house", {"house": said}, world, policy={"webhook": {"secret": "${env:HOOK}"}})
    assert problem.rule == "bad-url"
    assert name in problem.message
    assert "hunter2" not in problem.message + problem.help + problem.label


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("openai/gpt-4o", "OPENAI_API_KEY"),
        ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        ("ollama/llama3.1", None),
        ("bedrock/whatever", None),
    ],
)
def test_a_providers_own_endpoint_takes_its_usual_key(name: str, key: str | None) -> None:
    assert model(name).api_key_env == key


def test_a_providers_key_is_not_sent_to_somebody_elses_endpoint() -> None:
    found = model("house", {"house": {"model": "openai/qwen3", "base_url": "https://example.eu/v1"}})
    assert found.api_key_env is None


def test_a_written_price_wins_and_is_exact_to_the_pico_dollar() -> None:
    models = {
        "house": {"model": "openai/gpt-4o", "price": {"input": "0.15 USD", "output": "0.000000001 USD"}}
    }
    world = FakeWorld(prices={"openai/gpt-4o": Price(input=9, output=9, source="list")})
    assert model("house", models, world).price == Price(input=150_000, output=1, source="config/models.yaml")


def test_free_is_a_price_and_unknown_is_none() -> None:
    free = model("house", {"house": {"model": "ollama/llama3.1", "price": "free"}}).price
    assert free == Price(input=0, output=0, source="config/models.yaml")
    assert model("openai/nobody-knows").price is None


def test_the_price_list_speaks_for_the_providers_own_endpoint_only() -> None:
    world = FakeWorld(prices={"openai/gpt-4o": Price(input=2, output=10, source="list")})
    models = {"house": {"model": "openai/gpt-4o", "base_url": "https://example.eu/v1"}}
    assert model("openai/gpt-4o", None, world).price == Price(input=2, output=10, source="list")
    assert model("house", models, world).price is None


def test_a_scripts_text_travels_in_the_plan() -> None:
    world = FakeWorld(files={"tests/answers.yaml": "- say: grüß dich\n".encode()})
    found = model("fake", {"fake": {"model": "scripted", "script": "tests/answers.yaml"}}, world)
    assert (found.kind, found.script) == ("scripted", "- say: grüß dich\n")


@pytest.mark.parametrize("files", [{}, {"answers.yaml": b"\xff\xfe"}])
def test_a_script_that_is_absent_or_no_text_is_a_problem(files: dict[str, bytes]) -> None:
    [problem] = refused(
        "fake", {"fake": {"model": "scripted", "script": "answers.yaml"}}, FakeWorld(files=files)
    )
    assert problem.rule == "no-script"


def test_a_scripted_model_without_a_script_is_a_problem() -> None:
    [problem] = refused("scripted")
    assert problem.help == "add: script: path/to/file.yaml"


def test_agents_share_one_planned_model() -> None:
    plan = make_plan(sample_catalogue(), "outreach", {"company": "Acme"}, FakeWorld())
    assert [each.name for each in plan.models] == ["standard", "default", "judge"]
