"""``crewctl inbox``: what waits for people, the riskiest first."""

from __future__ import annotations

import click

from crewctl.cli.command import CONTEXT, ExampleGroup, declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.complete_cards import complete_left
from crewctl.cli.output import Format, emit_one, note, output_option


class InboxGroup(ExampleGroup):
    """Shows its examples as every command does."""

    examples = (
        "crewctl inbox",
        "crewctl inbox --crew outreach-email -o json",
        "crewctl inbox --mine",
        "crewctl inbox seen 20261121-0915",
    )


@click.group("inbox", cls=InboxGroup, invoke_without_command=True, context_settings=CONTEXT)
@click.option("--crew", shell_complete=complete_crews, help="Only what concerns this crew.")
@click.option("--mine", is_flag=True, help="Only runs that you asked for.")
@output_option
@click.pass_context
def command(context: click.Context, crew: str | None, mine: bool, form: Format) -> None:  # noqa: FBT001 - click's
    """List what waits for people: the riskiest first, then what has waited longest.

    A card holds up its run until somebody answers it: see it with 'crewctl card show'. Undecided runs are
    settled with 'crewctl decide', runs that were set aside with 'crewctl dead'. Notices and the answers
    of rules are there to be looked at. Parked cards come last, with the day on which they are back.
    """
    if context.invoked_subcommand is not None:
        return
    from crewctl.cli.inbox_view import show_inbox  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    show_inbox(open_project(), form, crew=crew, mine=mine)


@declare(
    "seen",
    "crewctl inbox seen 20261121-0915",
    'crewctl inbox seen 20261121-091502-7f3a.2 --reason "the rule was right"',
)
@click.argument("id", shell_complete=complete_left)
@click.option("--reason", default="", help="What you found; kept in the run's account.")
@output_option
def seen(id: str, reason: str, form: Format) -> None:  # noqa: A002 - the word users see
    """Say that you have looked at a run's notice, or at the answer that a rule gave to a card.

    ID is a run's or a card's, or the beginning of it.
    """
    from crewctl.cli.inbox_view import acknowledged  # noqa: PLC0415 - start-up cost
    from crewctl.cli.session import open_project  # noqa: PLC0415 - start-up cost

    run_id, said = acknowledged(open_project(), id, reason)
    what = said.card or run_id
    row = {"id": what, "run_id": run_id, "card": said.card or None, "by": said.by, "reason": said.reason}
    emit_one(row, what, form, lambda: note(f"{what} is off the list."))


command.add_command(seen)
