"""The options by which a market is judged otherwise than its file says: ``--judge``, ``--rubric``, ``--protocol``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from crewctl.cli.complete import complete_panel, complete_rubrics
from crewctl.errors import UsageError

PROTOCOLS = ("balanced_top3", "both_orders", "all_pairs", "listwise_rotations", "single", "adaptive")


def judging_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; it gets them as one argument `overrides`."""

    @wraps(function)
    def made(*args: Any, judge: str | None, rubric: str | None, protocol: str | None, **kwargs: Any) -> Any:
        from crewctl.planning.overrides import Overrides  # noqa: PLC0415 - a help text must not import plans

        overrides = Overrides(_names(judge), rubric, protocol)
        return function(*args, overrides=overrides, **kwargs)

    options = (
        click.option(
            "--judge",
            metavar="AGENT[,AGENT…]",
            shell_complete=complete_panel,
            help="Judge with this agent, or with a panel of several.",
        ),
        click.option(
            "--rubric", metavar="RUBRIC", shell_complete=complete_rubrics, help="Judge by this rubric."
        ),
        click.option("--protocol", type=click.Choice(PROTOCOLS), help="Judge by this protocol."),
    )
    for option in reversed(options):
        made = option(made)
    return made


def _names(judge: str | None) -> tuple[str, ...]:
    if judge is None:
        return ()
    names = tuple(name.strip() for name in judge.split(","))
    if not all(names):
        raise UsageError("--judge names nobody", help="write --judge AGENT, or --judge AGENT,AGENT")
    return names
