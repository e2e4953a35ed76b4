"""``crewctl verdict``: whether a verdict holds."""

from __future__ import annotations

import click

from crewctl.cli.command import CONTEXT, ExampleGroup, declare
from crewctl.cli.complete import complete_runs
from crewctl.cli.output import Format, output_option
from crewctl.errors import Exit

_EXAMPLES = (
    "crewctl verdict verify last",
    "crewctl verdict verify registry/reports/outreach-email/20261121-091502-7f3a.json",
)


class VerdictGroup(ExampleGroup):
    """Shows its examples as every command does."""

    examples = _EXAMPLES


@click.group("verdict", cls=VerdictGroup, context_settings=CONTEXT)
def command() -> None:
    """Check that a market's verdict holds."""


@declare("verify", *_EXAMPLES, short_help="Work a verdict out again and hold it against its drafts.")
@click.argument("report", shell_complete=complete_runs)
@output_option
def verify(report: str, form: Format) -> int:
    """Check that a verdict follows from its passes, and its digests and quotes from its drafts.

    REPORT is the file of a report, which needs no project and no network, or a run (an id, its
    beginning, or 'last'), which is held against its plan, its stored drafts and the judges' stored answers
    too. The command ends with exit 1 when anything does not hold. Prompts and answers of judges are not
    in a report: by a file alone only their digests can be compared.
    """
    from crewctl.cli.verify_view import checks_of, show_checks  # noqa: PLC0415 - start-up cost

    name, checks = checks_of(report)
    return Exit.DONE if show_checks(name, checks, form) else Exit.FAILED


command.add_command(verify)
