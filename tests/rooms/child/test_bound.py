"""The bound on a prompt's tokens is never below what it may come to, and tightens with what is known."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from crewctl.adapters.crewai_bound import PromptBound, as_messages, text_bound

MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": st.text()})
)


@given(st.text())
def test_the_bound_covers_the_bytes_of_both_forms(text: str) -> None:
    for form in (text, unicodedata.normalize("NFKC", text)):
        assert text_bound(text) >= len(form.encode("utf-8", "surrogatepass"))


@given(MESSAGES, MESSAGES)
def test_more_messages_never_mean_a_lower_bound(
    first: list[dict[str, str]], more: list[dict[str, str]]
) -> None:
    bound = PromptBound()

    assert bound.of("m", first + more, [])[0] >= bound.of("m", first, [])[0]


@given(MESSAGES, MESSAGES)
def test_a_counted_prefix_replaces_its_bytes(first: list[dict[str, str]], more: list[dict[str, str]]) -> None:
    bound = PromptBound()
    before, key = bound.of("m", first, [])
    longer = bound.of("m", first + more, [])[0]
    bound.learn(key, 1)

    learnt = bound.of("m", first + more, [])[0]

    assert learnt == longer if not first else learnt == longer - before + 1


def test_a_count_of_nothing_is_not_believed() -> None:
    bound = PromptBound()
    messages = as_messages("hello")
    before, key = bound.of("m", messages, [])
    bound.learn(key, 0)

    assert bound.of("m", messages, [])[0] == before


def test_what_is_known_of_one_model_or_tool_list_says_nothing_of_another() -> None:
    bound = PromptBound()
    messages = as_messages("hello " * 50)
    bound.learn(bound.of("m", messages, [])[1], 3)

    assert bound.of("m", messages, [])[0] == 3
    assert bound.of("other", messages, [])[0] > 300
    assert bound.of("m", messages, [{"name": "tool"}])[0] > 300


def test_tool_calls_and_parts_that_are_not_text_count() -> None:
    bound = PromptBound()
    bare = bound.of("m", [{"role": "assistant", "content": None}], [])[0]
    call = {"id": "1", "function": {"name": "n", "arguments": "x" * 200}}

    assert bound.of("m", [{"role": "assistant", "content": None, "tool_calls": [call]}], [])[0] > bare + 200
    assert bound.of("m", [{"role": "user", "content": [{"text": "x" * 200}]}], [])[0] > bare + 200
