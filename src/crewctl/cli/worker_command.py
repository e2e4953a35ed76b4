"""``crewctl worker``: serves the queue of runs."""

from __future__ import annotations

import click

from crewctl.cli.command import declare

SLOTS = 2


@declare(
    "worker",
    "crewctl worker",
    "crewctl worker --slots 4",
    "crewctl worker --until-idle",
    "crewctl worker --webhook 127.0.0.1:8787",
)
@click.option(
    "--slots",
    type=click.IntRange(1, 64),
    default=SLOTS,
    show_default=True,
    help="Runs at once, in each worker of this project. A run that waits for a person takes none.",
)
@click.option("--until-idle", is_flag=True, help="Leave when no run waits for a worker any more.")
@click.option(
    "--webhook",
    metavar="[HOST:]PORT",
    help="Also take signed requests there that kick crews off: POST /kickoff/CREW. Without a host only "
    "this machine reaches it.",
)
def command(slots: int, until_idle: bool, webhook: str | None) -> int:  # noqa: FBT001 - click's
    """Do the runs that 'crewctl kickoff --detach', schedules and events ask for, until Ctrl-C.

    A worker takes back what a worker that died has left, and goes on with runs whose cards are answered.
    Several may serve one project; on several machines with CREWCTL_DATABASE set to PostgreSQL. The
    keys that models name must be in each worker's environment.
    """
    from crewctl.cli.serving import serve  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    return serve(open_project(), slots, until_idle=until_idle, webhook=webhook)
