"""``crewctl database``: where the machine state is, and how it comes to another database."""

from __future__ import annotations

import click

from crewctl.cli.command import CONTEXT, ExampleGroup, declare
from crewctl.cli.output import Format, output_option


class DatabaseGroup(ExampleGroup):
    """Shows its examples as every command does."""

    examples = (
        "crewctl database status",
        "crewctl database copy --dry-run",
        "crewctl database copy --to postgresql://crewctl_app@db.example.com/crews",
        'crewctl database reopen --reason "the new server was lost"',
    )


@click.group("database", cls=DatabaseGroup, context_settings=CONTEXT)
def command() -> None:
    """See where the machine state is, and move all of it to another database.

    The machine state is the account of every run, the ledger, people's answers, what schedules remember,
    and prompts and outputs. It is in .crewctl, or in the PostgreSQL database that CREWCTL_DATABASE names.
    """


@declare("status", "crewctl database status", "crewctl database status -o json")
@output_option
def status(form: Format) -> None:
    """Show where the machine state is, and how much of it there is."""
    from crewctl.cli.moving import show_status  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    show_status(open_project(), form)


@declare(
    "copy",
    "crewctl database copy --dry-run",
    "crewctl database copy",
    "crewctl database copy --to postgresql://crewctl_app@db.example.com/crews",
    "crewctl database copy --to sqlite",
)
@click.option(
    "--to",
    metavar="URL",
    help="The empty database, or 'sqlite' for .crewctl/crewctl.db. Without it, what CREWCTL_DATABASE_TO names.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be copied, and change nothing.")
@output_option
def copy(to: str | None, dry_run: bool, form: Format) -> None:  # noqa: FBT001 - click passes one parameter for each option, by name
    """Copy everything of the machine state to an empty database, and leave the old one.

    All of it is copied or nothing, and read again before it counts. Runs must be over and workers ended.
    The old database stays as it is and is marked: no command goes on in it by mistake. A copy that is cut
    off can be begun again.

    Put a URL with a password into CREWCTL_DATABASE_TO: an option is seen in the list of processes, and
    kept by the shell.
    """
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.moving import copy_to  # noqa: PLC0415 - start-up cost

    copy_to(open_account(), to, form, dry_run=dry_run)


@declare("reopen", 'crewctl database reopen --reason "the new server was lost"')
@click.option("--reason", required=True, help="Why, in at least 10 characters; kept in the database.")
@output_option
def reopen(reason: str, form: Format) -> None:
    """Go on in a database that was moved, without anything that has happened since.

    It does not know of runs, answers and uses of approvals that the other database has counted since. To
    come back with all of them, copy them back instead, with --to sqlite.
    """
    from crewctl.cli.moving import reopen_it  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    reopen_it(open_project(), reason, form)


for each in (status, copy, reopen):
    command.add_command(each)
