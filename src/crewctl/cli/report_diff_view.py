"""The differences between two reports on a screen; texts line by line."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff
from typing import Any

import click

from crewctl.audit.events import Change
from crewctl.audit.report_diff import Difference
from crewctl.cli.changes_view import show_changes
from crewctl.cli.output import heading, say
from crewctl.cli.report_view import dollars_text
from crewctl.diagnostics.visible import one_line, visible

_SHORT = 100
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show_differences(
    before: str, after: str, differences: Sequence[Difference], changes: Sequence[Change]
) -> None:
    """Print what differs; `changes` are those of the plan."""
    heading(f"From {before} to {after}")
    if not differences:
        say("nothing but times differs", indent=2)
    for difference in differences:
        _difference(difference)
    if changes:
        heading("The plan")
        show_changes(changes)


def _difference(difference: Difference) -> None:
    old, new = (_text(difference.place, value) for value in (difference.before, difference.after))
    place = click.style(one_line(difference.place), bold=True)
    one_sided = None in (difference.before, difference.after)
    if "\n" not in old + new and (one_sided or len(old) + len(new) <= _SHORT):
        click.echo(f"  {place}: {one_line(old)} → {one_line(new)}")
        return
    click.echo(f"  {place}:")
    lines = list(unified_diff(visible(old).splitlines(), visible(new).splitlines(), lineterm="", n=1))
    for line in lines[2:]:
        click.echo("    " + click.style(line, fg=_COLOURS.get(line[:1])))


def _text(place: str, value: Any) -> str:
    if value is None:
        return "nothing"
    if place.endswith("_usd") and isinstance(value, (int, float)):
        return dollars_text(value)
    return str(value)
