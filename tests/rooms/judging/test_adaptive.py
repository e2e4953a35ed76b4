"""The protocol adaptive: it asks about the likely best, stops when that is settled, and is fooled by no place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.judging.adaptive import SETTLED, Adaptive, rings
from crewctl.judging.balanced_top3 import BalancedTop3
from crewctl.judging.choice import choose_from
from crewctl.judging.ground import Ground
from crewctl.judging.protocol import TIE, Look, Place, Protocol, Vote
from crewctl.judging.strengths import strengths
from crewctl.judging.verdict import Choice, Pass
from crewctl.planning.judge_calls import most_looks

PROTOCOL = Adaptive()
Says = Callable[[str, str], str | None]
MANY = st.integers(3, 8)


def drafts_of(count: int) -> list[str]:
    return [f"D{number}" for number in range(1, count + 1)]


def judged(drafts: Sequence[str], says: Says, protocol: Protocol = PROTOCOL) -> list[Vote]:
    votes: list[Vote] = []
    while looks := protocol.next_round(drafts, votes):
        votes += [Vote(look=look, winner=says(*look.order)) for look in looks]
    return votes


def chosen(drafts: Sequence[str], votes: Sequence[Vote]) -> Choice:
    passes = [
        Pass(
            id=f"judge.{vote.look.key}",
            judge="judge",
            order=vote.look.order,
            status="void" if vote.winner is None else "counted",
            winner=vote.winner,
        )
        for vote in votes
    ]
    return choose_from(passes, Ground(words=dict.fromkeys(drafts, 10), criteria=(), protocol=PROTOCOL))


def unsteady(seed: int, drafts: Sequence[str], *, void: float = 0.1) -> Says:
    """Make a judge who is often right, sometimes ties, sometimes says nothing, and stands by each answer."""

    def says(one: str, other: str) -> str | None:
        draw = Random(f"{seed} {one} {other}")  # noqa: S311 - a reproducible judge
        if draw.random() < void:
            return None
        if draw.random() < 0.1:
            return TIE
        return max((one, other), key=lambda draft: -drafts.index(draft) + draw.gauss(0, 2))

    return says


@pytest.mark.parametrize(("count", "most"), [(3, 4), (4, 6), (5, 8), (6, 10), (7, 18), (8, 20)])
def test_a_judge_who_is_sure_is_asked_little(count: int, most: int) -> None:
    drafts = drafts_of(count)
    for seed in range(20):
        order = Random(seed).sample(drafts, count)  # noqa: S311 - numberings to try
        votes = judged(drafts, lambda one, other, order=order: min(one, other, key=order.index))  # type: ignore[misc]

        assert len(votes) <= most
        assert len(votes) < len(judged(drafts, lambda one, _: one, BalancedTop3()))
        assert chosen(drafts, votes).selected_draft == order[0]


@pytest.mark.parametrize("count", range(3, 9))
@pytest.mark.parametrize("place", [0, 1])
def test_a_judge_who_sees_nothing_but_the_place_chooses_nobody(count: int, place: int) -> None:
    drafts = drafts_of(count)
    votes = judged(drafts, lambda *shown: shown[place])
    choice = chosen(drafts, votes)
    best = choice.aggregate.table[0].p_best

    assert choice.selected_draft is None
    assert best is not None
    assert best < SETTLED


@pytest.mark.parametrize("count", range(3, 9))
def test_a_judge_who_prefers_nothing_chooses_nobody(count: int) -> None:
    drafts = drafts_of(count)

    assert chosen(drafts, judged(drafts, lambda *_: TIE)).selected_draft is None


@pytest.mark.parametrize("count", range(3, 9))
def test_in_the_first_round_each_draft_is_first_as_often_as_second(count: int) -> None:
    drafts, looks = drafts_of(count), rings(drafts_of(count))

    assert PROTOCOL.next_round(drafts, []) == looks
    assert len({frozenset(look.order) for look in looks}) == len(looks)
    for draft in drafts:
        firsts = [look.order[0] == draft for look in looks if draft in look.order]
        assert firsts.count(True) * 2 == len(firsts)


@settings(deadline=None, max_examples=40)
@given(count=MANY, seed=st.integers(0, 10**9))
def test_it_stops_in_time_and_not_before_the_best_two_were_shown_in_both_orders(
    count: int, seed: int
) -> None:
    drafts = drafts_of(count)
    votes = judged(drafts, unsteady(seed, drafts))
    orders = [vote.look.order for vote in votes]
    best, second, *_ = PROTOCOL.places(drafts, votes)

    assert len(set(orders)) == len(orders) <= most_looks("adaptive", count)
    if len(orders) < most_looks("adaptive", count):
        assert {(best.draft, second.draft), (second.draft, best.draft)} <= set(orders)


@settings(deadline=None, max_examples=40)
@given(count=MANY, seed=st.integers(0, 10**9), draw=st.randoms(use_true_random=False))
def test_ids_do_not_matter(count: int, seed: int, draw: Random) -> None:
    """Contestants under other ids, in the same order, are asked about alike and come out alike."""
    drafts = drafts_of(count)
    votes = judged(drafts, unsteady(seed, drafts))
    others = [f"X{number}" for number in draw.sample(range(100), count)]
    name = dict(zip(drafts, others, strict=True)) | {TIE: TIE}
    for end in range(len(votes) + 1):
        renamed = [
            Vote(
                look=Look(order=tuple(name[draft] for draft in vote.look.order)),
                winner=vote.winner and name[vote.winner],
            )
            for vote in votes[:end]
        ]
        asked = PROTOCOL.next_round(drafts, votes[:end])

        assert PROTOCOL.next_round(others, renamed) == tuple(
            Look(order=tuple(name[draft] for draft in look.order)) for look in asked
        )
    scores = {place.draft: place.score for place in PROTOCOL.places(others, renamed)}
    assert scores == pytest.approx(
        {name[place.draft]: place.score for place in PROTOCOL.places(drafts, votes)}
    )


@settings(deadline=None, max_examples=40)
@given(count=MANY, seed=st.integers(0, 10**9), draw=st.randoms(use_true_random=False))
def test_the_same_votes_in_any_order_give_the_same_places(count: int, seed: int, draw: Random) -> None:
    drafts = drafts_of(count)
    votes = judged(drafts, unsteady(seed, drafts))
    shuffled = draw.sample(votes, len(votes))

    assert PROTOCOL.places(draw.sample(drafts, count), shuffled) == PROTOCOL.places(drafts, votes)


@settings(deadline=None, max_examples=40)
@given(count=MANY, seed=st.integers(0, 10**9), times=st.sampled_from([0.5, 3.0]))
def test_it_matters_how_weights_compare_and_not_how_large_they_are(
    count: int, seed: int, times: float
) -> None:
    drafts = drafts_of(count)
    votes = judged(drafts, unsteady(seed, drafts))
    heavier = [vote.model_copy(update={"weight": times}) for vote in votes]

    assert [place.score for place in PROTOCOL.places(drafts, heavier)] == pytest.approx(
        [place.score for place in PROTOCOL.places(drafts, votes)]
    )


@settings(deadline=None, max_examples=40)
@given(count=MANY, seed=st.integers(0, 10**9))
def test_probabilities_are_shared_out_and_a_win_makes_a_draft_stronger(count: int, seed: int) -> None:
    drafts = drafts_of(count)
    votes = judged(drafts, unsteady(seed, drafts, void=0))
    before = strengths(drafts, votes).best()
    won = Vote(look=Look(order=(drafts[0], drafts[1])), winner=drafts[0])
    after = strengths(drafts, [*votes, won])

    assert sum(before.values()) == pytest.approx(1)
    assert sum(after.best().values()) == pytest.approx(1)
    assert after.of(drafts[0]) > strengths(drafts, votes).of(drafts[0])


def test_what_a_judge_gives_for_being_first_is_not_taken_for_strength() -> None:
    """`a` wins only where it is first, as everybody does; `b` also wins where it is second."""
    looks = {"ac": "a", "cd": "c", "da": "d", "cb": "b", "bd": "b"}
    votes = [Vote(look=Look(order=tuple(shown)), winner=winner) for shown, winner in looks.items()]
    known = strengths("abcd", votes)

    assert known.of("b") > max(known.of(draft) for draft in "acd")


def test_the_estimate_is_the_mode_of_the_posterior() -> None:
    """One win of a over b: by symmetry the strengths are opposite, and the mode solves one equation."""
    known = strengths("ab", [Vote(look=Look(order=("a", "b")), winner="a")])
    place: Place = PROTOCOL.places(["a", "b"], [])[0]

    assert known.of("a") == pytest.approx(-known.of("b"))
    # d/ds: 1 - sigmoid(2s + f) = s / 1.5**2 = f / 1.0**2, found by bisection to six digits
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        rest = 1 / (1 + 2.718281828459045 ** (2 * middle + middle / 1.5**2)) - middle / 1.5**2
        low, high = (middle, high) if rest > 0 else (low, middle)
    assert known.of("a") == pytest.approx(low, abs=1e-6)
    assert place.p_best is None
