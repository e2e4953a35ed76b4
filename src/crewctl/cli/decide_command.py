"""``crewctl decide``: a person chooses where the judge could not, or where the crew asks people."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_drafts
from crewctl.cli.complete_cards import complete_undecided
from crewctl.cli.output import Format, output_option
from crewctl.errors import Exit, UsageError


@declare(
    "decide",
    "crewctl decide last",
    'crewctl decide last D2 --reason "it names the plant in Ghent, and D1 could be to anybody"',
    'crewctl decide 20261121-0915 D1 --reason "the shortest that says it all" -o json',
)
@click.argument("run", shell_complete=complete_undecided)
@click.argument("draft", required=False, shell_complete=complete_drafts)
@click.option(
    "--reason",
    help="Why this draft, in at least 10 characters; needed with DRAFT, kept with the verdict and shown in "
    "the report.",
)
@output_option
def command(run: str, draft: str | None, reason: str | None, form: Format) -> int:
    """Choose a draft of an undecided run, or without DRAFT read the drafts.

    RUN is an id, its beginning, or 'last'; DRAFT is an id such as D2. The drafts are shown without the
    names of who wrote them. Where the crew asks for a vote, every user of the machine has one ballot, and
    the command ends with exit 8 until enough are in; a level vote waits for one more. Where the registry
    wants four eyes on the crew, whoever asked for the run does not decide it. What is decided cannot be
    changed.
    """
    from crewctl.cli.account import find_run, open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.decide_view import show_case, show_decided  # noqa: PLC0415 - start-up cost

    project = open_account()
    run_id = find_run(project, run)
    if draft is None:
        if reason is not None:
            raise UsageError(
                "a reason is given, but no draft",
                help=f"name the draft: crewctl decide {run_id} DRAFT --reason ...",
            )
        show_case(project.case_of(run_id), form)
        return Exit.DONE
    decided = project.decide(run_id, draft, reason or "")
    show_decided(decided, form)
    return Exit.DONE if decided.event.settled else Exit.UNDECIDED
