"""The laws of every judging protocol: blind to numbering, bounded, and a function of the votes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crewctl.judging.choice import choose_from, votes_of
from crewctl.judging.ground import Ground
from crewctl.judging.protocol import TIE, Look, Place, Protocol, Vote
from crewctl.judging.protocols import PROTOCOLS
from crewctl.judging.verdict import Pass
from crewctl.planning.judge_calls import most_looks

EVERY = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS.keys())
CONTESTANTS = "abcdef"
"""What a judge prefers is drawn by these names; a protocol sees numbers alone."""


@dataclass(frozen=True)
class Mind:
    """A judge whose answer to every look is fixed: by whom it is shown, in which order, by which question.

    The answers of one `seed` are drawn anew for every look: with `tie` and `void` as probabilities, and
    otherwise the winner by worth with `noise`.
    """

    seed: int
    tie: float = 0.1
    void: float = 0.0
    noise: float = 1.0

    def says(self, kind: str, shown: Sequence[str]) -> str | None:
        draw = Random(f"{self.seed} {kind} {' '.join(shown)}")  # noqa: S311 - a reproducible mind
        chance = draw.random()
        if chance < self.void:
            return None
        if chance < self.void + self.tie:
            return TIE
        return max(shown, key=lambda name: -CONTESTANTS.index(name) + self.noise * draw.gauss(0, 3))


MINDS = st.builds(
    Mind,
    seed=st.integers(0, 10**9),
    tie=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    void=st.sampled_from([0.0, 0.0, 0.2]),
    noise=st.sampled_from([0.0, 0.3, 1.0]),
)
NUMBERS = st.integers(2, 6)


def held(
    protocol: Protocol, names: Sequence[str], minds: Mapping[str, Mind]
) -> tuple[list[Pass], list[Vote], list[Look]]:
    """Take the named contestants, numbered as they come, through a protocol."""
    ids = {f"D{number}": name for number, name in enumerate(names, start=1)}
    numbers = {name: draft for draft, name in ids.items()}
    passes: list[Pass] = []
    votes: list[Vote] = []
    looks: list[Look] = []
    while plan := protocol.next_round(list(ids), votes):
        looks += plan
        assert len(looks) <= 60, "it never ends"
        for judge, mind in minds.items():
            for look in plan:
                said = mind.says(look.kind, [ids[draft] for draft in look.order])
                passes.append(a_pass(judge, look, said if said in (TIE, None) else numbers[said or ""]))
        votes = votes_of(passes, ground_of(protocol, list(ids)))
    return passes, votes, looks


def a_pass(judge: str, look: Look, winner: str | None) -> Pass:
    status = "void" if winner is None else "counted"
    return Pass(
        id=f"{judge}.{look.key}", judge=judge, kind=look.kind, order=look.order, status=status, winner=winner
    )


def ground_of(protocol: Protocol, drafts: Sequence[str]) -> Ground:
    return Ground(words=dict.fromkeys(drafts, 10), criteria=(), protocol=protocol)


def first_of(places: Sequence[Place]) -> set[str]:
    return {place.draft for place in places if place.rank == 1}


def offered(protocol: Protocol, count: int) -> int:
    """Return a number of drafts that the protocol takes."""
    return 2 if protocol.name == "both_orders" else count


def takes_every_look(protocol: Protocol, drafts: int) -> bool:
    """Whether the looks are the same for every numbering; a list always starts with somebody."""
    return protocol.name == "all_pairs" or (drafts == 2 and protocol.name != "single")


@EVERY
@settings(deadline=None, max_examples=60)
@given(mind=MINDS, count=NUMBERS, draw=st.randoms(use_true_random=False))
def test_renaming_contestants_changes_nothing(
    protocol: Protocol, mind: Mind, count: int, draw: Random
) -> None:
    """The same votes under other numbers give the same places, the same choice and the same doubts."""
    count = offered(protocol, count)
    drafts = [f"D{number}" for number in range(1, count + 1)]
    passes, _, _ = held(protocol, CONTESTANTS[:count], {"judge": mind})
    others = draw.sample(drafts, count)
    renamed = dict(zip(drafts, others, strict=True)) | {TIE: TIE}
    again = [
        a_pass(
            one.judge,
            Look(order=tuple(renamed[draft] for draft in one.order), kind=one.kind),
            None if one.winner is None else renamed[one.winner],
        )
        for one in passes
    ]

    # The drafts are named in the order in which the protocol first saw them: what a number is, is no vote.
    before = choose_from(passes, ground_of(protocol, drafts))
    after = choose_from(again, ground_of(protocol, others))

    assert first_of(after.aggregate.table) == {renamed[draft] for draft in first_of(before.aggregate.table)}
    assert after.selected_draft == (before.selected_draft and renamed[before.selected_draft])
    assert set(after.escalation.reasons) == set(before.escalation.reasons)
    assert {place.draft: place.score for place in after.aggregate.table} == pytest.approx(
        {renamed[place.draft]: place.score for place in before.aggregate.table}
    )
    assert protocol.next_round(others, votes_of(again, ground_of(protocol, others))) == ()


@EVERY
@settings(deadline=None, max_examples=60)
@given(mind=MINDS, count=NUMBERS, draw=st.randoms(use_true_random=False))
def test_the_order_in_which_drafts_and_votes_come_in_changes_no_place(
    protocol: Protocol, mind: Mind, count: int, draw: Random
) -> None:
    """Given the same votes, it does not matter in which order contestants are named."""
    count = offered(protocol, count)
    drafts = [f"D{number}" for number in range(1, count + 1)]
    passes, _, _ = held(protocol, CONTESTANTS[:count], {"judge": mind})

    choice = choose_from(passes, ground_of(protocol, drafts))

    assert choose_from(passes, ground_of(protocol, draw.sample(drafts, count))) == choice


@EVERY
@settings(deadline=None, max_examples=60)
@given(mind=MINDS, count=NUMBERS, draw=st.randoms(use_true_random=False))
def test_where_every_look_is_taken_the_numbering_of_drafts_does_not_matter(
    protocol: Protocol, mind: Mind, count: int, draw: Random
) -> None:
    """Contestants in another order: the same are first, and the same is chosen or nobody."""
    count = offered(protocol, count)
    if not takes_every_look(protocol, count):
        mind = Mind(seed=mind.seed, tie=0.0, noise=0.0)  # a judge who is sure, so that all looks agree
    names = CONTESTANTS[:count]
    other = draw.sample(names, count)
    found = []
    for order in (list(names), other):
        passes, _, _ = held(protocol, order, {"judge": mind})
        choice = choose_from(passes, ground_of(protocol, [f"D{n}" for n in range(1, count + 1)]))
        by_id = {f"D{n}": name for n, name in enumerate(order, start=1)}
        first = {by_id[draft] for draft in first_of(choice.aggregate.table)}
        found.append((first, choice.selected_draft and by_id[choice.selected_draft]))

    assert found[0] == found[1]


@EVERY
@settings(deadline=None, max_examples=60)
@given(minds=st.lists(MINDS, min_size=1, max_size=3), count=NUMBERS)
def test_looks_are_planned_and_none_is_taken_twice(protocol: Protocol, minds: list[Mind], count: int) -> None:
    count = offered(protocol, count)
    _, _, looks = held(protocol, CONTESTANTS[:count], {f"judge{n}": mind for n, mind in enumerate(minds)})

    assert len(looks) <= most_looks(protocol.name, count)
    assert len({(look.kind, look.order) for look in looks}) == len(looks)
    assert len({look.key for look in looks}) == len(looks)
    for look in looks:
        assert len(set(look.order)) == len(look.order)


@EVERY
@settings(deadline=None, max_examples=60)
@given(mind=MINDS, count=NUMBERS)
@example(mind=Mind(seed=237, tie=0.5, void=0.2, noise=0.3), count=5)  # level but for the last digits
def test_judges_of_one_mind_come_to_what_one_of_them_does(protocol: Protocol, mind: Mind, count: int) -> None:
    count = offered(protocol, count)
    names, drafts = CONTESTANTS[:count], [f"D{n}" for n in range(1, count + 1)]
    alone, _, looks = held(protocol, names, {"one": mind})
    together, _, same = held(protocol, names, {"one": mind, "two": mind, "three": mind})

    one = choose_from(alone, ground_of(protocol, drafts))
    panel = choose_from(together, ground_of(protocol, drafts))

    if protocol.name != "adaptive":  # three equal votes are more evidence than one: it may stop earlier
        assert same == looks
        assert [(place.draft, place.rank, place.share) for place in panel.aggregate.table] == [
            (place.draft, place.rank, place.share) for place in one.aggregate.table
        ]
        assert panel.selected_draft == one.selected_draft or "panel_split" in panel.escalation.reasons


@EVERY
@settings(deadline=None, max_examples=40)
@given(mind=MINDS, count=NUMBERS)
def test_void_votes_alone_choose_nobody(protocol: Protocol, mind: Mind, count: int) -> None:
    """Where nothing was heard nobody stands alone, whoever got into a final by being named early."""
    count = offered(protocol, count)
    drafts = [f"D{n}" for n in range(1, count + 1)]
    passes, _, _ = held(protocol, CONTESTANTS[:count], {"judge": Mind(seed=mind.seed, void=1.0)})

    choice = choose_from(passes, ground_of(protocol, drafts))

    assert choice.selected_draft is None
    assert len(first_of(choice.aggregate.table)) > 1
    assert "void_passes" in choice.escalation.reasons
    assert choice.confidence.band == "low"


@EVERY
@settings(deadline=None, max_examples=40)
@given(mind=MINDS, count=NUMBERS, draw=st.randoms(use_true_random=False))
def test_a_vote_that_becomes_void_gives_nobody_a_win(
    protocol: Protocol, mind: Mind, count: int, draw: Random
) -> None:
    """A vote left unheard is taken from whom it was for, and given to nobody."""
    count = offered(protocol, count)
    drafts = [f"D{n}" for n in range(1, count + 1)]
    passes, _, _ = held(protocol, CONTESTANTS[:count], {"judge": mind})
    lost = draw.randrange(len(passes))
    voided = [
        one.model_copy(update={"status": "void", "winner": None}) if place == lost else one
        for place, one in enumerate(passes)
    ]
    before = {p.draft: p for p in choose_from(passes, ground_of(protocol, drafts)).aggregate.table}
    after = {p.draft: p for p in choose_from(voided, ground_of(protocol, drafts)).aggregate.table}

    for draft in drafts:
        assert after[draft].wins <= before[draft].wins
        if draft not in passes[lost].order:
            assert (after[draft].wins, after[draft].losses) == (before[draft].wins, before[draft].losses)


@EVERY
@settings(deadline=None, max_examples=40)
@given(mind=MINDS, count=NUMBERS)
def test_a_choice_that_is_not_settled_is_never_more_than_low(
    protocol: Protocol, mind: Mind, count: int
) -> None:
    count = offered(protocol, count)
    drafts = [f"D{n}" for n in range(1, count + 1)]
    passes, votes, _ = held(protocol, CONTESTANTS[:count], {"judge": mind})
    choice = choose_from(passes, ground_of(protocol, drafts))

    confidence = choice.confidence

    assert 0 <= confidence.value <= 1
    if choice.escalation.required:
        assert confidence.band == "low"
    if any(vote.look.kind == "listwise" for vote in votes):
        assert confidence.band != "high"
        assert "not calibrated" in confidence.method
