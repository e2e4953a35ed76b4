"""What an import came to: files for a project, and plain notes on what could not be carried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
