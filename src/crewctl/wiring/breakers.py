"""What nobody in the project calls at the moment, because it kept failing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from crewctl.adapters.sql_breakers import SqlBreakers
from crewctl.running.breaker import OpenBreaker
from crewctl.wiring.database import open_database


def open_breakers(root: Path) -> Sequence[OpenBreaker]:
    """Return the open breakers of the project in `root`; StoreError when its database cannot be read."""
    with closing(open_database(root, os.environ)) as database:
        return SqlBreakers(database).open_now()
