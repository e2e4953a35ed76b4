from __future__ import annotations

import json

import click
import pytest
import yaml
from click.testing import CliRunner

from crewctl.cli.amounts import clock, count, duration, money
from crewctl.cli.output import FORMATS, emit_one, emit_rows

HOSTILE = "\x1b[31mred\x07 \x9b2J \u202egnp \U000e0041 plain"
ROWS = [
    {"name": "müller", "many": ["a", "b"], "flag": True, "none": None, "more": HOSTILE},
    {"name": "日本", "many": [], "flag": False, "none": None, "more": "two\nlines"},
]


def _written(form: str) -> str:
    @click.command()
    def write() -> None:
        emit_rows(ROWS, ("name", "many", "flag", "none", "more"), form)

    return CliRunner().invoke(write).output


@pytest.mark.parametrize("form", FORMATS)
def test_no_form_lets_a_control_character_through(form: str) -> None:
    written = _written(form)

    assert [c for c in written if c != "\n" and not c.isprintable()] == []


def test_json_and_yaml_give_the_values_back_as_they_were() -> None:
    assert json.loads(_written("json")) == ROWS
    assert [json.loads(line) for line in _written("jsonl").splitlines()] == ROWS
    assert yaml.safe_load(_written("yaml")) == ROWS


def test_letters_of_every_language_stay_readable_in_json() -> None:
    assert "müller" in _written("json")
    assert "日本" in _written("jsonl")


def test_a_table_is_aligned_by_what_a_terminal_shows() -> None:
    head, first, second = _written("table").splitlines()

    assert head.split()[:3] == ["NAME", "MANY", "FLAG"]
    # Two wide letters take four cells.
    assert first.index("a, b") - 2 == second.index("-")
    assert "\\x1b[31mred" in first
    assert "two\\nlines" in second


def test_names_alone_are_one_a_line() -> None:
    assert _written("name").splitlines() == ["müller", "日本"]


def test_a_table_of_nothing_is_its_heading() -> None:
    @click.command()
    def write() -> None:
        emit_rows([], ("name", "more_of_it"), "table")

    assert CliRunner().invoke(write).output == "NAME  MORE OF IT\n"


@pytest.mark.parametrize("form", FORMATS)
def test_one_thing_is_written_in_every_form(form: str) -> None:
    @click.command()
    def write() -> None:
        emit_one({"name": "x", "deep": {"a": [1]}}, "x", form, lambda: click.echo("shown"))

    written = CliRunner().invoke(write).output

    assert {"table": "shown\n", "name": "x\n"}.get(form, written) == written
    if form in {"json", "jsonl", "yaml"}:
        assert yaml.safe_load(written) == {"name": "x", "deep": {"a": [1]}}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0004, "0ms"), (0.85, "850ms"), (4, "4s"), (4.25, "4.2s"), (90, "1m30s"), (5400, "1h30m")],
)
def test_durations_are_said_in_the_unit_that_fits(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("pico", "said"),
    [(None, "unknown"), (0, "$0"), (5 * 10**11, "$0.50"), (27 * 10**7, "$0.00027"), (1, "<$0.000000001")],
)
def test_a_cost_is_never_said_to_be_zero_when_it_is_not(pico: int | None, said: str) -> None:
    assert money(pico) == said


def test_counts_and_clocks_read_well() -> None:
    assert (count(1, "turn"), count(12_345, "token"), count(None)) == ("1 turn", "12,345 tokens", "unbounded")
    assert (clock(7), clock(750), clock(3723)) == ("0:07", "12:30", "1:02:03")
