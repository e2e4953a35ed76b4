"""``crewctl stop``: ends a run and everything it has started."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_runs
from crewctl.cli.output import Format, emit_one, note, output_option


@declare("stop", "crewctl stop last", 'crewctl stop 20261121-09 --reason "wrong company"')
@click.argument("run", shell_complete=complete_runs)
@click.option("--reason", default="", help="Why; kept in the run's account.")
@output_option
def command(run: str, reason: str, form: Format) -> None:
    """Stop the run whose id begins with RUN ('last' is the newest): no process of it is left.

    What was finished is kept.
    """
    from crewctl.cli.account import find_run, open_account  # noqa: PLC0415 - start-up cost

    project = open_account()
    run_id = find_run(project, run)
    stopped = project.stop(run_id, reason.strip())
    emit_one({"run": run_id, "stopped": stopped}, run_id, form, lambda: None)
    if stopped:
        note(f"{run_id} is stopped. See what was finished: crewctl report {run_id}")
    else:
        note(f"{run_id} was over already: crewctl runs show {run_id}")
