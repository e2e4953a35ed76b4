"""``crewctl resume``: goes on with a run that waits for a worker, has its answers, or lost its process."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_runs
from crewctl.cli.output import Format, output_option


@declare(
    "resume",
    "crewctl resume last",
    "crewctl resume 20261121-09 -o json",
)
@click.argument("run", shell_complete=complete_runs)
@click.option("-q", "--quiet", is_flag=True, help="Show nothing while it runs.")
@output_option
def command(run: str, quiet: bool, form: Format) -> int:  # noqa: FBT001 - click's
    """Go on here with the run whose id begins with RUN ('last' is the newest).

    Finished steps are kept and never done again; the step that was cut off is done again, and what it
    had used stays counted. The approval is asked again first. A run that waits for a person goes on
    once its cards are answered. Where a worker runs, it does all this by itself.
    """
    from crewctl.cli.account import find_run  # noqa: PLC0415 - start-up cost
    from crewctl.cli.running import resume_run  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    project = open_project()
    return resume_run(project, find_run(project, run), form, quiet=quiet)
