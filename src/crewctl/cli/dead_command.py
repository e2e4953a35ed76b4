"""``crewctl dead``: runs that were set aside because they cannot be finished without a person."""

from __future__ import annotations

import click

from crewctl.cli.command import CONTEXT, ExampleGroup, declare
from crewctl.cli.complete_cards import complete_dead
from crewctl.cli.output import Format, output_option


class DeadGroup(ExampleGroup):
    """Shows its examples as every command does."""

    examples = (
        "crewctl dead",
        "crewctl dead list -o json",
        "crewctl dead show last",
        'crewctl dead retry last --reason "the provider is back"',
        'crewctl dead drop 20261121-0915 --reason "the customer has left"',
    )


@click.group("dead", cls=DeadGroup, invoke_without_command=True, context_settings=CONTEXT)
@click.pass_context
def command(context: click.Context) -> None:
    """List, run again or put away the runs that were set aside.

    A run is set aside when it failed, after every retry and fallback, while nobody watched: it was
    detached, or asked for by a schedule, a trigger, the spool or the webhook. And when it kept killing
    the process that worked on it. Without a further word this lists them.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_them, form="table")


@declare("list", "crewctl dead list", "crewctl dead list -o json")
@output_option
def list_them(form: Format) -> None:
    """List the runs that were set aside and about which nobody has decided, oldest first."""
    from crewctl.cli.dead_letters import list_dead  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    list_dead(open_project(), form)


@declare("show", "crewctl dead show last", "crewctl dead show 20261121-0915 -o json")
@click.argument("run", shell_complete=complete_dead)
@output_option
def show(run: str, form: Format) -> None:
    """Show why RUN was set aside, what was tried, and what can be done about it."""
    from crewctl.cli.dead_letters import show_dead  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    show_dead(open_project(), run, form)


@declare(
    "retry",
    "crewctl dead retry last",
    'crewctl dead retry 20261121-0915 --detach --reason "the provider is back"',
)
@click.argument("run", shell_complete=complete_dead)
@click.option("--reason", default="", help="Why it may work now; kept in the run's account.")
@click.option("-q", "--quiet", is_flag=True, help="Show nothing while it runs.")
@click.option("-d", "--detach", is_flag=True, help="Leave the run to a worker ('crewctl worker').")
@output_option
def retry(run: str, reason: str, quiet: bool, detach: bool, form: Format) -> int:  # noqa: FBT001 - click's
    """Run the very plan of RUN again, as a new run; the gate is asked anew.

    RUN itself stays as it is and is off the list. If the new run fails or is refused, it is on the list in its place.
    """
    from crewctl.cli.dead_letters import retry_dead  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    return retry_dead(open_project(), run, reason, form, quiet=quiet, detach=detach)


@declare("drop", 'crewctl dead drop last --reason "nobody needs it any more"')
@click.argument("run", shell_complete=complete_dead)
@click.option(
    "--reason",
    required=True,
    help="Why it is not done, in at least 10 characters; kept in the run's account.",
)
@output_option
def drop(run: str, reason: str, form: Format) -> None:
    """Put RUN away for good: it is not done, and the reason is kept."""
    from crewctl.cli.dead_letters import drop_dead  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    drop_dead(open_project(), run, reason, form)


for each in (list_them, show, retry, drop):
    command.add_command(each)
