"""What a judge answers is checked by the host; what fails a check is never counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.judging.answers import LONGEST_ANSWER, Unreadable
from crewctl.judging.prompt import Asked, Persona, Question, ask
from crewctl.judging.protocol import Look
from crewctl.judging.reading import Reading, read
from crewctl.testing.fake_judge import well_formed
from crewctl.testing.sample_plans import rubric

SHOWN = {
    "D1": "Acme opened a plant in Turin.\nWe noticed.",
    "D2": "I hope this finds you well, dear “friend”.",
}
RUBRIC = rubric(must=True)
QUESTION = Question(
    description="Write.",
    expected_output="A letter.",
    rubric=RUBRIC,
    seed=7,
)
JUDGE = Persona(name="judge", role="r", goal="g", backstory="b")
ASKED = ask(QUESTION, JUDGE, Look(order=("D1", "D2")), "D1-D2", SHOWN)
LABELS = {draft: label for label, draft in ASKED.labels.items()}


def right(**changes: Any) -> dict[str, Any]:
    return well_formed(ASKED.prompt.user, lambda *_: 1, **changes)


def reading(answer: Any, asked: Asked = ASKED) -> Reading:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return read(text, asked, RUBRIC, SHOWN)


def scores(change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    answer = right()
    return {**answer, "scores": [change(score) for score in answer["scores"]]}


def test_a_right_answer_is_read_in_terms_of_drafts() -> None:
    found = reading(right(rationale=f"{LABELS['D1']} names facts, {LABELS['D2']} none."))

    assert found.winner == "D1"
    assert found.rationale == "D1 names facts, D2 none."
    assert {(score.draft, score.criterion) for score in found.scores} == {
        (draft, criterion) for draft in SHOWN for criterion in ("specificity", "voice", "length")
    }


def test_a_tie_is_an_answer() -> None:
    assert reading(right(winner="tie")).winner == "tie"


def test_one_code_fence_around_the_whole_answer_is_allowed() -> None:
    assert reading(f" \n```json\n{json.dumps(right())}\n```\n").winner == "D1"


def test_a_quote_may_fold_lines_but_not_words() -> None:
    quote = "Acme opened a plant\nin Turin. We noticed."

    assert reading(quoting("D1", quote)).winner == "D1"


def test_a_draft_that_speaks_to_the_judge_is_reported_by_its_id() -> None:
    assert reading(right(instructions_to_judge_found_in=[LABELS["D2"]])).addressed_judge == ("D2",)


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in right().items() if name != key}


def quoting(draft: str, evidence: str, criterion: str = "voice", score: int = 3) -> dict[str, Any]:
    def change(given: dict[str, Any]) -> dict[str, Any]:
        hit = given["label"] == LABELS[draft] and given["criterion"] == criterion
        return {**given, "evidence": evidence, "score": score} if hit else given

    return scores(change)


MALFORMED: dict[str, tuple[Any, str]] = {
    "prose": ("I think the first draft is better.", "invalid_json"),
    "nothing": ("", "invalid_json"),
    "prose before the JSON": (f"Here you are: {json.dumps(right())}", "invalid_json"),
    "prose after the JSON": (f"{json.dumps(right())} That is all.", "invalid_json"),
    "two answers": (f"{json.dumps(right())}\n{json.dumps(right())}", "invalid_json"),
    "cut off": (json.dumps(right())[:-20], "invalid_json"),
    "two fences": (f"```json\n{json.dumps(right())}\n```\n```json\n{{}}\n```", "invalid_json"),
    "a key twice": (json.dumps(right())[:-1] + ', "winner": "tie"}', "invalid_json"),
    "not a number": (json.dumps(right()).replace(": 5", ": NaN"), "invalid_json"),
    "endless digits": ('{"canary": ' + "9" * 5000 + "}", "invalid_json"),
    "deep nesting": ("[" * 50_000, "invalid_json"),
    "far too long": ("x" * (LONGEST_ANSWER + 1), "invalid_json"),
    "a list": ([right()], "schema_violation"),
    "a string": (json.dumps("D1"), "schema_violation"),
    "another key": (right(confidence=0.9), "schema_violation"),
    "no canary": (without("canary"), "schema_violation"),
    "no rationale": (right(rationale=""), "schema_violation"),
    "an endless rationale": (right(rationale="x" * 2001), "schema_violation"),
    "no scores": (right(scores=[]), "schema_violation"),
    "a score too few": (right(scores=right()["scores"][1:]), "schema_violation"),
    "a score twice": (right(scores=[*right()["scores"], right()["scores"][0]]), "schema_violation"),
    "a score of six": (scores(lambda score: score | {"score": 6}), "schema_violation"),
    "a score in words": (scores(lambda score: score | {"score": "5"}), "schema_violation"),
    "a score that is true": (scores(lambda score: score | {"score": True}), "schema_violation"),
    "a half score": (scores(lambda score: score | {"score": 4.5}), "schema_violation"),
    "a criterion of its own": (scores(lambda score: score | {"criterion": "charm"}), "schema_violation"),
    "half a must": (quoting("D1", "Acme", "length", 3), "schema_violation"),
    "a lone surrogate": (json.dumps(right(rationale="@")).replace("@", "\\ud800"), "schema_violation"),
    "a guessed canary": (right(canary="000000000000"), "canary_missing"),
    "the draft's id": (right(winner="D1"), "unknown_label"),
    "a contestant's name": (right(winner="direct_writer"), "unknown_label"),
    "a label that is nearly right": (right(winner=LABELS["D1"].upper()), "unknown_label"),
    "an unknown label under scores": (scores(lambda score: score | {"label": "a-b"}), "unknown_label"),
    "an unknown label in flags": (right(instructions_to_judge_found_in=["a-b"]), "unknown_label"),
    "an invented quote": (quoting("D1", "Acme is the best"), "quote_not_found"),
    "a quote of the other draft": (quoting("D1", "I hope this finds you well"), "quote_not_found"),
    "a corrected quote": (quoting("D2", 'dear "friend"'), "quote_not_found"),
    "a quote with dots": (quoting("D1", "Acme … Turin"), "quote_not_found"),
    "praise without evidence": (quoting("D1", " "), "quote_not_found"),
    "a winner that fails a must": (quoting("D1", "", "length", 1), "contradiction"),
}


@pytest.mark.parametrize(("answer", "outcome"), MALFORMED.values(), ids=MALFORMED.keys())
def test_an_answer_that_fails_a_check_is_unreadable(answer: Any, outcome: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        reading(answer)

    assert unreadable.value.outcome == outcome


@pytest.mark.parametrize(
    "answer", [quoting("D2", "", "length", 1), quoting("D2", "", "voice", 2), quoting("D2", "", "length", 5)]
)
def test_what_cannot_be_quoted_needs_no_quote(answer: dict[str, Any]) -> None:
    assert reading(answer).winner == "D1"


def test_when_both_fail_a_must_either_may_be_the_better() -> None:
    both = scores(lambda score: {**score, "score": 1} if score["criterion"] == "length" else score)

    assert reading(both).winner == "D1"


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_any_json_at_all_is_unreadable_and_never_an_error(value: Any) -> None:
    with pytest.raises(Unreadable):
        reading(value)


@settings(deadline=None)
@given(st.text())
def test_any_text_at_all_is_unreadable_and_what_is_said_of_it_quotes_none_of_it(text: str) -> None:
    marked = f"zyzzyva {text}"

    with pytest.raises(Unreadable) as unreadable:
        reading(marked)

    assert "zyzzyva" not in unreadable.value.problem


def test_a_problem_repeats_no_word_of_the_judges() -> None:
    with pytest.raises(Unreadable) as unreadable:
        reading(right(**{"ignore the rubric": 1}))

    assert unreadable.value.problem == (
        "the answer had another shape at the answer: key is not one of those asked for"
    )
