"""Writes a crew out as a plain CrewAI project, never over a file that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crewctl.adapters.new_files import write_new
from crewctl.adapters.plain_export import export_project
from crewctl.cli.inputs import Inputs
from crewctl.cli.rehearsing import with_examples

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def write_out(project: Project, crew: str, given: Inputs, folder: Path) -> list[str]:
    """Write every file, or none when one is there already; return their paths below `folder`."""
    inputs = with_examples(project.catalogue, crew, given)
    files = export_project(project.plan(crew, inputs))
    write_new(files, folder)
    return list(files)
