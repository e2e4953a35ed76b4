"""Writes what we need to know about a bug of our own into a file that can be pasted."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def write_bug_log(error: BaseException, start: Path) -> str:
    """Write the log under the project's ``.crewctl/logs``, or the temporary folder; return its path.

    The command's arguments are left out: inputs may hold what must not be pasted anywhere.
    """
    name = f"bug-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-"
    text = _text(error)
    for folder in (_project_logs(start), None):
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            handle, path = tempfile.mkstemp(prefix=name, suffix=".log", dir=folder, text=True)
            with open(handle, "w", encoding="utf-8") as log:  # noqa: PTH123 - it is open already
                log.write(text)
        except OSError:
            continue
        return path
    return "no file: neither .crewctl nor the temporary folder can be written"


def _text(error: BaseException) -> str:
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    trace = "".join(traceback.format_exception(error))
    return (
        "Please report this with the text below.\n\n"
        f"crewctl  {version('crewctl')}\ncrewai   {_version_of('crewai')}\n"
        f"python   {platform.python_version()}\nsystem   {platform.platform()}\ncommand  {command}\n\n{trace}"
    )


def _version_of(distribution: str) -> str:
    try:
        return version(distribution)
    except ImportError:
        return "not installed"


def _project_logs(start: Path) -> Path | None:
    for folder in (start, *start.parents):
        if (folder / "crews").is_dir() and (folder / "config").is_dir():
            state = folder / ".crewctl"
            return None if state.is_symlink() else state / "logs"
    return None
