"""Scripts for the scripted model: what fits, which turn answers, and what a mistake is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from crewctl.adapters.offline_follow import (
    Caller,
    Follower,
    ScriptedError,
    ScriptEndedError,
    calls_of,
    error_of,
    text_of,
)
from crewctl.catalogue.read_script import parse_script
from crewctl.errors import InvalidError

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "scripted-model.md"


def follower(text: str) -> Follower:
    return Follower(parse_script(text), "mine")


def said(follower: Follower, **caller: object) -> str:
    agent = caller.pop("agent", None)
    agents = frozenset({str(agent)} if agent else ())
    return text_of(follower.next_turn(Caller(agents, **caller)))  # type: ignore[arg-type]


def test_turns_are_given_in_order_and_then_the_script_has_ended() -> None:
    script = follower("turns:\n  - answer: one\n  - answer: two\n")

    assert [said(script), said(script)] == ["one", "two"]
    with pytest.raises(
        ScriptEndedError, match=r"no turn left for call 3 \(agent \?, task \?, purpose agent\)"
    ):
        said(script)


def test_a_turn_may_be_for_one_agent_task_or_purpose() -> None:
    script = follower(
        "turns:\n"
        "  - {for: {purpose: guardrail}, json: {valid: true}}\n"
        "  - {for: {agent: ann, task: research}, answer: for ann}\n"
        "  - {answer: for all, times: 0}\n"
    )

    assert said(script, agent="bob") == "for all"
    assert said(script, agent="ann", task="write") == "for all"
    assert said(script, agent="ann", task="research") == "for ann"
    assert said(script, agent="ann", purpose="guardrail") == '{"valid": true}'
    assert [said(script) for _ in range(3)] == ["for all"] * 3


def test_calls_and_usage_are_read() -> None:
    (turn,) = parse_script(
        "turns:\n  - calls: [{tool: add, arguments: {a: 1}}]\n    usage: {prompt: 3, completion: 4}\n    delay: 2s\n"
    ).turns

    assert [(call.name, call.arguments) for call in calls_of(turn)] == [("add", {"a": 1})]
    assert turn.usage is not None
    assert (turn.usage.prompt, turn.usage.completion, turn.delay) == (3, 4, 2.0)


@pytest.mark.parametrize(
    ("written", "kind", "status"),
    [
        ("429", ScriptedError, 429),
        ("timeout", TimeoutError, None),
        ("connection", ConnectionError, None),
        ("out of luck", ScriptedError, None),
    ],
)
def test_errors_are_what_a_provider_would_have_raised(
    written: str, kind: type[Exception], status: int | None
) -> None:
    (turn,) = parse_script(f"turns:\n  - error: {written}\n").turns
    error = error_of(turn)

    assert type(error) is kind
    assert getattr(error, "status_code", None) == status


def test_a_retry_after_is_where_retries_look_for_it() -> None:
    (turn,) = parse_script("turns:\n  - {error: 429, retry_after: 3s}\n").turns
    error = error_of(turn)

    assert isinstance(error, ScriptedError)
    assert error.response.headers == {"retry-after": "3"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- answer: hi\n", "begins with the key 'turns'"),
        ("", "begins with the key 'turns'"),
        ("turns: []\n", "script:1:8: "),
        (
            "turns:\n  - anser: hi\n",
            r"script:2:5: unknown key 'anser' in an entry in turns of the script \(did you mean 'answer'\?\)",
        ),
        (
            "turns:\n  - answer: hi\n    for: {agnt: x}\n",
            r"script:3:11: unknown key 'agnt' in for \(did you mean 'agent'\?\)",
        ),
        (
            "turns:\n  - answer: a\n  - {answer: b, error: 500}\n",
            "script:3:5: .*this one has answer and error",
        ),
        ("turns:\n  - times: 2\n", "exactly one of answer, json, calls and error; this one has none of them"),
        ("turns:\n  - error: 200\n", "status from 400 to 599"),
        ("turns:\n  - {answer: x, retry_after: 1s}\n", "retry_after belongs to an error with a status"),
        ("turns:\n  - {answer: x, delay: 3}\n", r"script:2:\d+: delay of .* \(a duration carries a unit"),
        ("turns:\n  - {answer: x, for: {purpose: cook}}\n", r"script:2:\d+: purpose in for cannot be 'cook'"),
        ("turns:\n  - calls: [{arguments: {}}]\n", "an entry in calls of the script has no tool"),
        ("turns:\n  - answer: a\n    answer: b\n", "script:3:5: the key 'answer' is given twice"),
        ("turns: &x\n", "script:1:8: "),
    ],
)
def test_a_mistake_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(InvalidError) as caught:
        parse_script(text)

    assert re.search(told, caught.value.message)
    assert caught.value.help


def test_the_scripts_in_the_documentation_are_scripts() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    scripts = [block for block in blocks if "turns" in yaml.safe_load(block)]

    assert len(scripts) == 2
    for script in scripts:
        assert parse_script(script).turns
