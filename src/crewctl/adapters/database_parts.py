"""Every part of the machine state, in an order in which rows can be added: a new part belongs here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crewctl.adapters.database import Part
from crewctl.adapters.database_moves import MOVES
from crewctl.adapters.sql_approval_uses import APPROVALS
from crewctl.adapters.sql_breakers import BREAKERS
from crewctl.adapters.sql_cards import CARDS
from crewctl.adapters.sql_content_store import CONTENTS
from crewctl.adapters.sql_kickoff_keys import KEYS
from crewctl.adapters.sql_ledger import LEDGER
from crewctl.adapters.sql_leftovers import LEFTOVERS
from crewctl.adapters.sql_owners import OWNERS
from crewctl.adapters.sql_run_store import ACCOUNT
from crewctl.adapters.sql_schedules import SCHEDULES
from crewctl.adapters.sql_starts import STARTS
from crewctl.adapters.sql_workers import WORKERS

PARTS = (
    ACCOUNT,
    OWNERS,
    CARDS,
    LEFTOVERS,
    LEDGER,
    APPROVALS,
    BREAKERS,
    KEYS,
    SCHEDULES,
    STARTS,
    WORKERS,
    MOVES,
)
"""What is copied row by row."""

CONTENT_PART = CONTENTS
"""What is copied one by one, because it may be files on the other side."""

RETIRED = frozenset({"steps"})
"""Parts that earlier versions made and nobody reads any more: results of steps, of runs that are over."""

_TABLE = re.compile(r"CREATE TABLE (\w+)")


def tables_of(parts: Iterable[Part]) -> tuple[str, ...]:
    """Return the names of the parts' tables, in the order in which they are made."""
    found = (_TABLE.match(statement) for part in parts for statement in part.tables)
    return tuple(match.group(1) for match in found if match is not None)
