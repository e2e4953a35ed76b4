"""The port to the project's files, for tasks that name an `output_file`."""

from __future__ import annotations

from typing import Protocol

from crewctl.errors import CrewctlError


class OutputRefusedError(CrewctlError):
    """A path that no output may be written to, or a file that could not be written."""


class OutputFiles(Protocol):
    """Writes outputs inside the project and nowhere else."""

    def write(self, file: str, content: bytes, *, create_directory: bool) -> None:
        """Put `content` into the project-relative `file`, whole or not at all.

        OutputRefusedError when the path leads out of the project, over a link or into what governs
        it, and when it cannot be written.
        """
        ...
