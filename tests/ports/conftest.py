"""The places where machine state can be kept, for contracts that hold in each of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crewctl.adapters.database import Database
from crewctl.running.ownership import Locks
from crewctl.wiring.database import VARIABLE, open_database, open_locks


@dataclass
class Place:
    """A project's folder and where its machine state is; other processes find it by `environ`."""

    root: Path
    environ: dict[str, str]
    _opened: list[Database | Locks] = field(default_factory=list)

    def database(self) -> Database:
        """Open the database anew, as another process would."""
        made = open_database(self.root, self.environ)
        self._opened.append(made)
        return made

    def locks(self) -> Locks:
        """Open the locks anew, as another process would."""
        made = open_locks(self.root, self.database())
        self._opened.append(made)
        return made

    def close(self) -> None:
        """Let go of whatever was opened."""
        for each in self._opened:
            each.close()


Places = Callable[[str], Place]


@pytest.fixture
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Places]:
    """Give a function that makes a place: ``sqlite`` or ``postgres``."""
    made: list[Place] = []

    def make(kind: str) -> Place:
        url = request.getfixturevalue("postgres_url") if kind == "postgres" else ""
        made.append(Place(tmp_path, {**os.environ, VARIABLE: url}))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, places: Places) -> Place:
    """Give both places, one after the other."""
    return places(request.param)
