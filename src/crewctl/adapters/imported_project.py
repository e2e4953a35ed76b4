"""What an import came to: files for a project, and plain notes on what could not be carried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crewctl.errors import UsageError


@dataclass(frozen=True, order=True)
class Note:
    """One thing that was left out or has to be looked at; `line` is 0 where no line fits."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True)
class Imported:
    """`files` maps project-relative paths to their text; `crews` names what was imported."""

    files: Mapping[str, str]
    notes: tuple[Note, ...]
    crews: tuple[str, ...] = field(default=())


def write_new(imported: Imported, target: Path) -> tuple[Path, ...]:
    """Write every file under `target` and return the paths; UsageError, and nothing written, if one exists."""
    standing = sorted(name for name in imported.files if (target / name).exists())
    if standing:
        raise UsageError(
            f"{target} already has {', '.join(standing)}; an import never overwrites",
            help="import into an empty folder and move over what you want",
        )
    written = []
    for name, text in imported.files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # "x": should the file have appeared meanwhile, it stays.
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        written.append(path)
    return tuple(written)
