"""One line of the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A case under a limit; `crewctl` and `bare` say in words what was counted for each."""

    case: str
    limit: str
    crewctl: str
    bare: str
    holds: bool
