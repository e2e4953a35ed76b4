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
_MOST_LINES = 5_000
"""Lines of both texts compared one by one; of longer texts only their lengths are told."""
_GROUPS = {
    "The run": ("crew", "outcome", "simulated", "stopped", ""),
    "The verdict": ("verdict",),
    "The outputs": ("tasks", "contestants", "output"),
    "The plan and its approval": ("plan", "approval", "limits", "versions"),
    "The bill": ("bill",),
}
"""What a reader looks for first, and the beginnings of the places that tell it."""
_KNOWN = {start for starts in _GROUPS.values() for start in starts}
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show_differences(
    before: str, after: str, differences: Sequence[Difference], changes: Sequence[Change]
) -> None:
    """Print what differs; `changes` are those of the plan."""
    heading(f"From {before} to {after}")
    if not differences:
        say("nothing but times differs", indent=2)
    for title, starts in _GROUPS.items():
        group = [
            each for each in differences if _start(each) in starts and not _told_below(each, differences)
        ]
        if group:
            heading(title)
        for difference in sorted(group, key=_is_long):
            _difference(difference)
    if changes:
        heading("The plan, field by field")
        show_changes(changes)


def _told_below(difference: Difference, differences: Sequence[Difference]) -> bool:
    """Return whether this is the text of the choice, and the run's output is the same text."""
    same = difference.model_copy(update={"place": "output"})
    return difference.place == "verdict.final_text" and same in differences


def _start(difference: Difference) -> str:
    start = difference.place.partition(".")[0]
    return start if start in _KNOWN else ""


def _difference(difference: Difference) -> None:
    old, new = (_text(difference.place, value) for value in (difference.before, difference.after))
    place = click.style(one_line(difference.place), bold=True)
    if not _is_long(difference):
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


def _is_long(difference: Difference) -> bool:
    """Return whether the texts need lines of their own."""
    old, new = (_text(difference.place, value) for value in (difference.before, difference.after))
    one_sided = None in (difference.before, difference.after)
    return "\n" in old + new or (not one_sided and len(old) + len(new) > _SHORT)


def _text(place: str, value: Any) -> str:
    if value is None:
        return "nothing"
    if place.endswith("_usd") and isinstance(value, (int, float)):
        return dollars_text(value)
    return str(value)
