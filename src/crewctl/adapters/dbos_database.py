"""The engine's own tables: a SQLite file of the project, or a schema of its PostgreSQL database."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS
from sqlalchemy import event

from crewctl.errors import EngineError

OLDEST_SQLITE = (3, 42)
"""Before this one, SQLite as Python 3.12 and later use it cannot hold the engine's tables."""

BUSY_SECONDS = 30.0
_POOL = 10


def sqlite_place(state: Path) -> str:
    """Return the URL of the engine's database file in the machine state."""
    return f"sqlite:///{(state / 'engine.db').absolute()}"


def is_sqlite(url: str) -> bool:
    """Tell whether the engine's tables are in a file."""
    return url.startswith("sqlite:")


def settings(url: str) -> dict[str, Any]:
    """Return the engine's settings about its database, which is made if it is not there.

    EngineError where this Python's SQLite cannot do it.
    """
    if not is_sqlite(url):
        return {"system_database_url": url, "sys_db_pool_size": _POOL, "run_migrations": True}
    _make_file(Path(url.removeprefix("sqlite:///")))
    return {
        "system_database_url": url,
        "system_database_engine": _engine(url),
        # The migration begins transactions of its own, which ours are begun for already.
        "run_migrations": False,
    }


def quiet(log: Path) -> None:
    """Send what the engine says of itself to a file: a terminal belongs to the run."""
    logger = logging.getLogger("dbos")
    for handler in logger.handlers:
        handler.close()
    os.close(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    handler = logging.FileHandler(log, delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.handlers[:] = [handler]
    logger.propagate = False


def _make_file(path: Path) -> None:
    if sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise EngineError(
            f"SQLite {sqlite3.sqlite_version} is too old for runs on Python 3.12 or later",
            help="use a Python with SQLite 3.42 or later, or Python 3.11, or set CREWCTL_DATABASE to PostgreSQL",
        )
    if path.is_symlink():
        raise EngineError(f"{path} is a link", help="move the link away; crewctl makes the file itself")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(path.with_suffix(".lock")):
        # Opened by nobody before it is whole: it is made under another name, and comes by a rename.
        if path.exists():
            return
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        DBOS.migrate(f"sqlite:///{draft}")
        with contextlib.closing(sqlite3.connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        draft.rename(path)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _engine(url: str) -> sa.Engine:
    """Return connections that take the write lock when a transaction begins.

    As the engine ships, two processes that read before they write both pass a limit that only one may.
    """
    engine = sa.create_engine(
        url,
        pool_size=_POOL,
        max_overflow=0,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (f"busy_timeout={int(BUSY_SECONDS * 1000)}", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
