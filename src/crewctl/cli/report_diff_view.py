"""The differences between two reports on a screen; texts line by line."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff

import click

from crewctl.audit.events import Change
from crewctl.audit.report_diff import Difference
from crewctl.cli.changes_view import show_changes
from crewctl.cli.difference_groups import both_texts, grouped, is_long
from crewctl.cli.output import heading, say
from crewctl.diagnostics.visible import one_line, visible

_MOST_LINES = 5_000
"""Lines of both texts compared one by one; of longer texts only their lengths are told."""
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show_differences(
    before: str, after: str, differences: Sequence[Difference], changes: Sequence[Change]
) -> None:
    """Print what differs; `changes` are those of the plan."""
    heading(f"From {before} to {after}")
    if not differences:
        say("nothing but times differs", indent=2)
    for title, group in grouped(differences):
        heading(title)
        for difference in group:
            _difference(difference)
    if changes:
        heading("The plan, field by field")
        show_changes(changes)


def _difference(difference: Difference) -> None:
    old, new = both_texts(difference)
    place = click.style(one_line(difference.place), bold=True)
    if not is_long(difference):
        click.echo(f"  {place}: {one_line(old)} → {one_line(new)}")
        return
    click.echo(f"  {place}:")
    before, after = visible(old).splitlines(), visible(new).splitlines()
    if len(before) + len(after) > _MOST_LINES:
        say(f"{len(before):,} lines became {len(after):,}, too many to be compared", indent=4)
        return
    lines = list(unified_diff(before, after, lineterm="", n=1))
    for line in lines[2:]:
        click.echo("    " + click.style(line, fg=_COLOURS.get(line[:1])))
