from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest

from crewctl.cli.command_table import COMMANDS
from crewctl.cli.main import line, run
from crewctl.cli.session import Session

Call = Callable[..., Any]


def test_help_lists_every_command_by_what_one_wants_to_do(call: Call) -> None:
    done = call("--help")

    assert done.code == 0
    assert all(f"  {name} " in done.out for name in COMMANDS)
    assert done.out.index("Write a catalogue:") < done.out.index("Run a crew:") < done.out.index("Get help:")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_text_with_an_example_that_names_it(call: Call, name: str) -> None:
    long, short = call(name, "--help"), call(name, "-h")

    assert long.code == short.code == 0
    assert long.out == short.out
    assert "Examples:" in long.out
    assert f"crewctl {name}" in long.out.partition("Examples:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_tells_the_truth_about_where_a_command_lives(name: str) -> None:
    command = import_module(COMMANDS[name].module).command

    assert isinstance(command, click.Command)
    assert command.name == name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    context = click.Context(line)
    command = line.get_command(context, name)

    assert command is not None
    silent = [p.name for p in command.params if isinstance(p, click.Option) and not p.help]
    assert silent == []


def test_an_unknown_command_is_answered_with_the_near_one(call: Call) -> None:
    done = call("kikoff", "x")

    assert (done.code, done.out) == (2, "")
    assert "there is no command 'kikoff'" in done.err
    assert "did you mean 'crewctl kickoff'?" in done.err


def test_an_unknown_command_like_no_other_is_answered_with_the_way_to_the_list(call: Call) -> None:
    assert "see 'crewctl --help'" in call("xyzzy").err


def test_an_unknown_option_is_answered_with_the_near_one(call: Call) -> None:
    done = call("kickoff", "--input-file", "x")

    assert done.code == 2
    assert "no such option '--input-file'" in done.err
    assert "--input" in done.err.partition("ean")[2]
    assert "see 'crewctl kickoff --help'" in done.err


def test_no_command_at_all_is_wrong_usage_and_shows_the_help(call: Call) -> None:
    done = call()

    assert (done.code, done.out) == (2, "")
    assert "Run a crew:" in done.err


def test_the_version_is_the_distributions(call: Call) -> None:
    assert call("--version").out == f"crewctl {version('crewctl')}\n"


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_project_can_be_named_before_and_after_the_command(call: Call, project: Path, place: str) -> None:
    named = ["--project", str(project)]
    words = [*named, "list", "-o", "name"] if place == "before" else ["list", *named, "-o", "name"]

    done = call(*words)

    assert done.code == 0
    assert "company-brief" in done.out.split()


def test_the_project_can_be_named_by_the_environment(
    call: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREWCTL_PROJECT", str(project))

    assert "company-brief" in call("list", "-o", "name").out


def test_a_command_finds_the_project_from_a_folder_within_it(call: Call, project: Path) -> None:
    assert "company-brief" in call("list", "-o", "name", cwd=project / "registry" / "entries").out


def test_outside_a_project_the_next_step_is_named(call: Call) -> None:
    done = call("list")

    assert done.code == 9
    assert "there is no crewctl project" in done.err
    assert "crewctl init" in done.err


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_end_where_the_environment_says_so(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    before, after = Session(), Session()

    run(["--version"], before)
    monkeypatch.setenv(variable, value)
    run(["--version"], after)

    assert (before.colour, after.colour) == (None, False)


def test_a_terminals_colours_end_at_no_color(spawn: Call, project: Path) -> None:
    from_table = spawn("list", "--no-color", cwd=project)

    assert "\x1b" not in from_table.out + from_table.err
