"""Text and tables on a terminal: folded between words, never cut, and left alone elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO

import click
import pytest

from crewctl.audit.trace import fold_trace
from crewctl.cli.account import state_of
from crewctl.cli.folding import fitting, folded, width
from crewctl.cli.output import emit_rows, pairs, say
from crewctl.cli.trace_view import show_trace
from crewctl.testing.account_samples import Teller, sample_plan
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def _shown(monkeypatch: pytest.MonkeyPatch, show: Callable[[], None], cells: int = 40) -> str:
    """What `show` writes on a terminal of so many columns."""
    monkeypatch.setenv("COLUMNS", str(cells))
    with redirect_stdout(_Terminal()) as screen:
        show()
    return click.unstyle(screen.getvalue())


def _fits(text: str, cells: int) -> bool:
    return all(width(line) <= cells for line in text.splitlines())


def test_a_long_line_is_folded_between_words_with_its_indent() -> None:
    assert folded("  one two three four", 12) == ["  one two", "  three four"]


def test_a_word_too_long_for_the_line_is_not_cut_and_wide_letters_count_twice() -> None:
    assert folded("see registry/reports/outreach/x.json", 10) == ["see", "registry/reports/outreach/x.json"]
    assert folded("日本 日本 日本", 9) == ["日本 日本", "日本"]


@pytest.mark.parametrize("line", ["", "   ", "a  b   c", "    code  # why"])
def test_a_line_that_fits_keeps_every_space(line: str) -> None:
    assert folded(line, 20) == [line]
    assert folded(line, None) == [line]


def test_prose_on_a_terminal_is_folded_and_windows_line_ends_are_no_oddity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = _shown(monkeypatch, lambda: say("word " * 20 + "\r\nlast", indent=2))

    assert _fits(said, 40)
    assert said.endswith("\n  last\n")
    assert said.split() == ["word"] * 20 + ["last"]


def test_a_table_on_a_terminal_fits_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"name": "outreach-email", "says": "word " * 15, "n": 3}
    said = _shown(monkeypatch, lambda: emit_rows([row], ("name", "says", "n"), "table"))

    assert _fits(said, 40)
    assert said.count("word") == 15
    assert said.splitlines()[1].startswith("outreach-email  word")


def test_values_beside_their_names_are_folded_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    said = _shown(monkeypatch, lambda: pairs([("approval", "word " * 12)], indent=2))

    first, *rest = said.splitlines()
    assert _fits(said, 40)
    assert {line.index("word") for line in rest} == {first.index("word")}


def test_columns_that_cannot_be_folded_any_further_are_left_out_from_the_right_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"name": "n" * 18, "state": "done", "why": "w" * 14, "who_said": "anna"}
    said = _shown(monkeypatch, lambda: emit_rows([row], tuple(row), "table"))

    assert said.splitlines()[0].split() == ["NAME", "STATE"]
    assert capsys.readouterr().err.startswith("Left out, for the terminal is too narrow: why, who said")


def test_the_first_column_keeps_its_width_and_no_word_is_cut() -> None:
    columns = [["NAME", "two words"], ["SAYS", "some longer words here"], ["N", "3"]]

    assert fitting(columns, 20, 2) == [9, 6, 1]
    assert fitting(columns, None, 2) == [9, 22, 1]


def test_a_trace_on_a_narrow_terminal_has_the_figures_of_a_long_name_below_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = FakeRunStore()
    teller = Teller(store, FakeContentStore()).begins(sample_plan())
    teller.starts("1.research", "a_researcher_of_many_words", task="research")
    teller.turn("1.research", "a_researcher_of_many_words").ends("1.research", "notes").closes(output="x")

    records = store.events_of("r1")
    trace = fold_trace(records, state_of(records))

    said = _shown(monkeypatch, lambda: show_trace(trace), 60)
    whole = _shown(monkeypatch, lambda: show_trace(trace), 200)

    assert _fits(said, 60)
    assert said.count("1,200 tok") == whole.count("1,200 tok") > 0
    assert len({line.rindex("tok") for line in said.splitlines() if "tok" in line}) == 1
