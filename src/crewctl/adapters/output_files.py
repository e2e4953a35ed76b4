"""Write tasks' output files inside the project: over no link, out of no folder, into nothing that governs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from crewctl.adapters.private_folder import draft_of
from crewctl.catalogue.kinds import governs
from crewctl.diagnostics.visible import one_line
from crewctl.processes.port import OutputRefusedError


class ProjectFiles:
    """The OutputFiles port over one project folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, file: str, content: bytes, *, create_directory: bool) -> None:
        """Put `content` into `file`, whole or not at all; an older file of that name is replaced."""
        *folders, name = _parts(file)
        try:
            with _folder(self._root, folders, make=create_directory) as folder:
                _replace(folder, name, content)
        except OSError as error:
            raise OutputRefusedError(
                f"the output file {one_line(file)!r} cannot be written: {error.strerror}",
                help="check that its folder exists, may be written to and is reached over no link",
            ) from error


def _parts(file: str) -> list[str]:
    parts = file.split("/")
    if "\0" in file or "\\" in file or any(part in ("", ".", "..") for part in parts):
        raise OutputRefusedError(
            f"{one_line(file)!r} is not a plain path inside the project",
            help="give a relative path without '..' to output_file",
        )
    if governs(parts[0]):
        raise OutputRefusedError(
            f"{one_line(file)!r} lies where crewctl reads what may run, and no output is written there",
            help="give output_file a folder of its own, such as outputs/",
        )
    return parts


@contextlib.contextmanager
def _folder(root: Path, folders: list[str], *, make: bool) -> Iterator[int]:
    """Open the folder step by step, never through a link, so that nothing can be swapped in between."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    here = os.open(root, flags)
    try:
        for name in folders:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o777, dir_fd=here)
            inner = os.open(name, flags | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = inner
        yield here
    finally:
        os.close(here)


def _replace(folder: int, name: str, content: bytes) -> None:
    with draft_of(folder, content, mode=0o666) as draft:
        # A rename replaces a link of that name itself, never what it points to.
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
