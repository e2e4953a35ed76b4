"""What real judges once wrote, asked in other words: never guessed at, repaired once or void."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crewctl.judging.case import Case
from crewctl.judging.choose import choose
from crewctl.testing.fake_judge import FakeJudge

CaseOf = Callable[..., Case]
FIXTURE = (
    Path(__file__).resolve().parents[2] / "data" / "judge" / "prd_vicuna80" / "raw_judge_texts_sample.jsonl"
)
SAID = [json.loads(line)["text"] for line in FIXTURE.read_text(encoding="utf-8").splitlines()]
TWO = {"a": "One.", "b": "Two is longer."}


def test_the_fixture_holds_what_several_judges_wrote() -> None:
    judges = {json.loads(line)["judge"] for line in FIXTURE.read_text(encoding="utf-8").splitlines()}
    assert len(SAID) >= 100
    assert len(judges) >= 3


@pytest.mark.parametrize("number", range(0, len(SAID), 40))
def test_free_text_is_asked_for_once_more_and_then_void_whatever_it_says(
    case_of: CaseOf, number: int
) -> None:
    for said in SAID[number : number + 40]:
        judge = FakeJudge(spoil=lambda _key, _text, said=said: said)
        verdict = choose(case_of(TWO), judge)

        assert verdict.selected_draft is None
        assert {held.status for held in verdict.passes} == {"void"}
        assert [len(held.attempts) for held in verdict.passes] == [2, 2]
        assert "void_passes" in verdict.escalation.reasons


@pytest.mark.parametrize("number", range(0, len(SAID), 40))
def test_a_second_answer_in_the_right_shape_is_taken(case_of: CaseOf, number: int) -> None:
    for said in SAID[number : number + 40]:
        judge = FakeJudge(spoil=lambda key, text, said=said: text if key.endswith(".again") else said)
        verdict = choose(case_of(TWO), judge)

        assert verdict.final_text == "Two is longer."
        assert [[each.outcome for each in held.attempts][-1] for held in verdict.passes] == ["ok", "ok"]
        assert len(said) < 20 or not any(said[:200] in prompt.user for prompt in judge.prompts)
