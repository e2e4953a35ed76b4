"""The narrowest limit holds, whatever the order in which files are asked."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.planning.limits import LIMITS, effective_limits, limits_from, narrowed_by
from crewctl.planning.plan import EffectiveLimit, EffectiveLimits
from crewctl.testing.sample_catalogue import CREWS, sample_catalogue

LIMIT = st.none() | st.builds(
    EffectiveLimit,
    value=st.integers(1, 4).map(float),
    source=st.sampled_from(["registry/policy.yaml", "registry/entries/a.yaml", "crews/a.yaml"]),
)
SOME_LIMITS = st.builds(EffectiveLimits, **dict.fromkeys(LIMITS, LIMIT))


@settings(deadline=None)
@given(SOME_LIMITS, SOME_LIMITS)
def test_narrowing_is_commutative(one: EffectiveLimits, other: EffectiveLimits) -> None:
    assert narrowed_by(one, other) == narrowed_by(other, one)


@settings(deadline=None)
@given(SOME_LIMITS, SOME_LIMITS, SOME_LIMITS)
def test_narrowing_is_associative(a: EffectiveLimits, b: EffectiveLimits, c: EffectiveLimits) -> None:
    assert narrowed_by(narrowed_by(a, b), c) == narrowed_by(a, narrowed_by(b, c))


@settings(deadline=None)
@given(SOME_LIMITS)
def test_narrowing_is_idempotent_and_silence_changes_nothing(limits: EffectiveLimits) -> None:
    assert narrowed_by(limits, limits) == limits
    assert narrowed_by(limits, EffectiveLimits()) == limits


@settings(deadline=None)
@given(SOME_LIMITS, SOME_LIMITS)
def test_nobody_can_loosen_what_another_said(one: EffectiveLimits, other: EffectiveLimits) -> None:
    both = narrowed_by(one, other)
    for name in LIMITS:
        said = [getattr(each, name) for each in (one, other) if getattr(each, name) is not None]
        held = getattr(both, name)
        assert (held is None) == (not said)
        assert all(held.value <= each.value for each in said)


def test_each_limit_comes_from_the_file_that_says_least() -> None:
    crews = {"brief": {**CREWS["brief"], "limits": {"max_turns": 500, "max_tokens": 9_000}}}
    entries = {"brief": {"risk_level": "minimal", "limits": {"max_turns": 20, "max_cost": "0.50 USD"}}}
    policy = {"limits": {"max_turns": 100, "timeout": "1h", "max_cost": "5 USD"}}

    limits = effective_limits(sample_catalogue(crews=crews, entries=entries, policy=policy), "brief")

    assert limits.max_turns == EffectiveLimit(value=20, source="registry/entries/brief.yaml")
    assert limits.timeout == EffectiveLimit(value=3600, source="registry/policy.yaml")
    assert limits.max_tokens == EffectiveLimit(value=9_000, source="crews/brief.yaml")
    assert limits.max_cost == EffectiveLimit(value=5 * 10**11, source="registry/entries/brief.yaml")


def test_no_block_means_no_limit() -> None:
    assert limits_from(None, "crews/brief.yaml") == EffectiveLimits()
