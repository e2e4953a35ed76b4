"""``crewctl runs``: which runs there were, and one of them in short."""

from __future__ import annotations

from typing import Any

import click

from crewctl.cli.command import CONTEXT, ExampleGroup, declare
from crewctl.cli.complete import complete_crews, complete_runs
from crewctl.cli.output import Format, emit_one, emit_rows, note, output_option
from crewctl.errors import UsageError

OUTCOMES = (
    "finished",
    "failed",
    "not_approved",
    "limit_reached",
    "stopped",
    "interrupted",
    "undecided",
    "lost",
    "running",
    "requested",
)
STATUSES = ("requested", "queued", "running", "waiting", "lost", "closed")


class RunsGroup(ExampleGroup):
    """Shows its examples as every command does."""

    examples = (
        "crewctl runs",
        "crewctl runs --crew outreach-email --last 5",
        "crewctl runs --outcome lost -o json",
        "crewctl runs --waiting",
        "crewctl runs show last",
    )


@click.group("runs", cls=RunsGroup, invoke_without_command=True, context_settings=CONTEXT)
@click.option("--crew", shell_complete=complete_crews, help="Only runs of this crew.")
@click.option(
    "--outcome",
    type=click.Choice(OUTCOMES),
    metavar="OUTCOME",
    help="Only runs that ended so: finished, failed, not_approved, limit_reached, stopped, interrupted, "
    "undecided or lost; or that are running.",
)
@click.option(
    "--status",
    type=click.Choice(STATUSES),
    metavar="STATUS",
    help="Only runs that are requested, queued, running, waiting, lost or closed now.",
)
@click.option("--waiting", is_flag=True, help="Only runs that wait for people; the same as --status waiting.")
@click.option(
    "--last",
    "most",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="At most so many.",
)
@output_option
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - click passes one parameter for each option, by name
    context: click.Context,
    crew: str | None,
    outcome: str | None,
    status: str | None,
    waiting: bool,  # noqa: FBT001 - click passes flags by name
    most: int,
    form: Format,
) -> None:
    """List runs, newest first.

    A run that waits says for how many cards and since when. One whose process died is shown as lost,
    with what it had finished. Tokens with a star count
    calls of unknown usage at their whole reservation.
    """
    if context.invoked_subcommand is not None:
        return
    if waiting and status not in {None, "waiting"}:
        raise UsageError(f"--waiting and --status {status} contradict each other", help="give one of them")
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.run_rows import COLUMNS, data_row, is_starred, runs, table_row  # noqa: PLC0415 - start-up cost
    from crewctl.cli.suspended_view import may_be_suspended, note_if_suspended  # noqa: PLC0415 - the same

    row = table_row if form == "table" else data_row
    meant = "waiting" if waiting else status
    project = open_account()
    found = list(runs(project, crew=crew, outcome=outcome, status=meant, most=most))
    emit_rows([row(each) for each in found], COLUMNS, form)
    if form == "table" and any(is_starred(each.bill.total) for each in found):
        note(
            "* Calls that never came back, or whose usage nobody told, are counted at their whole reservation."
        )
    if form == "table" and may_be_suspended(project):
        for name in sorted({each.state.crew for each in found if each.state.closing is None}):
            note_if_suspended(project, name)


@declare("show", "crewctl runs show last", "crewctl runs show 20261121-09 -o yaml")
@click.argument("run", shell_complete=complete_runs)
@output_option
def show(run: str, form: Format) -> None:
    """Show one run: who asked, who approved, its steps, and what it used.

    RUN is an id, its beginning, or 'last'.
    """
    from crewctl.audit.bill import fold_bill  # noqa: PLC0415 - start-up cost
    from crewctl.cli.account import open_account, records_of, state_now  # noqa: PLC0415 - start-up cost
    from crewctl.cli.run_rows import run_page  # noqa: PLC0415 - start-up cost
    from crewctl.cli.run_view import show_run  # noqa: PLC0415 - start-up cost

    project = open_account()
    records = records_of(project, run)
    state, bill = state_now(project, records), fold_bill(records)
    page: dict[str, Any] = run_page(state, bill)
    emit_one(page, state.run_id, form, lambda: show_run(state, bill))
    if form == "table" and state.status in {"queued", "waiting", "lost"} and state.closing is None:
        from crewctl.wiring.packages import awaited_packages  # noqa: PLC0415 - start-up cost

        if awaited := awaited_packages(project, state.run_id):
            note(awaited)


command.add_command(show)
