"""Answers a shell's questions about cards, undecided runs and what waits to be looked at; never fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from crewctl.cli.complete import Completer, project_root

if TYPE_CHECKING:  # a shell that does not ask pays for nothing
    from crewctl.wiring import Project


def _completer(names: Callable[[Project], Sequence[str]]) -> Completer:
    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        from crewctl.errors import CrewctlError  # noqa: PLC0415 - only a shell's question needs it
        from crewctl.wiring import Project  # noqa: PLC0415 - only a shell's question needs it

        root = project_root(context)
        try:
            found = () if root is None else names(Project(root))
        except (CrewctlError, OSError):
            # A shell shows whatever is printed here in the middle of the prompt: better nothing.
            return []
        return [name for name in found if name.startswith(incomplete)]

    return complete


def _open(project: Project) -> Sequence[str]:
    return [place.card for place in project.store.open_cards()]


def _left(project: Project) -> Sequence[str]:
    return [
        each.card or each.run_id for each in project.store.leftovers() if each.what in ("notice", "sampled")
    ]


def _undecided(project: Project) -> Sequence[str]:
    return [each.run_id for each in project.store.leftovers() if each.what == "undecided"]


def _dead(project: Project) -> Sequence[str]:
    return [each.run_id for each in project.store.leftovers() if each.what == "dead_letter"]


complete_cards = _completer(_open)
complete_dead = _completer(_dead)
complete_left = _completer(_left)
complete_undecided = _completer(_undecided)
