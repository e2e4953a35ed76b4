"""Placeholders are found as CrewAI finds them, and filled once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crewctl.catalogue.placeholders import fill, placeholders

NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_-]{0,8}\Z")


def test_only_names_in_braces_are_placeholders() -> None:
    text = '{a} {b-c} {_d1} { e } {1f} {"g": 1} {} {{h}} {i j}'
    assert [name for name, _, _ in placeholders(text)] == ["a", "b-c", "_d1", "h"]


def test_a_place_covers_the_braces() -> None:
    ((name, start, end),) = placeholders("about {company}.")
    assert name == "company"
    assert "about {company}."[start:end] == "{company}"


def test_one_input_cannot_pull_in_another() -> None:
    assert fill("{a} and {b}", {"a": "{b}", "b": "secret"}) == "{b} and secret"


def test_values_are_written_as_crewai_writes_them() -> None:
    assert fill("{n} {x} {t} {unknown}", {"n": 3, "x": 0.5, "t": True}) == "3 0.5 True {unknown}"


@given(st.dictionaries(NAMES, st.text()), st.lists(st.one_of(NAMES, st.just(" "))))
def test_each_placeholder_is_replaced_by_exactly_its_value(inputs: dict[str, str], names: list[str]) -> None:
    text = "|".join(f"{{{name}}}" for name in names)
    expected = "|".join(inputs.get(name, f"{{{name}}}") for name in names)
    assert fill(text, inputs) == expected
