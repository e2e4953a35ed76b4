"""Prints what differs between two plans, field by field and prose word by word."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from crewctl.audit.events import Change
from crewctl.diagnostics.visible import one_line
from crewctl.planning.differences import in_words

_MARKED = re.compile(r"\[-(.*?)-\]|\{\+(.*?)\+\}")


def show_changes(changes: Sequence[Change], *, err: bool = False) -> None:
    """Print each changed field on one line: words taken away as ``[-…-]``, words added as ``{+…+}``."""
    for change in changes:
        field, _, rest = one_line(in_words(change)).partition(": ")
        click.echo(f"  {click.style(field, bold=True)}: {_MARKED.sub(_coloured, rest)}", err=err)


def _coloured(found: re.Match[str]) -> str:
    return click.style(found.group(), fg="green" if found.group().startswith("{+") else "red")
