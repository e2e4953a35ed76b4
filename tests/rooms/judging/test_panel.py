"""Several judges: every look by each, votes by weight, second opinions where it is unclear, dissent on record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from crewctl.judging.case import Case
from crewctl.judging.choose import choose
from crewctl.judging.port import JudgeAnswer, JudgePrompt
from crewctl.judging.verdict import Verdict
from crewctl.judging.write_verdict import most_calls
from crewctl.testing.fake_judge import Preference, longest_first, well_formed

CaseOf = Callable[..., Case]
TWO = {"a": "Short.", "b": "The longer of the two."}
THREE = {**TWO, "c": "In between them."}


class Bench:
    """The JudgeModel port with a preference for each judge."""

    def __init__(self, prefers: Mapping[str, Preference]) -> None:
        self.prefers = prefers
        self.asked: list[JudgePrompt] = []

    def answer(self, prompts: tuple[JudgePrompt, ...]) -> tuple[JudgeAnswer, ...]:
        self.asked += prompts
        return tuple(
            JudgeAnswer(text=json.dumps(well_formed(prompt.user, self.prefers[prompt.judge])))
            for prompt in prompts
        )

    def looks(self, judge: str) -> list[str]:
        return [prompt.key for prompt in self.asked if prompt.judge == judge and "notes" not in prompt.key]


def shortest_first(first: str, second: str) -> int:
    return len(second) - len(first)


def first_shown(_first: str, _second: str) -> int:
    return 1


def author(verdict: Verdict) -> str | None:
    return next((each.contestant for each in verdict.candidates if each.id == verdict.selected_draft), None)


def test_every_judge_of_a_panel_takes_every_look(case_of: CaseOf) -> None:
    bench = Bench({"ada": longest_first, "bob": longest_first})
    case = case_of(THREE, judges={"ada": 1, "bob": 1}, protocol="balanced_top3")
    verdict = choose(case, bench)

    assert len(bench.looks("ada")) == len(bench.looks("bob")) == 6
    assert {held.judge for held in verdict.passes} == {"ada", "bob"}
    assert all(held.id.startswith(f"{held.judge}.") for held in verdict.passes)
    assert verdict.protocol.calls_used == len(bench.asked) <= most_calls(case, 3)
    assert (author(verdict), verdict.aggregate.panel_agreement) == ("b", 1.0)


def test_a_heavier_vote_outweighs_and_the_other_judge_is_on_record_as_dissenting(case_of: CaseOf) -> None:
    bench = Bench({"ada": longest_first, "bob": shortest_first})
    verdict = choose(case_of(TWO, judges={"ada": 1, "bob": 3}), bench)

    assert author(verdict) == "a"
    assert verdict.aggregate.panel_agreement == 0.75
    assert verdict.aggregate.table[0].share == 0.75
    assert [(each.judge, len(each.passes)) for each in verdict.dissent] == [("ada", 2)]
    assert [(judge.id, judge.weight) for judge in verdict.judges] == [("ada", 1.0), ("bob", 3.0)]


def test_a_panel_that_is_split_down_the_middle_leaves_it_to_a_person(case_of: CaseOf) -> None:
    bench = Bench({"ada": longest_first, "bob": shortest_first})
    verdict = choose(case_of(TWO, judges={"ada": 1, "bob": 1}), bench)

    assert verdict.selected_draft is None
    assert verdict.escalation.reasons == ("tie",)


def test_a_winner_whom_no_more_than_half_of_the_judges_put_first_is_not_chosen(case_of: CaseOf) -> None:
    def prefers(*order: str) -> Preference:
        return lambda one, two: order.index(two) - order.index(one)

    drafts = {"a": "one", "b": "two", "c": "three"}
    bench = Bench(
        {
            "ada": prefers("one", "two", "three"),
            "bob": prefers("two", "one", "three"),
            "cyd": prefers("three", "one", "two"),
        }
    )
    verdict = choose(case_of(drafts, judges={"ada": 1, "bob": 1, "cyd": 1}), bench)

    assert verdict.aggregate.condorcet_winner == verdict.aggregate.table[0].draft
    assert verdict.escalation.reasons == ("panel_split",)


def test_second_opinions_settle_what_the_first_judge_could_not(case_of: CaseOf) -> None:
    bench = Bench({"brand_judge": first_shown, "eve": longest_first, "fay": longest_first})
    verdict = choose(case_of(TWO, second=("eve", "fay")), bench)

    assert author(verdict) == "b"
    assert bench.looks("eve") == ["eve.D1-D2", "eve.D2-D1"]
    assert [held.kind for held in verdict.passes] == ["pairwise"] * 2 + ["second_opinion"] * 4
    assert [(judge.id, judge.role) for judge in verdict.judges] == [
        ("brand_judge", "judge"),
        ("eve", "second_opinion"),
        ("fay", "second_opinion"),
    ]


def test_nobody_is_asked_for_a_second_opinion_on_a_clear_choice(case_of: CaseOf) -> None:
    bench = Bench({"brand_judge": longest_first, "eve": shortest_first})
    verdict = choose(case_of(THREE, second=("eve",)), bench)

    assert author(verdict) == "b"
    assert bench.looks("eve") == []


def test_second_opinions_that_differ_leave_it_to_a_person(case_of: CaseOf) -> None:
    bench = Bench({"brand_judge": first_shown, "eve": longest_first, "fay": shortest_first})
    verdict = choose(case_of(TWO, second=("eve", "fay")), bench)

    assert (verdict.selected_draft, verdict.escalation.status) == (None, "pending")


@pytest.mark.parametrize(("kind", "reason"), [("person", "person_asked"), ("vote", "ballots_missing")])
def test_where_people_judge_no_model_is_asked_and_no_name_is_given_away(
    case_of: CaseOf, kind: str, reason: str
) -> None:
    people = {"kind": kind, "ballots": 3 if kind == "vote" else 1}
    case = Case.model_validate({**case_of(TWO).model_dump(), "seats": (), "people": people})
    verdict = choose(case, Bench({}))

    assert verdict.escalation.reasons == (reason,)
    assert (verdict.protocol.calls_used, verdict.protocol.max_calls) == (0, 0)
    assert " by a" not in verdict.reasoning
    assert " by b" not in verdict.reasoning


def test_a_choice_that_people_would_rather_not_share_is_left_to_a_person(case_of: CaseOf) -> None:
    """The winner of the final lost to both weak drafts, which the runner-up beat."""
    wins = {("a", "b"), ("b", "c"), ("b", "d"), ("b", "e"), ("c", "d"), ("c", "e"), ("d", "a"), ("e", "a")}

    def prefer(one: str, two: str) -> int:
        pair = (one[-2], two[-2])
        return (pair in wins) - (pair[::-1] in wins)

    drafts = {name: f"Draft {name}." for name in "abcde"}
    verdict = choose(case_of(drafts, protocol="balanced_top3"), Bench({"brand_judge": prefer}))

    assert verdict.escalation.reasons == ("low_confidence",)
    assert (verdict.selected_draft, verdict.confidence.band) == (None, "low")
    assert verdict.confidence.value < 0.5
    assert "disagree with the choice more often than not" in verdict.reasoning


def test_nobody_is_asked_for_a_second_opinion_where_the_field_was_not_heard(case_of: CaseOf) -> None:
    class Mumbling(Bench):
        def answer(self, prompts: tuple[JudgePrompt, ...]) -> tuple[JudgeAnswer, ...]:
            self.asked += prompts
            return tuple(JudgeAnswer(text="I would rather not say.") for _ in prompts)

    bench = Mumbling({})
    verdict = choose(case_of(THREE, second=("eve",), protocol="listwise_rotations"), bench)

    assert "void_passes" in verdict.escalation.reasons
    assert bench.looks("eve") == []


def test_a_second_opinion_settles_a_panel_that_is_split_down_the_middle(case_of: CaseOf) -> None:
    bench = Bench({"ada": longest_first, "bob": shortest_first, "eve": longest_first})
    verdict = choose(case_of(TWO, judges={"ada": 1, "bob": 1}, second=("eve",)), bench)

    assert author(verdict) == "b"
    assert verdict.aggregate.panel_agreement == 0.666667
    assert [each.judge for each in verdict.dissent] == ["bob"]


def test_the_words_of_a_panels_judge_are_told_under_its_name(case_of: CaseOf) -> None:
    bench = Bench({"ada": longest_first, "bob": longest_first})
    verdict = choose(case_of(TWO, judges={"ada": 1, "bob": 1}), bench)

    assert "\nada on D1-D2: " in verdict.reasoning
