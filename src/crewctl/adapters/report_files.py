"""Write reports under ``registry/reports/<crew>/``, whole or not at all, and over none but an earlier one of the run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from crewctl.adapters.private_folder import bytes_in, draft_of, opened_folder
from crewctl.audit.report import RunReport
from crewctl.audit.report_data import report_bytes
from crewctl.errors import StoreError

_FOLDERS = ("registry", "reports")


def report_path(crew: str, run_id: str) -> str:
    """Return where a run's report stands, relative to the project."""
    return "/".join((*_FOLDERS, crew, f"{run_id}.json"))


class ReportFiles:
    """The reports of one project."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, report: RunReport, *, instead_of: Sequence[RunReport] = ()) -> str:
        """Write the report and return its path relative to the project.

        Writing the same report again changes nothing, and one that equals any of `instead_of` is
        replaced; StoreError if another one stands there, or if the way there is a link.
        """
        content = report_bytes(report)
        path = report_path(report.crew, report.run_id)
        name = f"{report.run_id}.json"
        try:
            with opened_folder(self._root, *_FOLDERS, report.crew, create=True) as folder:
                if not _place(folder, name, content) and not _stands(folder, name, content, instead_of):
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


def _stands(folder: int, name: str, content: bytes, instead_of: Sequence[RunReport]) -> bool:
    """Tell whether the content stands there, once what it may replace has been replaced."""
    there = bytes_in(folder, name)
    if there != content and there in {report_bytes(earlier) for earlier in instead_of}:
        _place(folder, name, content, replace=True)
        return True
    return there == content


def _place(folder: int, name: str, content: bytes, *, replace: bool = False) -> bool:
    """Put a file into the folder in one step; False if there is one of that name that may not be replaced."""
    with draft_of(folder, content) as draft:
        if replace:
            os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
            return True
        with suppress(FileExistsError):
            # A link, unlike a rename, never replaces what is there.
            os.link(draft, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            return True
    return False
