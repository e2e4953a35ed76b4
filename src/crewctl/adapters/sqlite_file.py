"""Open a SQLite file safely: private, ours, in WAL mode, and every error explained."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crewctl.adapters.database_moves import refuse_moved
from crewctl.adapters.sqlite_writer import Writer, writer_of
from crewctl.errors import StoreError

APPLICATION_ID = 0x63726577
"""``crew`` in ASCII, in the database's header: any other file is not ours."""

MOVED_ID = 0x6372776D
"""``crwm``: it was ours until the machine state was moved to another database."""

_OURS = (APPLICATION_ID, MOVED_ID)
BUSY_SECONDS = 30.0
_MAKING = threading.Lock()
_PARTS = (
    "CREATE TABLE IF NOT EXISTS schema_parts (part TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID"
)


class _ClosesItself(sqlite3.Connection):
    """Closes when nobody holds it any more: a command's project has no end to close it at.

    From Python 3.13 on a plain connection that is left open complains instead.
    """

    def __del__(self) -> None:
        self.close()


def connect(path: Path, *, synchronous: str = "NORMAL", even_moved: bool = False) -> sqlite3.Connection:
    """Open or make the database at `path` in WAL mode; transactions are begun by hand.

    With ``NORMAL`` a commit survives the death of any process, with ``FULL`` also a power cut.
    StoreError if the file is damaged, a link, or not crewctl's; MovedError if the machine state was
    moved elsewhere, unless it is to be opened `even_moved`.
    """
    with explained(path):
        _make_private(path)
        connection = sqlite3.connect(
            path,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_SECONDS,
            factory=_ClosesItself,
        )
        try:
            if not even_moved:
                refuse_where_moved(connection, path)
            _claim(connection, path)
            _use_wal(connection)
            connection.execute(f"PRAGMA synchronous={synchronous}")
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
        return connection


def prepare(
    connection: sqlite3.Connection, path: Path, part: str, version: int, statements: tuple[str, ...]
) -> None:
    """Make the tables of one `part` of the machine state, once; StoreError on another version of them."""
    with explained(path):
        if _version(connection, part) == version:
            return
        with writing(connection):
            connection.execute(_PARTS)
            found = _version(connection, part)
            if found is None:
                for statement in statements:
                    connection.execute(statement)
                connection.execute("INSERT INTO schema_parts VALUES (?, ?)", (part, version))
            elif found != version:
                age = "a newer" if found > version else "an older"
                raise StoreError(
                    f"{path} was written by {age} crewctl ({part} has version {found}, this one reads {version})",
                    help="use the crewctl that wrote it, or move .crewctl away to start afresh",
                )


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the one write lock for a transaction; rolled back if anything is raised."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Also where the commit itself failed, or an interruption came between two of these lines.
        connection.rollback()
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system say into a StoreError with a next step."""
    try:
        yield
    except sqlite3.Error as error:
        writer = writer_of(path) if _is_busy(error) else None
        if writer is not None:
            raise _kept_by(writer, path) from error
        raise StoreError(f"{path}: {_meaning(error)}", help=_next_step(error)) from error
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror}", help="check the folder's permissions and free space"
        ) from error


def refuse_where_moved(connection: sqlite3.Connection, path: Path) -> None:
    """Raise MovedError where the file was left behind; asked in every transaction that writes."""
    if _application_id(connection) == MOVED_ID:
        refuse_moved(connection, str(path))


def check_integrity(path: Path) -> tuple[str, ...]:
    """Return what SQLite finds damaged in the file; nothing means that it is whole."""
    connection = connect(path)
    with explained(path):
        try:
            rows = connection.execute("PRAGMA integrity_check").fetchall()
        finally:
            connection.close()
    return tuple(str(row[0]) for row in rows if row[0] != "ok")


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.is_symlink() or path.is_symlink():
        raise StoreError(
            f"{path} is reached through a link", help="move the link away; crewctl makes the file itself"
        )
    # Closing any descriptor of a file drops all locks of this process on it, those of its other
    # connections too, and then the next process to leave would delete the log under them. So a file
    # that is there is never opened here, and no thread connects while another makes it.
    with _MAKING, suppress(FileExistsError):
        # SQLite gives its side files the mode of the database, so only this one is made by hand.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _claim(connection: sqlite3.Connection, path: Path) -> None:
    """Mark a new database as crewctl's; refuse one that is somebody else's."""
    if _application_id(connection) in _OURS:
        return
    with writing(connection):
        mark = _application_id(connection)
        if mark in _OURS:
            return
        if mark or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise StoreError(
                f"{path} is a database of another program", help="move it away; crewctl makes its own"
            )
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")


def _application_id(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def _use_wal(connection: sqlite3.Connection) -> None:
    # Changing the mode does not wait for other connections as a transaction would.
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
        if time.monotonic() > give_up:
            raise sqlite3.OperationalError("write-ahead logging is not available on this file system")
        time.sleep(0.01)


def _version(connection: sqlite3.Connection, part: str) -> int | None:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name='schema_parts'").fetchone():
        return None
    row = connection.execute("SELECT version FROM schema_parts WHERE part=?", (part,)).fetchone()
    return None if row is None else int(row[0])


def _is_busy(error: sqlite3.Error) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _kept_by(writer: Writer, path: Path) -> StoreError:
    said = f"{path}: process {writer.pid} has kept the database locked for {BUSY_SECONDS:g} seconds"
    if not writer.frozen:
        return StoreError(said, help="see what it does, end it if it hangs, and try again")
    return StoreError(
        f"{said}: it was frozen in the middle of a change",
        help=f"let it go on with 'kill -CONT {writer.pid}' or end it with 'kill -KILL {writer.pid}', and try again",
    )


def _meaning(error: sqlite3.Error) -> str:
    text = str(error)
    if "not a database" in text:
        return "this is not a database"
    if "unable to open" in text:
        return "the file cannot be opened, or none can be made beside it"
    if "malformed" in text:
        return "the database is damaged"
    if _is_busy(error):
        return f"another process has kept the database locked for {BUSY_SECONDS:.0f} seconds"
    return text


def _next_step(error: sqlite3.Error) -> str:
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return "keep the file for inquiry, move .crewctl away, and start afresh; reports under registry/ stay"
    if _is_busy(error):
        return "see which crewctl process is still busy, and try again"
    return "check the folder's permissions and free space"
