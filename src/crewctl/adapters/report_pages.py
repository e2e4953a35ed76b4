"""Write a report's page for browsers, whole or not at all; a newer page takes the place of an older one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crewctl.adapters.private_folder import draft_of, opened_folder
from crewctl.errors import StoreError

_FOLDERS = ("registry", "reports")
_ROOM = "name another file with --html FILE, or check the folder's permissions and free space"


def write_beside_report(root: Path, crew: str, name: str, content: bytes) -> Path:
    """Write the page beside the crew's JSON reports, and return where; StoreError if that fails."""
    path = root.joinpath(*_FOLDERS, crew, f"{name}.html")
    with _told(path), opened_folder(root, *_FOLDERS, crew, create=True) as folder:
        _replace(folder, path.name, content)
    return path


def write_page(path: Path, content: bytes) -> Path:
    """Write the page where the user wants it, and return where; StoreError if that fails."""
    with _told(path):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _replace(folder, path.name, content)
        finally:
            os.close(folder)
    return path


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path} could not be written: {error.strerror}", help=_ROOM) from error


def _replace(folder: int, name: str, content: bytes) -> None:
    with draft_of(folder, content) as draft:
        os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
