"""``crewctl stop``: ends a run, or every run, and everything it has started."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews, complete_runs
from crewctl.cli.output import Format, emit_one, note, output_option
from crewctl.errors import Exit, UsageError


@declare(
    "stop",
    "crewctl stop last",
    'crewctl stop 20261121-09 --reason "wrong company"',
    'crewctl stop --all --reason "the provider leaks prompts"',
    'crewctl stop --all --crew outreach-email --reason "wrong list of addresses" --yes',
)
@click.argument("run", required=False, shell_complete=complete_runs)
@click.option("--all", "every", is_flag=True, help="Stop every run that is not over, riskiest first.")
@click.option("--crew", shell_complete=complete_crews, help="With --all: only the runs of this crew.")
@click.option("--reason", default="", help="Why; kept in the run's account. Needed with --all.")
@click.option("-y", "--yes", is_flag=True, help="With --all: do not ask first.")
@output_option
def command(run: str | None, every: bool, crew: str | None, reason: str, yes: bool, form: Format) -> int:  # noqa: FBT001 - click passes one parameter for each option, by name
    """Stop the run whose id begins with RUN ('last' is the newest): no process of it is left.

    What was finished is kept. A run that waits for people or for a worker is closed at once, and its
    cards with it. With --all the runs are shown and you are asked first; exit 1 if one of them did not end.
    """
    from crewctl.audit.reasons import checked_reason  # noqa: PLC0415 - start-up cost
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost

    _refuse_senseless(run, crew, every=every, yes=yes)
    why = checked_reason(reason, least=1 if every else 0)
    project = open_account()
    if run is None:
        from crewctl.cli.meant_crew import meant_crew  # noqa: PLC0415 - start-up cost
        from crewctl.cli.stopping import stop_all  # noqa: PLC0415 - start-up cost

        meant = None if crew is None else meant_crew(project, crew)
        return stop_all(project, meant, why, form, yes=yes)
    from crewctl.cli.account import find_run  # noqa: PLC0415 - start-up cost

    run_id = find_run(project, run)
    stopped = project.stop(run_id, why)
    emit_one({"run": run_id, "stopped": stopped}, run_id, form, lambda: None)
    if stopped:
        note(f"{run_id} is stopped. See what became of it: crewctl runs show {run_id}")
    else:
        note(f"{run_id} was over already: crewctl runs show {run_id}")
    return Exit.DONE


def _refuse_senseless(run: str | None, crew: str | None, *, every: bool, yes: bool) -> None:
    if every == (run is not None):
        raise UsageError(
            "both a run and --all are given" if every else "no run is given",
            help="name one run, or stop all of them with --all --reason ...",
        )
    if not every and (crew or yes):
        raise UsageError("--crew and --yes belong to --all", help="leave them out to stop one run")
