"""Patterns run in linear time, and those that cannot are said to be none."""

from __future__ import annotations

import time

import pytest

from crewctl.catalogue.patterns import LONGEST_PATTERN, is_pattern, matches


@pytest.mark.parametrize("pattern", ["[A-Z]{2}|none", "", r"\d+", "(?i)acme", "^a$"])
def test_an_ordinary_pattern_can_be_used(pattern: str) -> None:
    assert is_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(", r"(a)\1", "(?<=a)b", "a{1000}{1000}{1000}", "x" * (LONGEST_PATTERN + 1)]
)
def test_what_the_engine_cannot_run_is_no_pattern(pattern: str) -> None:
    assert not is_pattern(pattern)


def test_the_whole_text_has_to_match() -> None:
    assert matches("IT|none", "none")
    assert not any(matches("IT|none", text) for text in ("ITA", "xIT", "IT\n", ""))


def test_a_pattern_that_explodes_elsewhere_does_not_here() -> None:
    started = time.monotonic()
    assert not matches("(a+)+$", "a" * 50_000 + "!")
    assert time.monotonic() - started < 2
