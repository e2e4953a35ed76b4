"""Writes the reference page of the commands from their own help texts."""

from __future__ import annotations

import click

from crewctl.cli.command_table import SECTIONS
from crewctl.cli.main import line

WIDTH = 96
INTRODUCTION = """\
This page is made from the help texts: `crewctl COMMAND --help` says the same. Results go to stdout, notes and
progress to stderr. `-o json` and `-o yaml` give the whole result, `-o jsonl` one line for each row, `-o name`
names alone; off a terminal nothing is coloured and nothing is asked. [Exit codes](exit-codes.md) tell scripts
what happened.
"""


def commands_page() -> str:
    """Return docs/reference/commands.md."""
    parts = [
        "# Commands",
        "",
        INTRODUCTION,
        "```text",
        _help(line, None),
        "```",
    ]
    for section, entries in SECTIONS.items():
        parts += ["", f"## {section}"]
        for name in entries:
            parts += _of_command(name)
    return "\n".join(parts) + "\n"


def _of_command(name: str) -> list[str]:
    root = click.Context(line, info_name="crewctl")
    found = line.get_command(root, name)
    if found is None:
        return []
    parts = ["", f"### crewctl {name}", "", "```text", _help(found, root, name), "```"]
    if isinstance(found, click.Group):
        above = click.Context(found, parent=root, info_name=name)
        for nested, inner in found.commands.items():
            parts += ["", f"#### crewctl {name} {nested}", "", "```text", _help(inner, above, nested), "```"]
    return parts


def _help(command: click.Command, parent: click.Context | None, name: str = "crewctl") -> str:
    context = click.Context(
        command, parent=parent, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH
    )
    return command.get_help(context).rstrip()
