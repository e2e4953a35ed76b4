"""Finds the crew a person means, also one that only its statements still speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crewctl.diagnostics.nearest import nearest
from crewctl.errors import NotFoundError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def known_crews(project: Project) -> list[str]:
    """Return every crew that has a file or a statement: one that is gone keeps its statements."""
    files = (path.stem for path in (project.root / "crews").glob("*.yaml"))
    return sorted({*project.approvals.crews(), *files})


def meant_crew(project: Project, crew: str) -> str:
    """Return `crew`; NotFoundError with a near word when there is none of that name."""
    known = known_crews(project)
    if crew not in known:
        meant = nearest(crew, known)
        advice = f"did you mean '{meant}'?" if meant else "see the crews with: crewctl list"
        raise NotFoundError(f"there is no crew '{crew}'", help=advice)
    return crew
