"""Two verdicts over the same drafts: what is said to have changed has, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.judging.case import Case
from crewctl.judging.choose import choose
from crewctl.judging.rejudged import compare
from crewctl.judging.track_record import track_record_of
from crewctl.judging.verdict import Verdict
from crewctl.testing.fake_judge import FakeJudge
from crewctl.testing.sample_verdicts import WRITERS, half_by_spare, judged

CaseOf = Callable[..., Case]


def shortest(first: str, second: str) -> int:
    return len(second) - len(first)


THEN = judged()
OTHERS = (
    THEN,
    judged(model=FakeJudge(shortest)),
    judged(protocol="balanced_top3"),
    judged(judges=("strict", "lenient")),
    judged(model=FakeJudge(lambda *_: 0)),
)


@given(st.sampled_from(OTHERS))
def test_nothing_has_changed_against_oneself(verdict: Verdict) -> None:
    found = compare(verdict, verdict)
    assert not found.changed
    assert (found.looks, found.only_then, found.only_now, found.other_drafts) == ((), 0, 0, ())
    assert not found.task_differs
    assert found.then == found.now


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(OTHERS), st.sampled_from(OTHERS))
def test_a_comparison_reads_the_same_from_both_sides(then: Verdict, now: Verdict) -> None:
    there, back = compare(then, now), compare(now, then)
    assert (there.then, there.now) == (back.now, back.then)
    assert there.changed == back.changed == (there.then.selected != there.now.selected)
    assert (there.same_looks, there.only_then, there.only_now) == (
        back.same_looks,
        back.only_now,
        back.only_then,
    )


def test_another_mind_changes_the_choice_and_every_pass() -> None:
    found = compare(THEN, OTHERS[1])

    assert found.changed
    assert (found.then.selected, found.now.selected) == ("story_writer", "question_writer")
    assert found.then.ranks == {"story_writer": 1, "direct_writer": 2, "question_writer": 3}
    assert found.now.ranks == {"question_writer": 1, "direct_writer": 2, "story_writer": 3}
    assert len(found.looks) == 6
    assert found.same_looks == 0
    assert all(each.then != each.now for each in found.looks)


def test_another_judge_of_the_same_mind_said_the_same() -> None:
    found = compare(THEN, judged(judges=("strict",)))

    assert (found.then.judges, found.now.judges) == (
        {"brand_judge": "openai/gpt-x"},
        {"strict": "openai/gpt-x"},
    )
    assert (found.same_looks, found.looks) == (6, ())


def test_every_model_that_was_asked_is_named() -> None:
    assert compare(THEN, half_by_spare()).now.judges == {"brand_judge": "openai/gpt-x, openai/spare"}


def test_drafts_that_are_not_the_recorded_ones_are_named() -> None:
    found = compare(THEN, judged({**WRITERS, "direct_writer": "Another text altogether."}))
    assert found.other_drafts == ("direct_writer",)


def test_where_a_merged_text_won_it_is_the_choice_between_drafts_that_is_compared(case_of: CaseOf) -> None:
    """A merged text is not written again, so its victory is no difference; nor is its writer a contestant."""
    drafts = {"direct": "Short and direct.", "story": "The longest draft of the three.", "question": "Is it?"}
    case = case_of(drafts, decision="merge")
    seat = case.seats[0]
    editor = seat.model_copy(update={"persona": seat.persona.model_copy(update={"name": "editor"})})
    merged = choose(case.model_copy(update={"editor": editor}), FakeJudge())
    assert merged.final_text_origin == "merged"

    found = compare(merged, choose(case_of(drafts), FakeJudge()))

    assert (found.then.selected, found.now.selected, found.changed) == ("story", "story", False)
    assert (found.looks, found.only_then, found.other_drafts) == ((), 0, ())
    assert [each.name for each in track_record_of([merged]).contestants] == sorted(drafts)
