"""Writes new files below a folder: all of them, or none when one is there already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crewctl.errors import UsageError


def write_new(
    files: Mapping[str, str | bytes],
    folder: Path,
    *,
    help: str = "choose an empty folder",  # noqa: A002 - the word users see
) -> None:
    """Write `files`, by their paths below `folder`; UsageError with `help` when one would be overwritten."""
    taken = sorted(name for name in files if (folder / name).exists() or (folder / name).is_symlink())
    if taken:
        more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        raise UsageError(f"{folder / taken[0]}{more} would be overwritten", help=help)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # "x": should the file have appeared meanwhile, it stays.
        with path.open("xb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
