"""The protocol all_pairs: every two drafts in both orders, ranked by the points of what was heard."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.judging.all_pairs import AllPairs
from crewctl.judging.heard import Heard
from crewctl.judging.protocol import Look, Place, Vote
from crewctl.planning.judge_calls import most_looks

PROTOCOL = AllPairs()


def votes_of(drafts: str, winners: dict[str, str | None]) -> list[Vote]:
    """Cast the named winners (``ab: a``); what is not named is a tie."""
    pairs = permutations(drafts, 2)
    return [Vote(look=Look(order=(one, two)), winner=winners.get(one + two, "tie")) for one, two in pairs]


def table(drafts: str, winners: dict[str, str | None]) -> dict[str, Place]:
    return {place.draft: place for place in PROTOCOL.places(list(drafts), votes_of(drafts, winners))}


@pytest.mark.parametrize("count", range(2, 9))
def test_it_plans_every_pair_in_both_orders_once_and_nothing_more(count: int) -> None:
    drafts = [f"D{number}" for number in range(1, count + 1)]
    plan = PROTOCOL.next_round(drafts, [])

    assert len(plan) == len(set(plan)) == count * (count - 1) == most_looks("all_pairs", count)
    assert {look.swapped for look in plan} == set(plan)
    assert PROTOCOL.next_round(drafts, [Vote(look=plan[0], winner=None)]) == ()


def test_a_win_in_one_order_alone_is_no_win() -> None:
    places = table("ab", {"ab": "a", "ba": "b"})

    assert [(place.score, place.swap_consistent_wins) for place in places.values()] == [
        (1.0, 0),
        (1.0, 0),
    ]
    assert {place.rank for place in places.values()} == {1}


def test_a_win_and_a_tie_is_a_win_that_was_not_held_in_both_orders() -> None:
    places = table("ab", {"ab": "a", "ba": "tie"})

    assert (places["a"].score, places["b"].score) == (1.5, 0.5)
    assert places["a"].swap_consistent_wins == 0


def test_a_pair_with_a_void_pass_is_level_because_one_order_was_not_heard() -> None:
    places = table("ab", {"ab": "a", "ba": None})

    assert [place.score for place in places.values()] == [1.0, 1.0]
    assert (places["a"].wins, places["b"].losses) == (1, 1)
    assert not Heard(votes_of("ab", {"ab": "a", "ba": None})).beats("a", "b")


def test_a_cycle_leaves_everybody_level() -> None:
    wins = {"ab": "a", "ba": "a", "bc": "b", "cb": "b", "ca": "c", "ac": "c"}

    assert {place.score for place in table("abc", wins).values()} == {2.0}


def test_only_votes_between_the_drafts_asked_for_count() -> None:
    votes = votes_of("abc", {"ab": "a", "ba": "a", "ac": "c", "ca": "c"})

    assert [(place.draft, place.wins, place.losses) for place in PROTOCOL.places(["a", "b"], votes)] == [
        ("a", 2, 0),
        ("b", 0, 2),
    ]


VOTES = st.fixed_dictionaries(
    {"".join(pair): st.sampled_from([*pair, "tie", None]) for pair in permutations("abcd", 2)}
)


@settings(deadline=None)
@given(VOTES)
def test_points_are_shared_out_and_never_made(winners: dict[str, str | None]) -> None:
    places = table("abcd", winners)

    assert sum(place.score for place in places.values()) == 12
    assert sum(place.wins for place in places.values()) == sum(place.losses for place in places.values())


@settings(deadline=None)
@given(VOTES, st.permutations("abcd"))
def test_the_order_in_which_drafts_are_named_changes_no_place(
    winners: dict[str, str | None], order: list[str]
) -> None:
    votes = votes_of("abcd", winners)

    assert PROTOCOL.places(order, list(reversed(votes))) == PROTOCOL.places(list("abcd"), votes)
