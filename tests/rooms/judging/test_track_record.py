"""How judges do over many runs: agreement with people, position and length, and when it drifts."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.judging.rates import Rate
from crewctl.judging.track_record import first_of, track_record_of
from crewctl.judging.verdict import Pass, PeopleAsked, Verdict
from crewctl.judging.write_verdict import with_decision
from crewctl.testing.fake_judge import FakeJudge, Preference
from crewctl.testing.sample_verdicts import judged

PAIR = {"brief": "Three short words.", "long": "A draft of rather more words than the other one has."}


def first_shown(_: str, __: str) -> int:
    return 1


def by_length(first: str, second: str) -> int:
    return len(first) - len(second)


def shortest(first: str, second: str) -> int:
    return len(second) - len(first)


def level(_: str, __: str) -> int:
    return 0


def verdict(prefer: Preference = by_length, drafts: dict[str, str] | None = None) -> Verdict:
    return judged(drafts or PAIR, FakeJudge(prefer))


def decided(before: Verdict, contestant: str, person: str = "ada") -> Verdict:
    draft = next(each.id for each in before.candidates if each.contestant == contestant)
    order = tuple(each.id for each in before.candidates if each.status == "eligible")
    human = Pass(
        id="human-1",
        judge=person,
        kind="human",
        order=order,
        status="counted",
        winner=draft,
        rationale="It says what it wants.",
    )
    return with_decision(before, human, PAIR)


def share(found: Rate) -> tuple[int, int]:
    return found.hits, found.of


BIASED = verdict(first_shown)
"""The draft shown first wins every pass, so no draft is chosen."""
FAIR = verdict(by_length)


def test_a_judge_that_takes_whatever_comes_first_is_found_out() -> None:
    record = track_record_of([BIASED] * 3)

    shown_first = record.figures["first_shown_wins"]
    assert shown_first.share == 1
    assert shown_first.low is not None
    assert shown_first.low > 0.5
    assert record.figures["both_orders_agree"].share == 0
    assert record.figures["escalated"].share == 1
    assert record.contestants == ()  # nobody was chosen, so nobody won


def test_a_judge_that_takes_the_longer_draft_is_found_out() -> None:
    record = track_record_of([FAIR] * 4)

    assert record.figures["longer_wins"].share == 1
    assert record.figures["first_shown_wins"].share == 0.5
    assert record.figures["both_orders_agree"].share == 1
    assert record.log_length_ratio == pytest.approx(math.log(11 / 3), abs=1e-6)
    assert {each.name: share(each.wins) for each in record.contestants} == {"brief": (0, 4), "long": (4, 4)}
    assert {each.chance for each in record.contestants} == {0.5}


def test_people_agree_where_they_choose_the_draft_that_the_judges_alone_put_first() -> None:
    """A judge that is suspicious of its first leaves it to a person, who may choose either."""
    unsure = judged(PAIR, FakeJudge(by_length, spoil=_suspecting))
    assert unsure.escalation.status == "pending"
    assert first_of(unsure) is not None

    record = track_record_of([decided(unsure, "long"), decided(unsure, "long"), decided(unsure, "brief")])

    assert record.decided == 3
    assert share(record.figures["agreement_with_people"]) == (2, 3)
    assert record.chance == 0.5
    assert record.confidence is not None


def test_level_drafts_tell_nothing_of_agreement() -> None:
    tied = verdict(level)
    assert first_of(tied) is None

    record = track_record_of([decided(tied, "brief")])

    assert (record.decided, record.level) == (1, 1)
    assert share(record.figures["agreement_with_people"]) == (0, 0)
    assert record.figures["ties"].share == 1


def test_runs_that_people_alone_decide_say_nothing_of_judges() -> None:
    asked = judged(PAIR, people=PeopleAsked(kind="person"))
    assert track_record_of([asked, decided(asked, "brief")]).runs == 0


def test_a_position_effect_that_begins_is_warned_of_with_its_figures() -> None:
    record = track_record_of([FAIR] * 20 + [BIASED] * 12)

    assert record.recent == 11
    drift = next(each for each in record.drift if "shown first" in each.figure)
    assert drift.before.share == pytest.approx(0.5, abs=0.03)
    assert drift.after.share == 1
    assert drift.p < 0.001


def test_a_contestant_that_begins_to_win_is_warned_of() -> None:
    record = track_record_of([verdict(shortest)] * 15 + [verdict(by_length)] * 15)

    assert {each.figure for each in record.drift} >= {
        "the share of runs won by brief",
        "the share of runs won by long",
    }


def test_what_was_judged_otherwise_is_named_beside_the_drift() -> None:
    other = judged(PAIR, FakeJudge(by_length), judges=("strict",), protocol="single")

    assert track_record_of([FAIR] * 20 + [other] * 10).changed == ("judges", "protocol")
    assert track_record_of([FAIR] * 30).changed == ()


def test_too_few_runs_are_said_and_not_warned_of() -> None:
    record = track_record_of([FAIR] * 9 + [BIASED] * 10)

    assert (record.recent, record.least_runs, record.drift) == (0, 20, ())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40))
def test_runs_that_are_all_alike_never_drift(runs: int) -> None:
    record = track_record_of([FAIR] * runs)
    assert record.drift == ()
    assert record.runs == runs


@settings(max_examples=30, deadline=None)
@given(st.permutations([FAIR, BIASED, verdict(level), verdict(shortest)]))
def test_but_for_drift_the_order_of_runs_means_nothing(verdicts: list[Verdict]) -> None:
    record = track_record_of(verdicts)
    again = track_record_of(verdicts[::-1])
    assert record.figures == again.figures
    assert record.contestants == again.contestants
    assert record.log_length_ratio == pytest.approx(again.log_length_ratio)


def _suspecting(_: str, text: str) -> str:

    answer = json.loads(text)
    if "winner" not in answer:
        return text
    return json.dumps(answer | {"instructions_to_judge_found_in": [answer["winner"]]})
