"""``crewctl stop``: ends a run and everything it has started."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_runs
from crewctl.cli.output import note
from crewctl.cli.session import open_project


@declare("stop", "crewctl stop 01J8XK", 'crewctl stop 01J8XK --reason "wrong company"')
@click.argument("run", shell_complete=complete_runs)
@click.option("--reason", default="", help="Why; kept in the run's account.")
def command(run: str, reason: str) -> None:
    """Stop the run whose id begins with RUN: no process of it is left. What was finished is kept."""
    from crewctl.cli.choose_run import choose_run  # noqa: PLC0415 - start-up cost

    project = open_project()
    run_id = choose_run(project.store.run_ids(), run)
    if project.stop(run_id, reason.strip()):
        note(f"{run_id} is stopped. See what was finished: crewctl report {run_id}")
    else:
        note(f"{run_id} was over already: crewctl runs show {run_id}")
