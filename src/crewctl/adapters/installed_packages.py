"""The world of a plan on this machine: installed versions, environment, price list, project files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath

from crewctl.adapters.genai_price_list import list_price
from crewctl.adapters.private_folder import opened_folder, read_all
from crewctl.errors import StoreError
from crewctl.planning.plan import Price
from crewctl.planning.port import RunRecording

LARGEST_FILE = 1_048_576
"""Bytes of a project file that a plan may carry."""


class InstalledWorld:
    """The World port over the running interpreter's packages and one project's folder."""

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str] | None = None,
        *,
        recordings: Callable[[str], RunRecording | None] | None = None,
    ) -> None:
        self._root = root
        self._recordings = recordings
        self._environ = os.environ if environ is None else environ

    def version(self, distribution: str) -> str | None:
        """Return the version that was installed when it was first asked for, or None."""
        return _installed(distribution)

    def environment(self, name: str) -> str | None:
        """Return the variable's value, or None."""
        return self._environ.get(name)

    def price(self, model: str, base_url: str | None) -> Price | None:
        """Return the list price, or None when it is not known."""
        return list_price(model, base_url)

    def recording(self, run: str) -> RunRecording | None:
        """Return what the run recorded; None without it, and where runs cannot be looked at."""
        return None if self._recordings is None else self._recordings(run)

    def project_file(self, file: str) -> bytes | None:
        """Return the file's bytes; None if it is absent, too large, or reached by a link or ``..``."""
        *folders, name = PurePosixPath(file).parts or ("",)
        if not name or PurePosixPath(file).is_absolute() or name == "..":
            return None
        try:
            with opened_folder(self._root, *folders) as folder:
                return _read(name, folder)
        except (OSError, StoreError, ValueError):
            return None


def _read(name: str, folder: int) -> bytes | None:
    # Not blocking keeps a pipe under that name from stopping us.
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        plain = stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_FILE
        return read_all(descriptor) if plain else None
    finally:
        os.close(descriptor)


def installed_now(distribution: str) -> str | None:
    """Return the version that is installed at this moment, or None."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


_installed = lru_cache(maxsize=32)(installed_now)
