"""Chooses how a run is watched: drawn live on a terminal, one line per event anywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from crewctl.audit.events import Recorded
from crewctl.audit.log_lines import log_line
from crewctl.cli.session import session
from crewctl.planning.plan import Plan

Watch = Callable[[Recorded], None]


@contextmanager
def watching(plan: Plan, *, quiet: bool = False, before: Sequence[Recorded] = ()) -> Iterator[Watch]:
    """Give the function that hears every event; what it shows goes to stderr.

    Of a run that goes on, `before` is what happened until now: it is part of the picture.
    """
    if quiet:
        yield lambda _: None
    elif _on_terminal():
        from crewctl.cli.live_view import LiveView  # noqa: PLC0415 - rich is only for terminals

        colour = session().colour is not False
        with LiveView(plan, colour=colour) as view:
            for record in before:
                view.see(record)
            yield view.see
    else:
        yield _one_line


def _on_terminal() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in {"", "dumb"}


def _one_line(record: Recorded) -> None:
    # A run does not end because nobody reads along.
    with suppress(BrokenPipeError):
        click.echo(log_line(record), err=True)
