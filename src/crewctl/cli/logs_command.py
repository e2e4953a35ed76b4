"""``crewctl logs``: what happened in a run line by line, or what one of its steps printed."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_runs
from crewctl.cli.output import FORMATS, Format
from crewctl.errors import UsageError


@declare(
    "logs",
    "crewctl logs last",
    "crewctl logs last --follow",
    "crewctl logs last --step 1.research",
    "crewctl logs 20261121-09 -o jsonl",
)
@click.argument("run", default="last", shell_complete=complete_runs)
@click.option("-f", "--follow", is_flag=True, help="Wait for more until the run ends.")
@click.option("--step", metavar="STEP", help="Show what this step's process printed instead.")
@click.option(
    "-o", "--output", "form", type=click.Choice(FORMATS), default="table", help="How events are written."
)
def command(run: str, *, follow: bool, step: str | None, form: Format) -> None:
    """Show a run's events, one line each; --step shows what a step's process printed.

    RUN is an id, its beginning, or 'last' (the default).
    """
    if follow and (step or form not in ("table", "jsonl")):
        raise UsageError(
            "--follow writes events as lines", help="leave --step out, and use -o table or -o jsonl"
        )
    from crewctl.cli.account import find_run, open_account, state_now  # noqa: PLC0415 - start-up cost
    from crewctl.cli.log_view import follow_run, show_events, show_printed  # noqa: PLC0415 - start-up cost

    project = open_account()
    run_id = find_run(project, run)
    if step is not None:
        show_printed(project, run_id, step)
    elif follow:
        follow_run(project, run_id, form)
    else:
        from crewctl.cli.waiting_view import note_waiting  # noqa: PLC0415 - start-up cost

        show_events(project, run_id, form)
        note_waiting(state_now(project, project.store.events_of(run_id)))
