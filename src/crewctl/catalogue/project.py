"""Find the project that a command is about."""

from __future__ import annotations

from pathlib import Path

from crewctl.errors import NotFoundError

_MARKS = ("crews", "config")


def find_project(start: Path, explicit: Path | None) -> Path:
    """Return the root of the project: `explicit`, or the nearest folder above `start` that is one.

    A project has the folders ``crews`` and ``config``. Raises NotFoundError when there is none.
    """
    if explicit is not None:
        root = explicit.expanduser().resolve()
        if not _is_project(root):
            raise NotFoundError(
                f"{explicit} is not a crewctl project: it has no crews and config folders",
                help="name a project's folder, or start one with crewctl init",
            )
        return root
    here = start.resolve()
    for folder in (here, *here.parents):
        if _is_project(folder):
            return folder
    raise NotFoundError(
        f"there is no crewctl project in {start} or above it",
        help="change into a project, name one with --project, or start one with crewctl init",
    )


def _is_project(folder: Path) -> bool:
    return all((folder / mark).is_dir() for mark in _MARKS)
