"""``crewctl judge``: how far a crew's judges can be trusted."""

from __future__ import annotations

import click

from crewctl.cli.command import CONTEXT, ExampleGroup, declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.output import Format, output_option

EXAMPLES = (
    "crewctl judge agreement outreach-email",
    "crewctl judge agreement outreach-email --runs last:200 --fail-on-drift",
    "crewctl judge agreement outreach-email -o json",
)


class JudgeGroup(ExampleGroup):
    """Shows its examples as every command does."""

    examples = EXAMPLES


@click.group("judge", cls=JudgeGroup, context_settings=CONTEXT)
def command() -> None:
    """See how far a crew's judges can be trusted."""


@declare("agreement", *EXAMPLES, short_help="Show agreement with people, effects of place and length, drift.")
@click.argument("crew", shell_complete=complete_crews)
@click.option(
    "--runs",
    default="last:200",
    show_default=True,
    metavar="RUNS",
    help="Which runs: last:N, since:DATE, or ids with commas between them.",
)
@click.option("--fail-on-drift", is_flag=True, help="End with exit 1 when a figure has changed.")
@output_option
def agreement(crew: str, runs: str, fail_on_drift: bool, form: Format) -> int:  # noqa: FBT001 - click's
    """Show how often people agreed with CREW's judges, and what moves them besides merit.

    Win rates, the effects of a draft's position and length, void passes and ties, each with its 95%
    interval; and a warning with the figures when any of them has changed over the latest runs.
    """
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.agreement_view import agreement as shown  # noqa: PLC0415 - start-up cost

    return shown(open_account(), crew, runs, form, fail_on_drift=fail_on_drift)


command.add_command(agreement)
