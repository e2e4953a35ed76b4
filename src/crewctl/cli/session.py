"""What the whole command line knows: the options that hold for every command, and the open project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # `crewctl --help` must not pay for the project's rooms
    from crewctl.wiring import Project


@dataclass
class Session:
    """The global options; `colour` None means on a terminal only, and `opener` lets a test bring its project.

    `opened` is the project once a command has opened it: a failure is shown with its files' text.
    """

    project: Path | None = None
    colour: bool | None = None
    opener: Callable[[Path | None], Project] | None = None
    opened: Project | None = None


def session() -> Session:
    """Return the session of the command that is running."""
    return click.get_current_context().ensure_object(Session)


def open_project() -> Project:
    """Open the project that the user stands in or named; NotFoundError when there is none."""
    chosen = session()
    if chosen.opened is None:
        chosen.opened = _opener(chosen)(chosen.project)
    return chosen.opened


def _opener(chosen: Session) -> Callable[[Path | None], Project]:
    if chosen.opener is not None:
        return chosen.opener
    from crewctl.wiring import open_project as wired  # noqa: PLC0415 - start-up cost

    return wired


def _remember_project(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.ensure_object(Session).project = value


def _drop_colour(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's callback
    if not value:
        return
    context.ensure_object(Session).colour = False
    step: click.Context | None = context
    while step is not None:
        step.color = False
        step = step.parent


def global_options() -> list[click.Parameter]:
    """Return the options that are taken before a command's name and after it."""
    return [
        click.Option(
            ["--project"],
            type=click.Path(path_type=Path),
            expose_value=False,
            callback=_remember_project,
            metavar="DIR",
            help="The project to work in (default: CREWCTL_PROJECT, then the folder you stand in or above).",
        ),
        click.Option(
            ["--no-color"],
            is_flag=True,
            expose_value=False,
            callback=_drop_colour,
            help="No colours; the same as setting NO_COLOR.",
        ),
    ]


def with_global_options(command: click.Command) -> click.Command:
    """Add the global options to a command and, for a group, to what is in it."""
    taken = {opt for parameter in command.params for opt in parameter.opts}
    command.params += [option for option in global_options() if not taken.intersection(option.opts)]
    for nested in getattr(command, "commands", {}).values():
        with_global_options(nested)
    return command
