"""Models are asked at the endpoints that the policy lists, and anywhere when it lists none."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.catalogue.endpoints import in_the_clear, is_allowed
from crewctl.planning.findings import InvalidPlanError
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import sample_catalogue

OURS = "https://llm.example.eu/v1"


def plan(endpoints: list[str] | None, model: dict[str, Any], **environ: str) -> Plan:
    models = {"default": model, "judge": {"model": "offline"}, "standard": {"model": "offline"}}
    policy = {} if endpoints is None else {"models": {"endpoints": endpoints}}
    catalogue = sample_catalogue(models=models, policy=policy)
    return make_plan(catalogue, "brief", None, FakeWorld(environ=environ))


HOUSE = {"model": "openai/qwen3", "base_url": OURS, "api_key": "${env:LLM_KEY}", "price": "free"}


@pytest.mark.parametrize("endpoints", [None, [OURS], ["https://llm.example.eu"], ["openai", OURS]])
def test_a_listed_endpoint_changes_nothing_of_the_plan(endpoints: list[str] | None) -> None:
    """No approval that was given before is void because of the list."""
    assert plan(endpoints, HOUSE).crew_digest == plan(None, HOUSE).crew_digest


@pytest.mark.parametrize("endpoints", [[], ["openai"], ["https://api.openai.com"], [f"{OURS}/of-others"]])
def test_a_model_is_asked_nowhere_but_where_the_policy_says(endpoints: list[str]) -> None:
    with pytest.raises(InvalidPlanError) as caught:
        plan(endpoints, HOUSE)
    (problem,) = caught.value.problems
    assert problem.rule == "endpoint-not-allowed"
    assert OURS in problem.message
    assert "registry/policy.yaml" in problem.help


def test_an_address_from_the_environment_is_held_against_the_list() -> None:
    """What check cannot know is refused when the crew is planned, and so before every kickoff."""
    model = HOUSE | {"base_url": "${env:LLM_BASE_URL}"}
    assert plan([OURS], model, LLM_BASE_URL=f"{OURS}/chat").models
    with pytest.raises(InvalidPlanError) as caught:
        plan([OURS], model, LLM_BASE_URL="https://collector.example.com/v1")
    assert {problem.rule for problem in caught.value.problems} == {"endpoint-not-allowed"}


@pytest.mark.parametrize(
    "variable", ["OPENAI_BASE_URL", "OPENAI_API_BASE", "HTTPS_PROXY", "AZURE_ENDPOINT", "OLLAMA_HOST"]
)
def test_a_variable_that_clients_take_for_an_address_is_no_key(variable: str) -> None:
    """The child would be given it, and its client ask wherever it says."""
    model = HOUSE | {"api_key": f"${{env:{variable}}}"}
    assert plan(None, model).models
    with pytest.raises(InvalidPlanError) as caught:
        plan([OURS], model)
    (problem,) = caught.value.problems
    assert problem.rule == "endpoint-not-allowed"
    assert variable in problem.message


@pytest.mark.parametrize("model", ["gemini/gemini-2.0-flash", "google/x", "azure/x", "bedrock/x"])
def test_a_client_that_takes_no_base_url_is_asked_where_it_always_asks(model: str) -> None:
    assert not is_allowed([OURS], model, OURS)
    assert is_allowed([model.partition("/")[0]], model, OURS)


def test_simulated_models_ask_nobody() -> None:
    assert plan([], {"model": "offline"}).models


@pytest.mark.parametrize(
    ("listed", "model", "base_url", "fits"),
    [
        ("openai", "openai/gpt-4o", None, True),
        ("https://api.openai.com", "openai/gpt-4o", None, True),
        ("openai", "openai/gpt-4o", "https://api.openai.com/v1", True),
        ("openai", "openai/gpt-4o", "https://api.openai.com.example.org/v1", False),
        ("openai", "anthropic/claude-sonnet-4-5", None, False),
        ("anthropic", "claude/claude-sonnet-4-5", None, True),
        ("google", "gemini/gemini-2.5-pro", None, True),
        ("bedrock", "aws/anthropic.claude", None, True),
        ("https://bedrock.example.org", "bedrock/anthropic.claude", None, False),
        (OURS, "openai/x", "https://llm.example.eu:443/v1/", True),
        (OURS, "openai/x", "https://LLM.example.eu/v1/chat", True),
        (OURS, "openai/x", "http://llm.example.eu/v1", False),
        (OURS, "openai/x", "https://llm.example.eu:8443/v1", False),
        (OURS, "openai/x", "https://llm.example.eu/v10", False),
        (OURS, "openai/x", "https://llm.example.eu/", False),
        (OURS, "openai/x", "https://llm.example.eu/v1/../admin", False),
        (OURS, "openai/x", "https://llm.example.eu/v1/%2e%2e/admin", False),
        ("http://localhost:11434", "ollama/llama3.1", None, True),
    ],
)
def test_an_address_allows_what_lies_below_it(
    listed: str, model: str, base_url: str | None, *, fits: bool
) -> None:
    assert is_allowed([listed], model, base_url) is fits


@pytest.mark.parametrize(
    ("base_url", "clear"),
    [
        ("http://models.example.org/v1", True),
        ("http://10.0.0.7:8000", True),
        ("http://localhost.example.org", True),
        ("http://127.evil.example.com/v1", True),
        ("http://127.0.0.1.example.com/v1", True),
        ("https://models.example.org/v1", False),
        ("http://127.9.9.9/v1", False),
        ("http://127.0.0.1:8000/v1", False),
        ("http://localhost:11434", False),
        ("http://[::1]:8000", False),
        ("", False),
    ],
)
def test_only_http_to_another_machine_is_in_the_clear(base_url: str, *, clear: bool) -> None:
    assert in_the_clear(base_url) is clear
