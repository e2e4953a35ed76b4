"""crewctl: CrewAI crews in YAML, and the registry every kickoff goes through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["assemble"]


def assemble(name: str, project: str | Path | None = None) -> Any:
    """Return the real `crewai.Crew` of a catalogue crew, to look at; only the registry can kick it off.

    `project` is the project's folder; without it, the one you stand in or above. Importing CrewAI
    happens here, with its telemetry, tracing, version check and dotenv switched off. NotFoundError
    for an unknown crew or project, InvalidError when the catalogue stands in the way.
    """
    # Nobody who only imports crewctl pays for a project's rooms, let alone for CrewAI.
    from crewctl.wiring import open_project  # noqa: PLC0415 - see above

    return open_project(Path(project) if project is not None else None).assemble(name)
