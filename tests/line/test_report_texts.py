"""Texts are taken apart for a report without losing or adding a character."""

from __future__ import annotations

from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crewctl.audit.word_diff import Piece, word_diff
from crewctl.cli.quoted import stretches

TEXTS = st.text(alphabet="ab c,.\n", max_size=60)


@given(TEXTS, TEXTS)
def test_a_comparison_holds_both_texts_whole(before: str, after: str) -> None:
    pieces = word_diff(before, after)

    assert pieces is not None
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert all(piece.text for piece in pieces)


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert word_diff(text, text) == ([Piece("equal", text)] if text else [])


def test_words_that_stay_between_two_changes_read_as_one_change() -> None:
    pieces = word_diff(
        "one two three, then it ends here as before", "six two nine, then it ends here as before"
    )

    assert pieces == [
        Piece("removed", "one two three"),
        Piece("added", "six two nine"),
        Piece("equal", ", then it ends here as before"),
    ]


def test_texts_too_long_for_words_are_compared_by_lines_and_longer_ones_not_at_all() -> None:
    lines = [f"line {n} has some words to compare\n" for n in range(900)]
    changed = [*lines[:500], "another line\n", *lines[501:]]

    by_lines = word_diff("".join(lines), "".join(changed))

    assert by_lines is not None
    assert Piece("removed", lines[500]) in by_lines
    assert word_diff("a b\n" * 9_000, "b a\n" * 9_000) is None


def test_a_comparison_comes_to_an_end_on_texts_made_to_be_slow() -> None:
    start = monotonic()

    word_diff("a b " * 700, "b a " * 700)

    assert monotonic() - start < 10


def test_texts_of_one_word_each_are_compared_by_lines_before_it_takes_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("crewctl.audit.word_diff.MOST_STEPS", 1_000_000)  # not five seconds of a test
    before, after = "a " * 1_499, "b " * 1_499

    assert word_diff(before, after) == [Piece("removed", before), Piece("added", after)]
    assert word_diff("one two", "one three") == [
        Piece("equal", "one "),
        Piece("removed", "two"),
        Piece("added", "three"),
    ]


@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_marking_quotes_keeps_the_text(text: str, quotes: list[str]) -> None:
    found = stretches(text, quotes)

    assert "".join(part.text for part in found) == text
    assert all(part.text for part in found)


@given(TEXTS, st.data())
def test_a_quote_is_found_whatever_blanks_stand_between_its_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    quote = text[start : data.draw(st.integers(start, len(text)))]
    if not quote.strip():
        return

    found = "".join(part.text for part in stretches(text, [" ".join(quote.split())]) if part.quoted)

    assert found.split() == quote.split()


def test_quotes_that_overlap_are_one() -> None:
    found = stretches("one two three four", ["two three", "one two"])

    assert "".join(part.text for part in found if part.quoted) == "one two three"
