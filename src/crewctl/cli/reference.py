"""Writes the reference page of the commands from their own help texts."""

from __future__ import annotations

import click

from crewctl.cli.command_table import SECTIONS
from crewctl.cli.main import line
from crewctl.cli.row_keys import ROW_KEYS

WIDTH = 96
INTRODUCTION = """\
This page is made from the help texts: `crewctl COMMAND --help` says the same. Results go to stdout, notes and
progress to stderr. `-o json` and `-o yaml` give the whole result, `-o jsonl` one line for each row, `-o name`
names alone; off a terminal nothing is coloured and nothing is asked. [Exit codes](exit-codes.md) tell scripts
what happened.
"""

ROWS = """\
`-o json` gives a list of objects with these keys, for `approve` one object. `plan -o json` is the plan
([plan.md](plan.md)); `kickoff`, `rehearse` and `report` give the run's report ([report.md](report.md))."""


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
    parts += _rows()
    for section, entries in SECTIONS.items():
        parts += ["", f"## {section}"]
        for name in entries:
            parts += _of_command(name)
    return "\n".join(parts) + "\n"


def _rows() -> list[str]:
    keys = [f"| `{words}` | {', '.join(f'`{key}`' for key in names)} |" for words, names in ROW_KEYS.items()]
    return ["", "## Rows as data", "", ROWS, "", "| command | keys |", "|---|---|", *keys]


def _of_command(name: str) -> list[str]:
    root = _context(line, "crewctl")
    found = line.get_command(root, name)
    if found is None:
        return []
    parts = ["", f"### crewctl {name}", "", "```text", _help(found, root, name), "```"]
    if isinstance(found, click.Group):
        above = _context(found, name, root)
        for nested, inner in found.commands.items():
            parts += ["", f"#### crewctl {name} {nested}", "", "```text", _help(inner, above, nested), "```"]
    return parts


def _help(command: click.Command, parent: click.Context | None, name: str = "crewctl") -> str:
    return _context(command, name, parent).get_help().rstrip()


def _context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    # Made as for a real call, so that what a command sets for its own context holds here too.
    return command.make_context(
        name, [], parent=parent, resilient_parsing=True, terminal_width=WIDTH, max_content_width=WIDTH
    )
