"""Everything private or surprising in CrewAI that crewctl rests on, so that an upgrade fails loudly here."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory, found_by: Callable[..., Any]) -> Any:
    return found_by(tmp_path_factory.mktemp("facts"), "crewai_facts.py")


EXPECTED: dict[str, Any] = {
    # pyproject.toml pins it; whoever moves the pin reads this file first.
    "version": "1.15.30",
    # A thread in the zygote would not live on in the children, and could leave a lock taken.
    "threads_after_import": ["MainThread"],
    # The warden's TERM must end a child at once.
    "handlers_after_import": [True, True],
    # crewai_choke: the wrapper around call and acall finds our function by its module, and this is in its closure.
    "choke_is_looked_up_at_call_time": {
        "sync": ["args", "instance", "kwargs", "method"],
        "async": ["args", "instance", "kwargs", "method"],
        "instance": True,
        "args": ["hello"],
        "kwargs": {"tools": None},
    },
    # crewai_choke.made_by reads arguments by these places.
    "call_parameters": [
        "self",
        "messages",
        "tools",
        "callbacks",
        "available_functions",
        "from_task",
        "from_agent",
        "response_model",
    ],
    "usage_parameters": ["self", "usage_data"],
    "usage_words": [[3, 2], [3, 2], [3, 2]],
    # crewai_models: an unknown model at an endpoint of one's own is CrewAI's OpenAI class, with these fields.
    "provider_fields": {
        "class": "OpenAICompletion",
        "retries": 0,
        "timeout": 3.0,
        "cap": 7,
        "other cap": True,
        "extra": {},
        "converts tools": True,
        "estimates": "completions",
    },
    # The worst case of a plan counts on it: N iterations and one forced answer.
    "calls_at_three_iterations": 4,
    # Why a refusal is silence: raised in a coworker, it would be reported as success.
    "abort_in_a_delegated_worker": "a success",
    # Why our hook turns every error into HookAborted: any other lets the tool run.
    "error_in_a_tool_hook": {"error": [1], "abort": []},
    # crewai_hooks.govern: whichever way CrewAI runs a tool, it comes by what we put there.
    "where_tools_run": {
        "function, run": True,
        "function, structured": True,
        "class, run": True,
        "class, structured": True,
        "class, kept by an agent": True,
    },
    "delegation_tools": {
        "names": ["Delegate work to coworker", "Ask question to coworker"],
        "parameters": [
            ["self", "task", "context", "coworker", "kwargs"],
            ["self", "question", "context", "coworker", "kwargs"],
        ],
        "coworker": "a",
        "role": "the worker",
        "reader": "Read a deferred tool result",
    },
    # crewai_build: the manager may be made before kickoff, which then adopts it.
    "manager_is_made_once": [True, True, True],
    "preset_context": ["one\n\n----------\n\n\n\n----------\n\nthree", ""],
    # crewai_build._KeepsNothing has to have these, and no others.
    "kept_outputs": ["reset", "update"],
    "guardrail_class": True,
    # crewai_hooks: who is at work is known from here.
    "execute_task_is_the_way": ["R", "W"],
    "purposes_point_nowhere": [],
    "constants": ["cache_breakpoint", 0.85, "crewai.agents.agent_executor"],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_crewai_is_as_crewctl_relies_on(name: str, facts: dict[str, Any]) -> None:
    assert facts[name] == EXPECTED[name]


def test_every_fact_that_is_found_is_expected(facts: dict[str, Any]) -> None:
    assert set(facts) == set(EXPECTED)


@pytest.mark.parametrize(
    ("provider", "takes"),
    [("gemini", False), ("bedrock", False), ("azure", False), ("openai", True), ("anthropic", True)],
)
def test_which_clients_of_models_take_a_base_url(provider: str, takes: bool) -> None:  # noqa: FBT001
    """The policy's list of endpoints says where a model is asked by what its client does with the address."""
    found = find_spec("crewai")
    assert found is not None
    assert found.origin is not None
    client = Path(found.origin).parent / "llms" / "providers" / provider / "completion.py"
    says = re.search(r'self\.base_url|get\("base_url"\)', client.read_text(encoding="utf-8"))
    assert (says is not None) is takes
