"""Serves the queue of runs until a signal comes, saying in a line each what is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from crewctl.cli.output import note
from crewctl.diagnostics.visible import one_line
from crewctl.errors import Exit
from crewctl.running.stop import StopFlag

if TYPE_CHECKING:
    from crewctl.wiring import Project


def serve(project: Project, slots: int, *, until_idle: bool, webhook: str | None = None) -> int:
    """Work until SIGINT, SIGTERM or SIGHUP; runs that are not done by then are left to others.

    `webhook` is the address at which signed requests are taken meanwhile.
    """
    with StopFlag().on_signals() as leaving, _listening(project, webhook):
        note(f"Serving the queue with {slots} slot{'s' if slots != 1 else ''}; Ctrl-C leaves.")
        project.work(slots, _tell, lambda: leaving.is_set, until_idle=until_idle)
    if leaving.is_set:
        note("Left. What was not finished is back on the queue, for the next worker or 'crewctl resume'.")
    else:
        note("Left: nothing waits for a worker any more.")
    return Exit.DONE


@contextmanager
def _listening(project: Project, webhook: str | None) -> Iterator[None]:
    if webhook is None:
        yield
        return
    from crewctl.wiring.webhook_door import webhook_of  # noqa: PLC0415 - start-up cost

    door = webhook_of(project, webhook, _tell)
    note(f"Taking signed requests at http://{door.start()}/kickoff/CREW.")
    if not door.is_loopback:
        note("Other machines can reach that address, and nothing on the way is encrypted: see the how-to.")
    try:
        yield
    finally:
        door.stop()


def _tell(line: str) -> None:
    with suppress(BrokenPipeError):  # work does not end because nobody reads along
        click.echo(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {one_line(line)}", err=True)
