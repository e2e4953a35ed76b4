"""How the built-in model merges drafts and compares what they say: by their own words, the same every time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.adapters.offline_model import answer
from crewctl.judging.answers import Unreadable
from crewctl.judging.consensus_prompt import Heard, ask_for_consensus, read_consensus
from crewctl.judging.merge_prompt import MergedText, ask_to_merge, read_merge
from crewctl.judging.prompt import Asked, Persona, Question
from crewctl.planning.plan import PlannedCriterion, PlannedRubric

WHO = Persona(name="editor", role="Editor", goal="Edit", backstory="Careful.")
DRAFTS = {
    "D1": "Hello Elena,\n\nAcme Corp opened an office in Turin with 40 desks. Does Acme Corp need a hand there?\n\nBest, Ann",
    "D2": "Dear Elena,\n\nAcme Corp opened an office in Turin with 60 desks. The lease of Acme Corp ends in May.\n\nBest, Bob",
    "D3": "Elena, one question about Acme Corp.\n\nWho answers the phone of Acme Corp on Sundays?\n\nCarl",
}


def question(length: int = 60) -> Question:
    criteria = (
        PlannedCriterion(name="specificity", says="Names facts about this company.", weight=3, must=False),
        PlannedCriterion(name="length", says=f"At most {length} words.", weight=1, must=True),
    )
    return Question(
        description="Write a personal e-mail to Elena at Acme Corp about its office in Turin.",
        expected_output="A personal e-mail.",
        rubric=PlannedRubric(name="r", criteria=criteria, digest="d"),
        seed=7,
    )


def said(asked: Asked) -> str:
    return answer([{"role": "user", "content": asked.prompt.user}]).text


def merged(drafts: Mapping[str, str] = DRAFTS, length: int = 60) -> MergedText:
    asked = ask_to_merge(question(length), WHO, list(drafts), drafts, "", "")
    return read_merge(said(asked), asked, drafts)


def compared(drafts: Mapping[str, str] = DRAFTS) -> Heard:
    asked = ask_for_consensus(question(), WHO, list(drafts), drafts, "", "")
    return read_consensus(said(asked), asked, drafts)


def test_a_merged_text_is_one_draft_with_whole_sentences_of_others() -> None:
    found = merged()
    (first, *others) = found.taken

    assert others
    assert all(one.quote in found.text for one in found.taken)
    for line in found.text.split("\n\n"):
        rest = line
        for one in others:
            rest = rest.replace(one.quote, "")
        assert rest.strip() in DRAFTS[first.draft]


def test_a_merged_text_keeps_within_the_words_that_are_allowed() -> None:
    words = max(len(text.split()) for text in DRAFTS.values())

    merges = [most for most in range(words + 1, words + 20) if _mergeable(most)]
    assert merges
    assert all(len(merged(length=most).text.split()) <= most for most in merges)


def _mergeable(length: int) -> bool:
    try:
        merged(length=length)
    except Unreadable:
        return False
    return True


def test_what_differs_in_a_figure_is_disputed_and_what_one_alone_says_is_single() -> None:
    heard = {text: {one.draft: one.stance for one in stances} for text, stances in compared()}
    desks = [stances for text, stances in heard.items() if "desks" in text]

    assert len(desks) == 1
    assert sorted(desks[0].values()) == ["contradicts", "silent", "supports"]
    assert heard["The lease of Acme Corp ends in May."] == {"D1": "silent", "D2": "supports", "D3": "silent"}


def test_the_order_of_the_drafts_changes_no_statement() -> None:
    turned = dict(reversed(DRAFTS.items()))

    def told(heard: Heard) -> Any:
        return [(text, {one.draft: one.quote for one in stances}) for text, stances in heard]

    assert told(compared()) == told(compared(turned))
    assert merged().text == merged(turned).text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=200), min_size=2, max_size=4))
def test_whatever_the_drafts_are_the_answers_are_json_with_the_canary(texts: list[str]) -> None:
    drafts = {f"D{number}": text for number, text in enumerate(texts, start=1)}
    for asked in (
        ask_to_merge(question(), WHO, list(drafts), drafts, "", ""),
        ask_for_consensus(question(), WHO, list(drafts), drafts, "", ""),
    ):
        assert json.loads(said(asked))["canary"] == asked.canary
