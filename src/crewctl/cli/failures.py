"""Turns what went wrong into one message on stderr and an exit code; never a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from crewctl.cli.session import Session
from crewctl.diagnostics.unsaid import words_without_secrets
from crewctl.diagnostics.visible import one_line, visible
from crewctl.errors import CrewctlError, Exit, InvalidError

READER_GONE = 141
"""What a shell reports for a program whose reader went away: 128 and SIGPIPE's number."""


def ending(error: BaseException, session: Session) -> int:
    """Say on stderr what happened and return the exit code; SystemExit is passed through."""
    try:
        if isinstance(error, InvalidError):
            _show_problems(error, session)
        return _said(error, colour=session.colour)
    except BrokenPipeError:
        return _quietly()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as second:  # noqa: BLE001 - nothing above this could say it
        second.__context__ = error
        return _bug(second, colour=session.colour)


def _said(error: BaseException, *, colour: bool | None) -> int:
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else Exit.DONE
    if isinstance(error, BrokenPipeError):
        return _quietly()
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        say("interrupted", colour=colour)
        return Exit.INTERRUPTED
    return _failed(error, colour=colour)


def _failed(error: BaseException, *, colour: bool | None) -> int:
    if isinstance(error, CrewctlError):
        return _crewctl(error, colour=colour)
    if isinstance(error, click.ClickException):
        return _usage(error, colour=colour)
    if isinstance(error, OSError) and error.filename is not None:
        say(
            f"{error.filename}: {error.strerror}",
            help="see that it can be read and written, then try again",
            colour=colour,
        )
        return Exit.FAILED
    return _bug(error, colour=colour)


def say(message: str, *, help: str = "", colour: bool | None = None) -> None:  # noqa: A002 - the word users see
    """Print an error and its next step on stderr, made safe for a terminal and without secrets."""
    head = click.style("error:", fg="red", bold=True)
    click.echo(f"{head} {visible(words_without_secrets(message))}", err=True, color=colour)
    if help:
        click.echo(
            f"{click.style('help:', fg='cyan')} {visible(words_without_secrets(help))}",
            err=True,
            color=colour,
        )


def _crewctl(error: CrewctlError, *, colour: bool | None) -> int:
    if getattr(error, "problems", ()):
        # They were shown with their places and help lines, and need not be said again.
        say(getattr(error, "headline", error.message), colour=colour)
    else:
        say(error.message, help=error.help, colour=colour)
    return int(error.exit)


def _show_problems(error: InvalidError, session: Session) -> None:
    problems = getattr(error, "problems", ())
    if not problems:
        return
    from crewctl.diagnostics.render import render  # noqa: PLC0415 - only invalid input needs it

    # What could not be opened has no text to show; then the place alone must do.
    contents = session.opened.catalogue.contents if session.opened is not None else {}
    click.echo(render(problems, contents), err=True, color=session.colour)


def _usage(error: click.ClickException, *, colour: bool | None) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        click.echo(error.format_message(), err=True, color=colour)
        return Exit.USAGE
    message = error.format_message().rstrip(".")
    path = context.command_path if context is not None else "crewctl"
    say(message[:1].lower() + message[1:], help=f"see '{path} --help'", colour=colour)
    return Exit.USAGE


def _quietly() -> int:
    # What is still buffered would raise again when the interpreter flushes at its end.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return READER_GONE


def _bug(error: BaseException, *, colour: bool | None) -> int:
    from crewctl.cli.bug_log import write_bug_log  # noqa: PLC0415 - a bug is the exception

    where = write_bug_log(error, Path.cwd())
    detail = one_line(f"{type(error).__name__}: {error}")[:300]
    say(f"this is a bug in crewctl ({detail}); the details are in {where}", colour=colour)
    return Exit.BUG
