"""Shares over runs: Wilson's interval, clusters, and when two shares differ."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crewctl.judging.rates import Count, difference, rate, wilson

COUNTS = st.lists(
    st.integers(0, 12).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))), max_size=30
)


def test_wilsons_interval_is_that_of_the_published_example() -> None:
    """81 of 263 stands in Newcombe (1998), table I, as method 3."""
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


@given(COUNTS)
def test_a_share_lies_in_its_interval_and_the_interval_in_zero_to_one(counts: list[Count]) -> None:
    found = rate(counts)
    if found.of == 0:
        assert (found.share, found.low, found.high) == (None, None, None)
        return
    assert found.share is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.share <= found.high <= 1


@given(COUNTS)
def test_the_order_of_runs_and_runs_that_say_nothing_change_nothing(counts: list[Count]) -> None:
    assert rate(counts) == rate([*reversed(counts), (0, 0)])


@given(COUNTS, COUNTS)
def test_a_difference_has_no_direction_and_equals_do_not_differ(one: list[Count], other: list[Count]) -> None:
    assert difference(one, other) == pytest.approx(difference(other, one))
    assert 0 <= difference(one, other) <= 1
    assert difference(one, one) == pytest.approx(1)


def test_many_passes_of_few_runs_prove_no_more_than_the_runs_do() -> None:
    """Ten runs of which every pass agrees are ten trials, not a hundred."""
    runs = [(10, 10), (0, 10)] * 5
    alone = [(1, 1), (0, 1)] * 5

    clustered, single = rate(runs), rate(alone)

    assert clustered.low is not None
    assert single.low is not None
    assert clustered.share == single.share
    assert clustered.low <= single.low


def test_a_share_that_rose_clearly_differs_and_one_that_wavers_does_not() -> None:
    assert difference([(3, 6)] * 20, [(5, 6), (6, 6)] * 6) < 0.001
    assert difference([(3, 6), (4, 6)] * 10, [(4, 6), (3, 6)] * 5) > 0.5
    assert difference([], [(1, 1)]) == 1


def _run(chance: random.Random, shares: tuple[float, ...]) -> Count:
    """Return six passes of one run, which share what that run's drafts are like."""
    share = chance.choice(shares)
    return sum(chance.random() < share for _ in range(6)), 6


@pytest.mark.parametrize(
    "shares", [(0.5,), (0.1, 0.5, 0.9)], ids=["independent passes", "runs unlike each other"]
)
def test_intervals_cover_and_tests_err_as_often_as_they_say(shares: tuple[float, ...]) -> None:
    """95% and 5%, up to what 500 tries tell, also where passes of a run go together."""
    chance = random.Random(20261121)  # noqa: S311 - a seeded simulation
    covered = warned = 0
    for _ in range(500):
        counts = [_run(chance, shares) for _ in range(30)]
        found = rate(counts)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.5 <= found.high
        warned += difference(counts[:-10], counts[-10:]) <= 0.05
    assert covered / 500 >= 0.92
    assert warned / 500 <= 0.09
