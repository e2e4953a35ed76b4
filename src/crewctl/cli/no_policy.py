"""Says, once a command, that nothing of a project is limited because it has no policy."""

from __future__ import annotations

import os
from pathlib import Path

from crewctl.cli.output import note

_FILE = "registry/policy.yaml"


def note_if_no_policy(root: Path) -> None:
    """Say on stderr that the project at `root` has no ceilings, and how it gets some."""
    if os.path.lexists(root / _FILE):
        return
    note(
        f"There is no {_FILE}: nothing limits a crew's turns, time, tokens and cost but what its own file and "
        "entry say.\nNext: crewctl new policy"
    )
