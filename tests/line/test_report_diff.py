"""``crewctl report --diff``: how the verdicts and outputs of two runs differ."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.cli.main import run
from crewctl.cli.session import Session
from crewctl.judging.verdict import PeopleAsked
from crewctl.testing.fake_judge import FakeJudge
from crewctl.testing.sample_verdicts import WRITERS, half_by_spare, judged

Tell = Callable[..., None]
Line = Callable[..., str]


@pytest.fixture
def diff(root: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    def said(*words: str) -> str:
        capsys.readouterr()
        assert run(["report", "new", "--diff", "old", *words], Session(project=root)) == 0
        return capsys.readouterr().out

    return said


def _places(out: str) -> dict[str, tuple[Any, Any]]:
    return {each["place"]: (each["before"], each["after"]) for each in json.loads(out)["differences"]}


def shortest_first(first: str, second: str) -> int:
    return len(second) - len(first)


def test_the_choice_its_scores_and_places_are_compared_by_contestant(tell: Tell, diff: Line) -> None:
    tell(judged(run_id="old"))
    tell(judged(model=FakeJudge(shortest_first), run_id="new"))

    places = _places(diff("-o", "json"))

    assert places["verdict.contestant"] == ("story_writer", "question_writer")
    assert places["verdict.places.question_writer.rank"] == (3, 1)
    assert places["verdict.places.story_writer.wins"] == (4, 0)
    assert places["verdict.scores.question_writer.specificity"] == (3.0, 5.0)
    assert places["output"] == (WRITERS["story_writer"], WRITERS["question_writer"])
    assert "verdict.places.direct_writer.rank" not in places
    assert not any(
        place.startswith(("verdict.rubric", "verdict.protocol", "verdict.judges")) for place in places
    )


def test_how_it_was_judged_is_compared_too(tell: Tell, diff: Line) -> None:
    tell(judged(run_id="old"))
    tell(judged(judges=("brand_judge", "legal_judge"), protocol="balanced_top3", run_id="new"))

    places = _places(diff("-o", "json"))

    assert places["verdict.protocol.name"] == ("all_pairs", "balanced_top3")
    assert places["verdict.judges.legal_judge"] == (None, "openai/gpt-x, judge, weight 1.0")
    assert places["verdict.aggregate.panel_agreement"] == (None, 1.0)


def test_another_model_that_answered_is_a_difference(tell: Tell, diff: Line) -> None:
    tell(judged(run_id="old"))
    tell(half_by_spare().model_copy(update={"run_id": "new"}))

    assert _places(diff("-o", "json"))["verdict.judges.brand_judge.fallbacks"] == (None, "openai/spare")


def test_on_a_terminal_the_verdict_comes_first_and_long_texts_last(tell: Tell, diff: Line) -> None:
    tell(judged(run_id="old"))
    tell(judged(model=FakeJudge(shortest_first), run_id="new"))

    out = diff()

    assert out.startswith(
        "From old to new\nThe verdict\n  verdict.contestant: story_writer → question_writer\n"
    )
    assert out.index("verdict.places.story_writer.wins: 4 → 0") < out.index("  verdict.reasoning:\n")
    assert "    +What would your planner do with seven more hours a week?" in out
    assert "verdict.final_text" not in out  # the output is the same text


@pytest.mark.parametrize("waiting", ["old", "new"])
def test_while_people_choose_in_one_run_the_comparison_is_blind(tell: Tell, diff: Line, waiting: str) -> None:
    for run_id in ("old", "new"):
        tell(judged(people=PeopleAsked(kind="person") if run_id == waiting else None, run_id=run_id))

    places = _places(diff("-o", "json"))

    assert not any(name in place for name in WRITERS for place in places)
    assert set(places["verdict.contestant"]) == {None, "story_writer"}
    assert "question_writer" not in diff()
    assert "What would your planner do" not in diff()


def test_no_text_of_a_model_drives_the_terminal(tell: Tell, diff: Line) -> None:
    drafts = {**WRITERS, "story_writer": f"\x1b[31m\u202e{WRITERS['story_writer']}\n" + "line\n" * 4000}
    tell(judged(run_id="old"))
    tell(judged(drafts, run_id="new"), drafts)

    out = diff()

    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[31m\\u202e" in out


def test_very_long_texts_are_told_by_their_length(tell: Tell, diff: Line) -> None:
    drafts = {**WRITERS, "story_writer": "a line\n" * 6_000}
    tell(judged(run_id="old"))
    tell(judged(drafts, run_id="new"), drafts)

    assert "6 lines became 6,000, too many to be compared" in diff()
