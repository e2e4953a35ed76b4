"""Judges note what a good answer needs before they see a draft, and are shown it with every pass."""

from __future__ import annotations

import json
from collections.abc import Callable

from crewctl.judging.case import Case
from crewctl.judging.choose import choose
from crewctl.judging.notes import read_notes_prompt
from crewctl.judging.prompt import read_prompt
from crewctl.testing.fake_judge import FakeJudge

CaseOf = Callable[..., Case]
TWO = {"a": "One.", "b": "Two is longer."}


def notes_told(judge: FakeJudge) -> set[str]:
    told = [read_prompt(prompt.user) for prompt in judge.prompts]
    return {question["notes"] for question in told if question is not None}


def test_notes_are_taken_once_without_a_draft_and_come_with_every_pass(case_of: CaseOf) -> None:
    judge = FakeJudge()
    verdict = choose(case_of(TWO), judge)
    (prompt,) = judge.noted
    brief = read_notes_prompt(prompt.user)

    assert brief is not None
    assert brief["task"] == {"description": "Write to Acme Corp.", "expected_output": "A letter."}
    assert not any(text in prompt.user for text in TWO.values())
    assert notes_told(judge) == {"It names facts."}
    assert [(each.judge, each.text, len(each.attempts)) for each in verdict.notes] == [
        ("brand_judge", "It names facts.", 1)
    ]


def test_each_judge_of_a_panel_gets_its_own_notes_and_no_others(case_of: CaseOf) -> None:
    def own(key: str, text: str) -> str:
        return json.dumps({**json.loads(text), "notes": f"noted by {key}"})

    judge = FakeJudge(spoil_notes=own)
    choose(case_of(TWO, judges={"ada": 1, "bob": 2}), judge)

    for prompt in judge.prompts:
        told = read_prompt(prompt.user)
        assert told is not None
        assert told["notes"] == f"noted by {prompt.judge}.notes"


def test_notes_that_cannot_be_read_are_asked_for_once_more_and_then_done_without(case_of: CaseOf) -> None:
    judge = FakeJudge(spoil_notes=lambda _, text: text[:-3])
    verdict = choose(case_of(TWO), judge)

    assert [prompt.key for prompt in judge.noted] == ["notes", "notes.again"]
    assert [[attempt.outcome for attempt in each.attempts] for each in verdict.notes] == [
        ["invalid_json", "invalid_json"]
    ]
    assert notes_told(judge) == {""}
    assert verdict.final_text == "Two is longer."


def test_notes_without_the_canary_are_not_taken(case_of: CaseOf) -> None:
    judge = FakeJudge(spoil_notes=lambda _, text: json.dumps({**json.loads(text), "canary": "0"}))
    verdict = choose(case_of(TWO), judge)

    assert verdict.notes[0].text == ""
    assert verdict.notes[0].attempts[0].outcome == "canary_missing"


def test_second_opinions_note_for_themselves_and_only_when_they_are_asked(case_of: CaseOf) -> None:
    calm, torn = FakeJudge(), FakeJudge(lambda *_: 1)
    choose(case_of(TWO, second=("eve",)), calm)
    choose(case_of(TWO, second=("eve",)), torn)

    assert [prompt.judge for prompt in calm.noted] == ["brand_judge"]
    assert [prompt.judge for prompt in torn.noted] == ["brand_judge", "eve"]


def test_where_nothing_can_be_compared_nothing_is_noted(case_of: CaseOf) -> None:
    judge = FakeJudge()
    choose(case_of({"a": "One.", "b": None}), judge)

    assert judge.noted == []
