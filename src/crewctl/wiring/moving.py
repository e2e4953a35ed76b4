"""Says where a project's machine state is, and moves all of it to another database."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crewctl.adapters.database import Database
from crewctl.adapters.database_copy import (
    Copied,
    Told,
    copy,
    refuse_unless_empty,
    reopen,
    sizes_of_contents,
    what_there_is,
)
from crewctl.adapters.database_moves import Move, MovedError
from crewctl.adapters.database_side import Side
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.sqlite_side import SqliteSide
from crewctl.audit.run_state import fold_run
from crewctl.errors import CrewctlError, NotFoundError, StoreError, UsageError
from crewctl.running.ownership import LEASE_SECONDS
from crewctl.wiring.attended import is_attended
from crewctl.wiring.database import VARIABLE, open_database

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

TO_VARIABLE = "CREWCTL_DATABASE_TO"
SQLITE = "sqlite"
_MOST_NAMED = 5
_ASIDE = "move it away with its contents: mkdir .crewctl/before && mv .crewctl/crewctl.db* .crewctl/content .crewctl/before/"


@dataclass(frozen=True)
class Status:
    """Where the machine state is and how much of it there is; `moved` says where it went, and then that is all."""

    database: str
    kind: str
    moved: Move | None
    parts: Mapping[str, int]
    runs_open: int
    runs_ended: int
    cards_open: int
    contents: int
    content_bytes: int
    size: int


def status(project: Project) -> Status:
    """Look at the database; StoreError where it cannot be used."""
    database = project.database
    kind = SQLITE if isinstance(database, SqliteDatabase) else "postgresql"
    try:
        told = database.describe()
    except MovedError as error:
        return Status(database.name, kind, error.move, {}, 0, 0, 0, 0, 0, 0)
    if not database.is_there():
        return Status(told, kind, None, {}, 0, 0, 0, 0, 0, 0)
    side, store = _side(project.root, database), project.store
    sizes, still_open = sizes_of_contents(side), len(store.open_run_ids())
    with database.reading() as session:
        parts, size = side.versions(session), side.size(session)
    return Status(
        database=told,
        kind=kind,
        moved=None,
        parts=parts,
        runs_open=still_open,
        runs_ended=len(store.run_ids()) - still_open,
        cards_open=len(store.open_cards()),
        contents=len(sizes),
        content_bytes=sum(sizes),
        size=size,
    )


def copy_database(project: Project, to: str, tell: Told, *, dry_run: bool = False) -> tuple[str, Copied]:
    """Copy everything to the database that `to` names; return that one's name, and what was copied.

    The project's own is left as it is and marked as moved. CrewctlError where runs are not over,
    workers are alive, or the other database is not empty.
    """
    source = _side(project.root, project.database)
    if not project.database.is_there():
        raise NotFoundError(
            "this project has no machine state yet",
            help=f"set {VARIABLE} to the URL; the first command makes the tables there",
        )
    with _opened(project, to) as target:
        _refuse_unless_at_rest(project)
        if dry_run:
            if target.database.is_there():
                refuse_unless_empty(source, target)
            return target.database.name, what_there_is(source)
        # Asked above, and again when nobody can begin anything any more.
        copied = copy(source, target, project.person, lambda: _refuse_unless_at_rest(project), tell)
        return target.database.name, copied


def reopen_database(project: Project, why: str) -> tuple[str, Move]:
    """Use a database again that was moved; return its name and what was written down."""
    with closing(open_database(project.root, os.environ, even_moved=True)) as database:
        return database.name, reopen(_side(project.root, database), project.person, why)


def url_given(word: str | None, environ: Mapping[str, str]) -> str:
    """Return what the option or the environment names; UsageError where neither does."""
    url = (word or environ.get(TO_VARIABLE, "")).strip()
    if url:
        return url
    raise UsageError(
        "no database is named to copy to",
        help=f"set {TO_VARIABLE} to its URL, which keeps the password out of the shell's history, or give --to",
    )


@contextmanager
def _opened(project: Project, to: str) -> Iterator[Side]:
    """Give the other side, looked at."""
    here = project.database.name
    with closing(_target(project.root, to)) as database:
        if database.name == here:
            raise UsageError(f"the machine state is in {here} already", help="name another database")
        try:
            database.describe()
        except MovedError as error:
            advice = _ASIDE if to == SQLITE else "make an empty database and name that one"
            raise StoreError(error.message, help=advice) from error
        except StoreError as error:
            # The URL did not come from the variable that the next step speaks of elsewhere.
            error.help = error.help.replace(VARIABLE, TO_VARIABLE)
            raise
        yield _side(project.root, database)


def _target(root: Path, to: str) -> Database:
    if to == SQLITE:
        return open_database(root, {})
    if not to.startswith("postgresql://"):
        raise UsageError(
            "the database to copy to is not a URL of PostgreSQL",
            help=f"write it as postgresql://USER:PASSWORD@HOST/DATABASE, or '{SQLITE}' for .crewctl/crewctl.db",
        )
    return open_database(root, {VARIABLE: to})


def _side(root: Path, database: Database) -> Side:
    if isinstance(database, SqliteDatabase):
        return SqliteSide(root, database)
    from crewctl.adapters.postgres import PostgresDatabase  # noqa: PLC0415 - start-up cost
    from crewctl.adapters.postgres_side import PostgresSide  # noqa: PLC0415 - start-up cost

    if not isinstance(database, PostgresDatabase):
        raise TypeError(f"{type(database).__name__} cannot be copied")
    return PostgresSide(database)


def _refuse_unless_at_rest(project: Project) -> None:
    """Raise CrewctlError while a worker is alive or a run is not over: its steps are with the engine, here."""
    dead = {worker.executor for worker in project.workers.dead_workers(LEASE_SECONDS)}
    alive = [worker for worker in project.workers.all_workers() if worker.executor not in dead]
    if alive:
        raise CrewctlError(
            f"workers are alive: {_some(f'process {worker.pid} on {worker.host}' for worker in alive)}",
            help="end them with Ctrl-C or SIGTERM, and do not start them again before the copy is done",
        )
    runs = project.store.open_run_ids()
    if runs:
        raise CrewctlError(
            f"{len(runs)} run{'s are' if len(runs) > 1 else ' is'} not over: "
            f"{_some(_run(project, run_id) for run_id in runs)}",
            help="let them end: 'crewctl worker --until-idle' serves the queue, 'crewctl inbox' shows what waits "
            "for people, and 'crewctl stop --all' ends the rest",
        )


def _run(project: Project, run_id: str) -> str:
    state = fold_run(project.store.events_of(run_id), alive=is_attended(project, run_id))
    return f"{run_id} ({state.crew}, {state.status})"


def _some(words: Iterator[str]) -> str:
    named = list(words)
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return ", ".join(named[:_MOST_NAMED]) + more
