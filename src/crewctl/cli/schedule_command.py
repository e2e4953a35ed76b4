"""``crewctl schedule``: what starts crews by itself, when next, and who has paused it."""

from __future__ import annotations

import click

from crewctl.cli.command import CONTEXT, ExampleGroup, declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.output import Format, output_option


class ScheduleGroup(ExampleGroup):
    """Shows its examples as every command does."""

    examples = (
        "crewctl schedule",
        "crewctl schedule next company-brief -n 5",
        'crewctl schedule pause company-brief --reason "the supplier is on holiday"',
        "crewctl schedule resume company-brief",
        "crewctl schedule run company-brief",
        "crewctl schedule starts --last 10",
    )


@click.group("schedule", cls=ScheduleGroup, invoke_without_command=True, context_settings=CONTEXT)
@click.pass_context
def command(context: click.Context) -> None:
    """See what starts crews by itself: schedules and triggers in the entries of crews.

    They are started by 'crewctl worker', each once however many workers there are. Without a further
    word this lists them.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_them, form="table")


@declare("list", "crewctl schedule list", "crewctl schedule list -o json")
@click.argument("crew", required=False, shell_complete=complete_crews)
@output_option
def list_them(crew: str | None, form: Format) -> None:
    """List schedules and triggers: when, the next time, what came of the last start, and who paused it."""
    from crewctl.cli.schedules import list_schedules  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    list_schedules(open_project(), crew, form)


@declare("next", "crewctl schedule next company-brief", "crewctl schedule next company-brief -n 10 -o json")
@click.argument("crew", required=False, shell_complete=complete_crews)
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    metavar="N",
    help="How many times of each schedule.",
)
@output_option
def following(crew: str | None, count: int, form: Format) -> None:
    """Show when CREW starts next, in the schedule's timezone, in this machine's, and in UTC.

    Without CREW, of every crew. A time that the clock leaves out in spring starts when the clock is put
    forward; one that it shows twice in autumn starts the first time.
    """
    from crewctl.cli.schedules import next_times  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    next_times(open_project(), crew, count, form)


@declare("pause", 'crewctl schedule pause company-brief --reason "the supplier is on holiday"')
@click.argument("crew", shell_complete=complete_crews)
@click.option("--reason", required=True, help="Why; shown in the list until it is resumed.")
@output_option
def pause(crew: str, reason: str, form: Format) -> None:
    """Let CREW's schedules and triggers start nothing until they are resumed.

    Runs that go on are not touched, and people can still kick the crew off; to let it run for nobody,
    'crewctl suspend'.
    """
    from crewctl.cli.schedules import pause_crew  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    pause_crew(open_project(), crew, reason, form)


@declare("resume", "crewctl schedule resume company-brief")
@click.argument("crew", shell_complete=complete_crews)
@output_option
def resume(crew: str, form: Format) -> None:
    """Let CREW's schedules and triggers start it again; what passed meanwhile is not made up for."""
    from crewctl.cli.schedules import resume_crew  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    resume_crew(open_project(), crew, form)


@declare("run", "crewctl schedule run company-brief", "crewctl schedule run company-brief --name weekdays")
@click.argument("crew", shell_complete=complete_crews)
@click.option("--name", help="Which schedule, where the crew has several.")
@output_option
def run_now(crew: str, name: str | None, form: Format) -> int:
    """Leave a run of CREW with its schedule's inputs to a worker now, in your own name.

    The schedule itself goes on as if nothing had happened, and also one that is switched off can be tried.
    """
    from crewctl.cli.schedules import run_schedule  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    return run_schedule(open_project(), crew, name, form)


@declare("starts", "crewctl schedule starts", "crewctl schedule starts company-brief --last 50 -o json")
@click.argument("crew", required=False, shell_complete=complete_crews)
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
def starts(crew: str | None, most: int, form: Format) -> None:
    """List what schedules, triggers, files and requests have started, newest first, and what came of it.

    A start that failed has its problems with it, and one that was skipped or missed the reason.
    """
    from crewctl.cli.schedules import list_starts  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    list_starts(open_project(), crew, most, form)


for each in (list_them, following, pause, resume, run_now, starts):
    command.add_command(each)
