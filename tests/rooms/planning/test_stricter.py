"""An older plan must not go around a registry that has become stricter; one that was loosened is no matter."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan
from crewctl.planning.stricter import stricter
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import sample_catalogue

LIMITS = {"limits": {"max_turns": 50}}
MILD = {"brief": {"risk_level": "minimal", **LIMITS}}
HIGH = {"risk_level": "high", "human_oversight_required": True, **LIMITS}


def plan_of(**changes: Any) -> Plan:
    """Plan a crew of the sample catalogue that needs no approval."""
    return make_plan(sample_catalogue(**changes), "brief", {"company": "Acme"}, FakeWorld())


def test_the_same_registry_is_not_stricter() -> None:
    assert stricter(plan_of(entries=MILD), plan_of(entries=MILD)) == ()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"risk_level": "prohibited", **LIMITS}, "its risk level is prohibited and was minimal"),
        (HIGH, "its risk level is high and was minimal"),
        (HIGH, "it needs an approval and needed none"),
        (
            {"risk_level": "minimal", "limits": {"max_turns": 10}},
            "max_turns is lower in registry/entries/brief.yaml",
        ),
        (
            {"risk_level": "minimal", "limits": {"max_turns": 50, "max_tokens": 1000}},
            "max_tokens is lower in registry/entries/brief.yaml",
        ),
    ],
)
def test_each_way_of_allowing_less_is_told_and_the_other_way_round_is_none(
    entry: dict[str, Any], said: str
) -> None:
    then, today = plan_of(entries=MILD), plan_of(entries={"brief": entry})
    assert said in stricter(then, today)
    assert stricter(today, then) == ()


def test_four_eyes_that_are_wanted_today_are_told_with_all_that_they_mean() -> None:
    then = plan_of(entries=MILD)
    today = plan_of(entries={"brief": {**MILD["brief"], "four_eyes": True}})
    said = "whoever asks for a run does not approve it, answer its cards or decide its market any more"
    assert stricter(then, today) == (said,)
    assert stricter(today, then) == ()


def test_words_of_the_crew_alone_are_no_matter_of_the_registry() -> None:
    then = plan_of(entries=MILD)
    assert stricter(then, then.model_copy(update={"description": "another"})) == ()


def test_a_tool_whose_calls_need_a_yes_today_is_told() -> None:
    then = plan_of(entries=MILD)
    tool = {"name": "custom:send", "kind": "custom", "distribution": "project", "source_digest": "0" * 64}
    free = then.model_validate({**then.model_dump(), "tools": [tool]})
    asked = then.model_validate({**then.model_dump(), "tools": [{**tool, "calls": "ask"}]})
    assert stricter(free, asked) == ("a call of 'custom:send' needs a person's yes, and did not",)
    assert stricter(asked, free) == ()
