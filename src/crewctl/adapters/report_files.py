"""Write reports under ``registry/reports/<crew>/``, whole or not at all, and never over another."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from crewctl.adapters.private_folder import FILE_MODE, NEW_FILE, opened_folder, read_all, write_all
from crewctl.audit.report import RunReport, report_bytes
from crewctl.errors import StoreError

_FOLDERS = ("registry", "reports")


def report_path(crew: str, run_id: str) -> str:
    """Return where a run's report stands, relative to the project."""
    return "/".join((*_FOLDERS, crew, f"{run_id}.json"))


class ReportFiles:
    """The reports of one project."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, report: RunReport) -> str:
        """Write the report and return its path relative to the project.

        Writing the same report again changes nothing; StoreError if another one stands there, or
        if the way there is a link.
        """
        content = report_bytes(report)
        path = report_path(report.crew, report.run_id)
        name = f"{report.run_id}.json"
        try:
            with opened_folder(self._root, *_FOLDERS, report.crew, create=True) as folder:
                if not _place(folder, name, content) and _read(folder, name) != content:
                    raise StoreError(
                        f"{path} holds another report",
                        help=f"move it away, then write it anew with 'crewctl report {report.run_id}'",
                    )
        except OSError as error:
            raise StoreError(
                f"{path}: {error.strerror}", help="check the folder's permissions and free space"
            ) from error
        return path

    def has(self, crew: str, run_id: str) -> bool:
        """Tell whether the run's report has been written."""
        try:
            with opened_folder(self._root, *_FOLDERS, crew) as folder:
                os.stat(f"{run_id}.json", dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True


def _place(folder: int, name: str, content: bytes) -> bool:
    """Put a file into the folder in one step; False if there is one of that name already."""
    draft = f".{name}.{secrets.token_hex(8)}"
    descriptor = os.open(draft, NEW_FILE, FILE_MODE, dir_fd=folder)
    try:
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with suppress(FileExistsError):
            # A link, unlike a rename, never replaces what is there.
            os.link(draft, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            return True
        return False
    finally:
        os.unlink(draft, dir_fd=folder)


def _read(folder: int, name: str) -> bytes:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        return read_all(descriptor)
    finally:
        os.close(descriptor)
