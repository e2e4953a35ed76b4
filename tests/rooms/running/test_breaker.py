"""When a target is left alone, for how long, and how it comes back."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crewctl.planning.plan import PlannedBreaker
from crewctl.running.breaker import BreakerState, after_failure, after_success, asked, model_target
from crewctl.testing.small_plans import small_model

RULE = PlannedBreaker(failures=3, within=10.0, open_for=5.0)


def failing(*times: float) -> BreakerState:
    state = BreakerState()
    for at in times:
        state, _ = after_failure(state, RULE, at)
    return state


def test_so_many_failures_within_the_time_open_it() -> None:
    state, opened = after_failure(failing(1, 2), RULE, 3)

    assert opened == (3, 8)
    assert asked(state, RULE, 7.9)[1] == 8
    assert asked(failing(1, 2), RULE, 3)[1] is None


def test_failures_that_are_long_ago_do_not_count() -> None:
    state, opened = after_failure(failing(1, 2), RULE, 12.5)

    assert opened is None
    assert asked(state, RULE, 12.5)[1] is None


def test_afterwards_one_call_is_let_through_and_nobody_else() -> None:
    state, first = asked(failing(1, 2, 3), RULE, 8)
    _, second = asked(state, RULE, 8.1)

    assert first is None
    assert second == 13


def test_a_probe_that_works_lets_all_through_and_one_that_fails_none() -> None:
    probing, _ = asked(failing(1, 2, 3), RULE, 8)

    assert after_success(probing, 9)[0] == BreakerState()
    again, opened = after_failure(probing, RULE, 9)
    assert opened == (4, 14)
    assert asked(again, RULE, 13)[1] == 14


def test_a_probe_that_nobody_hears_of_again_does_not_keep_it_closed_for_ever() -> None:
    probing, _ = asked(failing(1, 2, 3), RULE, 8)
    state, until = asked(probing, RULE, 13)

    assert until is None
    assert asked(state, RULE, 13.1)[1] == 18


def test_calls_that_were_under_way_when_it_opened_change_nothing() -> None:
    state = failing(1, 2, 3)

    assert after_failure(state, RULE, 4) == (state, None)
    assert after_success(state, 4)[0] == state


def test_a_success_between_failures_forgives_none_of_them() -> None:
    state = after_success(failing(1, 2), 2.5)[0]

    assert after_failure(state, RULE, 3)[1] == (3, 8)


@given(st.lists(st.tuples(st.sampled_from(["ask", "fail", "work"]), st.floats(0.01, 6)), max_size=60))
def test_while_it_is_open_at_most_one_call_in_that_time_is_let_through(
    steps: list[tuple[str, float]],
) -> None:
    state, now, probes = BreakerState(), 0.0, list[float]()
    for what, passed in steps:
        now += passed
        if what == "ask":
            was_open = state.open_until is not None
            state, until = asked(state, RULE, now)
            if was_open and until is None:
                probes.append(now)
        elif what == "fail":
            state, _ = after_failure(state, RULE, now)
        else:
            state, _ = after_success(state, now)
            if state.open_until is None:
                probes = []
        assert all(later - earlier >= RULE.open_for for earlier, later in pairwise(probes))


def test_a_simulated_model_has_no_endpoint_to_leave_alone() -> None:
    assert model_target(small_model("http://127.0.0.1:1/v1")) == "model openai/plain at http://127.0.0.1:1/v1"
    assert model_target(small_model(None, kind="offline")) is None
