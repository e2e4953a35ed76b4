"""Keep every start of a crew by the clock, a trigger, a file or a request in the machine state's database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from crewctl.adapters.database import Database, Part
from crewctl.running.starts import Kind, Start

STARTS = Part(
    "starts",
    1,
    (
        """CREATE TABLE starts (
            key TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            crew TEXT NOT NULL,
            name TEXT NOT NULL,
            at TEXT NOT NULL,
            state TEXT NOT NULL,
            of_run TEXT,
            run TEXT,
            note TEXT NOT NULL,
            worker TEXT NOT NULL,
            touched TEXT,
            inputs_sha256 TEXT NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX starts_by_schedule ON starts (kind, crew, name, at)",
        "CREATE INDEX starts_by_crew ON starts (crew, at)",
        "CREATE INDEX starts_by_time ON starts (at)",
        "CREATE INDEX starts_unsettled ON starts (touched) WHERE state IN ('claimed', 'held')",
    ),
)
_COLUMNS = "key, kind, crew, name, at, state, of_run, run, note, worker, touched, inputs_sha256"
LONGEST_NOTE = 4_000
"""Characters of a note: problems are shown again by ``crewctl check``, and need not be kept whole."""


class SqlStarts:
    """The Starts port over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, start: Start) -> bool:
        """Add the start; of several who try, the database lets one."""
        # A claim that a power cut could undo would let a start happen twice: hence durable.
        with self._database.writing(STARTS, about=f"start:{start.key}") as session:
            rows = session.execute(
                f"INSERT INTO starts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608 - constants
                "ON CONFLICT DO NOTHING RETURNING key",
                _values(start),
            )
            return rows.fetchone() is not None

    def take_over(self, start: Start, worker: str, now: datetime) -> bool:
        """Claim it again where nobody has touched it since it was read."""
        with self._database.writing(STARTS, about=f"start:{start.key}") as session:
            rows = session.execute(
                "UPDATE starts SET state='claimed', worker=?, touched=? "
                "WHERE key=? AND state=? AND touched=? RETURNING key",
                (worker, _text(now), start.key, start.state, _text(start.touched)),
            )
            return rows.fetchone() is not None

    def settle(self, start: Start, now: datetime) -> None:
        """Write down what became of it."""
        with self._database.writing(STARTS, about=f"start:{start.key}") as session:
            session.execute(
                "UPDATE starts SET state=?, run=?, note=?, inputs_sha256=?, touched=? WHERE key=?",
                (
                    start.state,
                    start.run,
                    start.note[:LONGEST_NOTE],
                    start.inputs_sha256,
                    _text(now),
                    start.key,
                ),
            )

    def find(self, key: str) -> Start | None:
        """Return the start with this key."""
        found = self._select("WHERE key=?", (key,))
        return found[0] if found else None

    def unsettled(self, *, held_before: datetime, claimed_before: datetime) -> Sequence[Start]:
        """Return what waits, or was left behind by a worker that died."""
        return self._select(
            "WHERE state IN ('claimed', 'held') AND touched < ? AND (state='held' OR touched < ?) "
            "ORDER BY at, key",
            (_text(held_before), _text(claimed_before)),
        )

    def of_schedule(
        self, kind: Kind, crew: str, name: str, most: int, *, going: bool = False
    ) -> Sequence[Start]:
        """Return the newest starts of a schedule or trigger."""
        only = " AND state IN ('claimed', 'held', 'started')" if going else ""
        return self._select(
            f"WHERE kind=? AND crew=? AND name=?{only} ORDER BY at DESC, key DESC LIMIT ?",
            (kind, crew, name, most),
        )

    def latest(self, crew: str | None, most: int) -> Sequence[Start]:
        """Return the newest starts of a crew or of all."""
        if crew is None:
            return self._select("ORDER BY at DESC, key DESC LIMIT ?", (most,))
        return self._select("WHERE crew=? ORDER BY at DESC, key DESC LIMIT ?", (crew, most))

    def _select(self, clause: str, values: Sequence[str | int | None]) -> Sequence[Start]:
        if not self._database.is_there():
            return ()
        with self._database.reading(STARTS) as session:
            rows = session.execute(f"SELECT {_COLUMNS} FROM starts {clause}", values).fetchall()  # noqa: S608 - constants
        return tuple(_start(row) for row in rows)


def _values(start: Start) -> Sequence[str | None]:
    return (
        start.key,
        start.kind,
        start.crew,
        start.name,
        _text(start.at),
        start.state,
        start.of,
        start.run,
        start.note[:LONGEST_NOTE],
        start.worker,
        _text(start.touched or start.at),
        start.inputs_sha256,
    )


def _start(row: tuple[Any, ...]) -> Start:
    key, kind, crew, name, at, state, of, run, note, worker, touched, inputs = row
    return Start(
        key=key,
        kind=kind,
        crew=crew,
        name=name,
        at=datetime.fromisoformat(at),
        state=state,
        of=of,
        run=run,
        note=note,
        worker=worker,
        touched=datetime.fromisoformat(touched) if touched else None,
        inputs_sha256=inputs,
    )


def _text(at: datetime | None) -> str | None:
    """Return the time in UTC in a form that sorts as text."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")
