"""Says which crews are suspended, by whom and why, wherever crews are shown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from crewctl.cli.output import note

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def suspensions_of(project: Project, crew: str) -> list[str]:
    """Return one sentence for each suspension of the crew that stands, oldest first."""
    from crewctl.approval.suspension import said_of_suspensions  # noqa: PLC0415 - start-up cost

    return said_of_suspensions(project.approvals, crew)


def note_if_suspended(project: Project, crew: str) -> None:
    """Say on stderr that no approval lets the crew run, where that is so."""
    said = suspensions_of(project, crew)
    for each in said:
        note(f"{crew} is {each}" if each.startswith("suspended by") else each)
    if said:
        note(
            f"No approval lets {crew} run until another person has lifted that: "
            f'crewctl unsuspend {crew} --reason "…"'
        )


def with_suspensions(project: Project, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of crews with ``suspended``: in which words, or None.

    Statements are read only where a file's name says that there may be a suspension.
    """
    if not may_be_suspended(project):
        return [{**row, "suspended": None} for row in rows]
    return [
        {**row, "suspended": "; ".join(suspensions_of(project, str(row["name"]))) or None} for row in rows
    ]


def may_be_suspended(project: Project) -> bool:
    """Tell by the names of the statements alone whether any crew may be suspended: the gate looks closer."""
    folder = project.root / "registry" / "approvals"
    try:
        return folder.is_symlink() or any(name.endswith("-suspended.json") for name in os.listdir(folder))  # noqa: PTH208 - names alone
    except FileNotFoundError:
        return False
    except OSError:
        return True
