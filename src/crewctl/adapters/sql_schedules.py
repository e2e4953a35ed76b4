"""Keep what is remembered of schedules and triggers, and find ended runs, in the machine state's database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from crewctl.adapters.database import Database, Part, Session
from crewctl.adapters.sql_run_store import ACCOUNT
from crewctl.adapters.sql_starts import STARTS
from crewctl.running.starts import Kind, Known, Memory, Pause

SCHEDULES = Part(
    "schedules",
    1,
    (
        """CREATE TABLE schedules (
            kind TEXT NOT NULL,
            crew TEXT NOT NULL,
            name TEXT NOT NULL,
            spec TEXT NOT NULL,
            since TEXT NOT NULL,
            PRIMARY KEY (kind, crew, name)
        ) WITHOUT ROWID""",
        """CREATE TABLE schedule_pauses (
            crew TEXT PRIMARY KEY,
            paused_by TEXT NOT NULL,
            at TEXT NOT NULL,
            why TEXT NOT NULL
        ) WITHOUT ROWID""",
        "CREATE TABLE trigger_marks (crew TEXT PRIMARY KEY, mark INTEGER NOT NULL) WITHOUT ROWID",
    ),
)
_ABOUT = "schedules"
MARGIN = 100
"""Runs below a mark that are looked at again: their numbers were given out, and their rows came later."""


class SqlScheduleMemory:
    """The ScheduleMemory port over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def learn(self, known: Sequence[Known], broken: Sequence[str], now: datetime) -> None:
        """Note what is new, what has changed and what is gone, all at once."""
        with self._database.writing(SCHEDULES, about=_ABOUT) as session:
            before = {(each.kind, each.crew, each.name): each for each in _known(session, None)}
            after = {(each.kind, each.crew, each.name): each for each in known}
            for place, each in before.items():
                if place not in after and each.crew not in broken:
                    session.execute("DELETE FROM schedules WHERE kind=? AND crew=? AND name=?", place)
            for place, each in after.items():
                if place not in before or before[place].spec != each.spec:
                    session.execute(
                        "INSERT INTO schedules (kind, crew, name, spec, since) VALUES (?, ?, ?, ?, ?) "
                        "ON CONFLICT (kind, crew, name) DO UPDATE SET spec=excluded.spec, since=excluded.since",
                        (*place, each.spec, _text(now)),
                    )

    def known(self, crew: str) -> Sequence[Known]:
        """Return what was last known of a crew."""
        if not self._database.is_there():
            return ()
        with self._database.reading(SCHEDULES) as session:
            return _known(session, crew)

    def of(self, kind: Kind, crew: str, name: str) -> Memory | None:
        """Return since when it counts, what was dealt with last, and its pause."""
        if not self._database.is_there():
            return None
        with self._database.reading(SCHEDULES, STARTS) as session:
            row = session.execute(
                "SELECT since FROM schedules WHERE kind=? AND crew=? AND name=?", (kind, crew, name)
            ).fetchone()
            last = session.execute(
                "SELECT max(at) FROM starts WHERE kind=? AND crew=? AND name=?", (kind, crew, name)
            ).fetchone()
            pause = _pauses(session).get(crew)
        if row is None:
            return None
        last_at = datetime.fromisoformat(last[0]) if last and last[0] else None
        return Memory(datetime.fromisoformat(row[0]), last_at, pause)

    def pause(self, crew: str, pause: Pause) -> Pause | None:
        """Pause the crew, unless it is paused."""
        with self._database.writing(SCHEDULES, about=_ABOUT) as session:
            before = _pauses(session).get(crew)
            session.execute(
                "INSERT INTO schedule_pauses (crew, paused_by, at, why) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (crew, pause.by, _text(pause.at), pause.why),
            )
            return before

    def resume(self, crew: str, now: datetime) -> Pause | None:
        """Lift the pause; the crew's schedules count from now on."""
        with self._database.writing(SCHEDULES, about=_ABOUT) as session:
            before = _pauses(session).get(crew)
            if before is not None:
                session.execute("DELETE FROM schedule_pauses WHERE crew=?", (crew,))
                session.execute("UPDATE schedules SET since=? WHERE crew=?", (_text(now), crew))
            return before

    def pauses(self) -> dict[str, Pause]:
        """Return every pause, by crew."""
        if not self._database.is_there():
            return {}
        with self._database.reading(SCHEDULES) as session:
            return _pauses(session)


class SqlEndings:
    """The Endings port over the account's own table of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def change(self) -> tuple[int, int]:
        """Return the newest run's number and how many are open: one or the other moves."""
        with self._database.reading(ACCOUNT) as session:
            newest, still_open = session.execute(
                "SELECT (SELECT coalesce(max(number), 0) FROM runs), "
                "(SELECT count(*) FROM runs WHERE closed=0)"
            ).fetchall()[0]
        return int(newest), int(still_open)

    def closed(self, crew: str, after: int) -> Sequence[str]:
        """Return the crew's closed runs above the mark."""
        with self._database.reading(ACCOUNT) as session:
            rows = session.execute(
                "SELECT run_id FROM runs WHERE number > ? AND crew=? AND closed=1 ORDER BY number",
                (after, crew),
            ).fetchall()
        return tuple(str(row[0]) for row in rows)

    def mark(self, crew: str, after: int) -> int:
        """Return the number below the crew's first open run, or the newest of all, with a margin."""
        with self._database.reading(ACCOUNT) as session:
            row = session.execute(
                "SELECT (SELECT min(number) - 1 FROM runs WHERE closed=0 AND number > ? AND crew=?), "
                "(SELECT coalesce(max(number), 0) FROM runs)",
                (after, crew),
            ).fetchall()[0]
        reached = int(row[1]) - MARGIN
        return max(after, reached if row[0] is None else min(reached, int(row[0])))

    def kept_mark(self, crew: str) -> int | None:
        """Return the mark below which nothing is left to do."""
        with self._database.reading(SCHEDULES) as session:
            row = session.execute("SELECT mark FROM trigger_marks WHERE crew=?", (crew,)).fetchone()
        return None if row is None else int(row[0])

    def keep_mark(self, crew: str, mark: int) -> None:
        """Remember the mark, which only rises."""
        with self._database.writing(SCHEDULES, about=_ABOUT, durable=False) as session:
            session.execute(
                "INSERT INTO trigger_marks (crew, mark) VALUES (?, ?) ON CONFLICT (crew) "
                "DO UPDATE SET mark=excluded.mark WHERE trigger_marks.mark < excluded.mark",
                (crew, mark),
            )


def _known(session: Session, crew: str | None) -> Sequence[Known]:
    rows = session.execute(
        "SELECT kind, crew, name, spec FROM schedules ORDER BY kind, crew, name"
    ).fetchall()
    return tuple(Known(*row) for row in rows if crew in (None, row[1]))


def _pauses(session: Session) -> dict[str, Pause]:
    rows = session.execute("SELECT crew, paused_by, at, why FROM schedule_pauses ORDER BY crew").fetchall()
    return {crew: Pause(by, datetime.fromisoformat(at), why) for crew, by, at, why in rows}


def _text(at: datetime) -> str:
    """Return the time in UTC in a form that sorts as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
