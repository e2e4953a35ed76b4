"""The command line's front door: finds the command, runs it, turns every ending into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from crewctl.cli.command import CONTEXT
from crewctl.cli.command_table import COMMANDS, SECTIONS
from crewctl.cli.session import Session, global_options, with_global_options

COMPLETION = "_CREWCTL_COMPLETE"
"""The variable by which a shell's completion script asks."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return every command's name, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import one command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(COMMANDS[cmd_name].module).command
        return with_global_options(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise _no_such_command(args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the commands by what a person wants to do."""
        for section, entries in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(f"{name:<10}", entry.help) for name, entry in entries.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete a command's name from the table, without importing the command."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell's question needs it

        names = [
            CompletionItem(name, help=entry.help)
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names or click.Command.shell_complete(self, ctx, incomplete)


def _no_such_command(word: str) -> Exception:
    from crewctl.diagnostics.nearest import nearest  # noqa: PLC0415 - only needed to answer a slip
    from crewctl.errors import UsageError  # noqa: PLC0415 - the same

    meant = nearest(word, COMMANDS)
    advice = f"did you mean 'crewctl {meant}'?" if meant else "see 'crewctl --help' for the commands"
    return UsageError(f"there is no command '{word}'", help=advice)


def _print_version(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's callback
    if not value or context.resilient_parsing:
        return
    from importlib.metadata import version  # noqa: PLC0415 - slow to import, and seldom asked

    click.echo(f"crewctl {version('crewctl')}")
    context.exit()


def _version_option() -> click.Option:
    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_print_version,
        help="Print the version and exit.",
    )


line = LazyGroup(
    "crewctl",
    params=[*global_options(), _version_option()],
    context_settings=CONTEXT,
    no_args_is_help=True,
    help="CrewAI crews in YAML, and the registry that every kickoff goes through.",
    epilog="Start with 'crewctl init', then 'crewctl rehearse company-brief'.",
)


def run(args: Sequence[str] | None = None, session: Session | None = None) -> int:
    """Run one command line and return its exit code; whatever happens, no traceback is shown."""
    session = session or Session()
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        session.colour = False
    _speak_any_terminals_language()
    try:
        code = _invoke(list(sys.argv[1:] if args is None else args), session)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the last place that can turn it into a message
        from crewctl.cli.failures import ending  # noqa: PLC0415 - only a failure needs it

        return ending(error, session)
    return code


def _speak_any_terminals_language() -> None:
    # A terminal that cannot show a letter gets its number; that must never look like a bug.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _invoke(args: list[str], session: Session) -> int:
    # Not click's own main(): it would end the process itself, and take a reader that went away for a failure.
    asked = os.environ.get(COMPLETION)
    if asked:
        from click.shell_completion import shell_complete  # noqa: PLC0415 - only a shell's question needs it

        return shell_complete(line, {"obj": session}, "crewctl", COMPLETION, asked)
    try:
        with line.make_context("crewctl", args, obj=session, color=session.colour) as context:
            result = line.invoke(context)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    return result if isinstance(result, int) else 0
