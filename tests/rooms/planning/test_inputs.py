"""Inputs are declared, typed and checked before anything else is done with them."""

from __future__ import annotations

import time
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.planning.findings import InvalidPlanError
from crewctl.planning.make_plan import make_plan
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import CREWS, sample_catalogue


def planned(declared: dict[str, Any], given_: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs of a plan whose crew declares `declared` and is given `given_`."""
    crews = {"brief": {**CREWS["brief"], "inputs": declared}}
    return make_plan(sample_catalogue(crews=crews), "brief", given_, FakeWorld()).inputs


def refused(declared: dict[str, Any], given_: dict[str, Any]) -> list[str]:
    """Return what is wrong, one message a problem."""
    with pytest.raises(InvalidPlanError) as caught:
        planned(declared, given_)
    return [problem.message for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("string", "5", "5"),
        ("integer", " 5 ", 5),
        ("integer", "-12", -12),
        ("number", "1.5", 1.5),
        ("number", "2", 2),
        ("number", "-1e3", -1000.0),
        ("boolean", "True", True),
        ("boolean", "no", False),
    ],
)
def test_text_from_a_command_line_becomes_the_declared_type(type_: str, text: str, value: object) -> None:
    found = planned({"n": {"type": type_}}, {"n": text})["n"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("string", 5),
        ("string", True),
        ("integer", "5.0"),
        ("integer", 5.0),
        ("integer", True),
        ("integer", "\u0665"),
        ("integer", "9" * 5_000),
        ("integer", 10**400),
        ("number", "nan"),
        ("number", float("inf")),
        ("number", float("nan")),
        ("number", "1_000"),
        ("number", False),
        ("boolean", "maybe"),
        ("boolean", 1),
    ],
)
def test_a_value_of_another_type_is_refused(type_: str, value: object) -> None:
    [message] = refused({"n": {"type": type_}}, {"n": value})
    assert message.startswith("input 'n' takes ")
    assert len(message) < 120


def test_everything_wrong_is_said_in_one_pass() -> None:
    declared = {"company": None, "count": {"type": "integer"}, "tone": {"choices": ["warm", "formal"]}}
    messages = refused(declared, {"compny": "Acme", "count": "three", "tone": "warn"})
    assert sorted(messages) == [
        "crew 'brief' has no input 'compny'",
        "input 'company' of crew 'brief' has no value",
        "input 'count' takes a whole number, not 'three'",
        "input 'tone' is one of warm, formal, not 'warn'; did you mean 'warm'?",
    ]


def test_an_unknown_input_gets_a_near_word_and_a_missing_one_its_example() -> None:
    with pytest.raises(InvalidPlanError) as caught:
        make_plan(sample_catalogue(), "brief", {"compny": "Acme"}, FakeWorld())
    unknown = next(each for each in caught.value.problems if each.rule == "unknown-input")
    missing = next(each for each in caught.value.problems if each.rule == "missing-input")
    assert unknown.label == "did you mean 'company'?"
    assert missing.help == "give it with: -i 'company=Acme Corp'"
    assert missing.label == "Company to look at"
    assert missing.span.file == "crews/brief.yaml"


def test_a_default_stands_in_and_is_checked_like_a_given_value() -> None:
    assert planned({"n": {"type": "integer", "default": 3}}, {}) == {"n": 3}
    assert refused({"n": {"choices": ["a", "b"], "default": "c"}}, {}) == [
        "input 'n' is one of a, b, not 'c'"
    ]


def test_true_is_not_the_choice_one() -> None:
    assert planned({"n": {"type": "integer", "choices": [1, 2]}}, {"n": "1"}) == {"n": 1}
    assert refused({"n": {"type": "boolean", "choices": [1]}}, {"n": True})


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\x00b", "a\rb", "a\x9bb", "a\udc80b", "a\x7fb"])
def test_control_characters_are_refused_and_named(text: str) -> None:
    [message] = refused({"n": None}, {"n": text})
    assert "control character U+" in message
    assert message.isprintable()


def test_text_of_many_lines_in_any_script_is_taken_as_it_is() -> None:
    text = "Zürich\r\n\t東京 🇮🇹\n\u05e9\u05dc\u05d5\u05dd"
    assert planned({"n": None}, {"n": text}) == {"n": text}


def test_length_is_bounded_even_when_nobody_says_how() -> None:
    assert refused({"n": {"max_length": 3}}, {"n": "four"}) == [
        "input 'n' has 4 characters, and at most 3 are allowed"
    ]
    assert "at most 100000" in refused({"n": None}, {"n": "x" * 100_001})[0]


def test_a_pattern_has_to_match_the_whole_value() -> None:
    declared = {"n": {"pattern": "[A-Z]{2}|none"}}
    assert planned(declared, {"n": "IT"}) == {"n": "IT"}
    for text in ("ITA", "xIT", "IT\n", "nonex"):
        assert refused(declared, {"n": text}) == ["input 'n' does not match [A-Z]{2}|none"]


def test_no_pattern_can_make_a_check_hang() -> None:
    started = time.monotonic()
    assert refused({"n": {"pattern": "(a+)+$"}}, {"n": "a" * 50_000 + "!"})
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("pattern", ["(", "(?<=a)b", "a{1000}{1000}{1000}", "x" * 501, "(?x)a # b"])
def test_a_pattern_that_cannot_be_used_is_a_problem_and_no_crash(pattern: str) -> None:
    [message] = refused({"n": {"pattern": pattern}}, {"n": "a"})
    assert "pattern" in message


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_either_taken_unchanged_or_refused(text: str) -> None:
    control = any(unicodedata.category(each) == "Cc" and each not in "\n\t" for each in text)
    if control and "\r\n" not in text:
        assert "control character" in refused({"n": None}, {"n": text})[0]
    elif not control:
        assert planned({"n": None}, {"n": text}) == {"n": text}


def test_without_values_a_plan_can_be_read_but_holds_none() -> None:
    plan = make_plan(sample_catalogue(), "brief", None, FakeWorld())
    assert plan.inputs == {}
    assert plan.inputs_schema["company"].required
