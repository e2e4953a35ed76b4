"""``crewctl card``: see what a run asks people, and answer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from crewctl.cli.command import CONTEXT, ExampleGroup, declare
from crewctl.cli.complete_cards import complete_cards
from crewctl.cli.output import Format, output_option

F = TypeVar("F", bound=Callable[..., Any])


class CardGroup(ExampleGroup):
    """Shows its examples as every command does."""

    examples = (
        "crewctl card show 20261121-0915",
        'crewctl card approve 20261121-0915 --reason "figures checked against the report"',
        'crewctl card amend 20261121-0915 --text @letter.txt --reason "the price was wrong"',
        'crewctl card park 20261121-0915 --until 2d --reason "legal looks at it on Monday"',
        'crewctl card skip 20261121-0915 --reason "not to this customer"',
    )


@click.group("card", cls=CardGroup, context_settings=CONTEXT)
def command() -> None:
    """See what a run asks people in the middle of its work, and answer it.

    CARD is an id such as 20261121-091502-7f3a.1, or its beginning; 'show' also takes 'last', the newest
    that waits. The first answer counts, and it is to the very bytes that are shown. What waits is listed
    by 'crewctl inbox'.
    """


_card = click.argument("card", shell_complete=complete_cards)
_reason = click.option(
    "--reason",
    required=True,
    help="Why, in at least 10 characters; kept in the run's account and shown in its report.",
)
_seen = click.option(
    "--seen",
    default="",
    metavar="DIGEST",
    help="The digest of what you looked at, or its beginning; if the card asks about something else, nothing is answered.",
)
_yes = click.option("--yes", is_flag=True, help="Do not ask again at a terminal.")


def _answers(function: F) -> F:
    """Add what every answer takes."""
    return _card(_reason(_seen(_yes(output_option(function)))))


@declare("show", "crewctl card show last", "crewctl card show 20261121-091502-7f3a.2 -o json")
@_card
@output_option
def show(card: str, form: Format) -> None:
    """Show a card: who asks what, the very bytes it is about, and how to answer.

    'last' is the newest card that waits; to be answered, a card has to be named.
    """
    from crewctl.cli.answering import show_one  # noqa: PLC0415 - start-up cost

    show_one(card, form)


@declare(
    "approve",
    'crewctl card approve 20261121-0915 --reason "figures checked against the report"',
    'crewctl card approve 20261121-0915 --seen 3fa9c1d27b40 --reason "read it in the portal" -o json',
)
@_answers
def approve(card: str, reason: str, seen: str, yes: bool, form: Format) -> int:  # noqa: FBT001 - click's
    """Say yes: the run goes on with exactly what the card shows.

    For a card that asks for an approval, a statement is written for exactly this plan and this run.
    """
    from crewctl.cli.answering import Said, give  # noqa: PLC0415 - start-up cost

    return give(Said(card, "approve", reason, seen=seen, yes=yes), form)


@declare(
    "amend",
    'crewctl card amend 20261121-0915 --text "Dear Elena, …" --reason "a warmer beginning"',
    'crewctl card amend 20261121-0915 --text @letter.txt --reason "the price was wrong"',
    'crewctl card amend 20261121-0915 --args \'{"to": "ada@example.eu"}\' --reason "the new address"',
    'crewctl card amend 20261121-0915 --editor --reason "a warmer beginning"',
)
@click.option("--text", metavar="TEXT", help="The text that goes on instead, or @FILE.")
@click.option("--args", "arguments", metavar="JSON", help="The arguments of the call instead, or @FILE.")
@click.option("--editor", is_flag=True, help="Change what the card shows in your editor.")
@_answers
def amend(  # noqa: PLR0913, PLR0917 - click passes one parameter for each option, by name
    card: str,
    reason: str,
    seen: str,
    text: str | None,
    arguments: str | None,
    editor: bool,  # noqa: FBT001 - click passes flags by name
    yes: bool,  # noqa: FBT001 - click passes flags by name
    form: Format,
) -> int:
    """Put something else in the place of what the card shows; the difference is kept.

    An amended text is what the run goes on with. Amended arguments of a tool's call make a new card:
    a change needs a yes of its own. Of a call that may have happened, say with --text what came of it.
    """
    from crewctl.cli.amending import Instead  # noqa: PLC0415 - start-up cost
    from crewctl.cli.answering import Said, give  # noqa: PLC0415 - start-up cost

    instead = Instead(text=text, arguments=arguments, editor=editor)
    return give(Said(card, "amend", reason, seen=seen, yes=yes, instead=instead), form)


@declare(
    "park",
    'crewctl card park 20261121-0915 --until 2d --reason "legal looks at it on Monday"',
    'crewctl card park 20261121-0915 --until 2026-12-01 --reason "after the board has met"',
)
@click.option(
    "--until",
    required=True,
    metavar="WHEN",
    help="A duration such as 2d, or a date such as 2026-12-01 or 2026-12-01T09:00, in UTC.",
)
@_card
@_reason
@output_option
def park(card: str, reason: str, until: str, form: Format) -> int:
    """Put the card off: it comes back at its date, with its whole time to be answered."""
    from crewctl.cli.amending import moment_of  # noqa: PLC0415 - start-up cost
    from crewctl.cli.answering import Said, give  # noqa: PLC0415 - start-up cost

    return give(Said(card, "park", reason, yes=True, until=moment_of(until)), form)


@declare("skip", 'crewctl card skip 20261121-0915 --reason "not to this customer"')
@_answers
def skip(card: str, reason: str, seen: str, yes: bool, form: Format) -> int:  # noqa: FBT001 - click's
    """Say no: the run goes on without it.

    An output that is skipped counts as that of a task that came to nothing; a call that is skipped is not
    made, and the agent is told so; a run whose approval is skipped ends as not approved.
    """
    from crewctl.cli.answering import Said, give  # noqa: PLC0415 - start-up cost

    return give(Said(card, "skip", reason, seen=seen, yes=yes), form)


for each in (show, approve, amend, park, skip):
    command.add_command(each)
