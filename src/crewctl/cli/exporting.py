"""Writes a crew out as a plain CrewAI project, never over a file that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crewctl.adapters.plain_export import export_project
from crewctl.cli.inputs import Inputs
from crewctl.cli.rehearsing import with_examples
from crewctl.errors import UsageError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def write_out(project: Project, crew: str, given: Inputs, folder: Path) -> list[str]:
    """Write every file, or none when one is there already; return their paths below `folder`."""
    inputs = with_examples(project.catalogue, crew, given)
    files = export_project(project.plan(crew, inputs))
    standing = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if standing:
        raise UsageError(f"{folder / standing[0]} would be overwritten", help="choose an empty folder")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(content)
    return list(files)
