"""Whom a script's turns are for is spelt as the agents and tasks of the project are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.placeholders import placeholders
from crewctl.catalogue.read_script import ReadScript
from crewctl.diagnostics.nearest import did_you_mean, nearest
from crewctl.diagnostics.problem import Problem, Severity


def scripts_fit(draft: Draft) -> Iterator[Problem]:
    """Yield a warning for every turn that is for somebody whose name is almost that of an agent or task.

    Only for those: CrewAI has roles of its own, such as that of who checks a guardrail.
    """
    agents = draft.catalogue.agents
    names = {
        "agent": [*(spec.role.strip() for spec in agents.values()), *agents],
        "task": list(draft.catalogue.tasks),
    }
    for read in draft.catalogue.scripts.values():
        for kind, known in names.items():
            yield from _misspelt(read, kind, known)


def _misspelt(read: ReadScript, kind: str, known: list[str]) -> Iterator[Problem]:
    for position, turn in enumerate(read.script.turns if read.script is not None else ()):
        whom = getattr(turn.whom, kind)
        if whom is None or nearest(whom, known) is None or any(_may_be(name, whom) for name in known):
            continue
        yield Problem(
            read.source.place(("turns", position, "for", kind)),
            f"unknown-{kind}",
            f"a turn of the script is for the {kind} '{whom}', and there is none",
            did_you_mean(whom, known) or "",
            f"write the {kind}'s name as its file has it, or the turn is never given",
            severity=Severity.WARNING,
        )


def _may_be(name: str, whom: str) -> bool:
    """Tell whether `name` is that of the turn, once the inputs that a role asks for are in it."""
    pattern, end = "", 0
    for _, start, after in placeholders(name):
        pattern, end = f"{pattern}{re.escape(name[end:start])}.*", after
    return re.fullmatch(pattern + re.escape(name[end:]), whom, re.DOTALL) is not None
