"""Steps that remember: every result is in the run's database before the next step begins."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from crewctl.adapters.sqlite_file import connect, explained, prepare, writing
from crewctl.audit.redaction import Redaction
from crewctl.errors import StoreError
from crewctl.running.port import Suspended

M = TypeVar("M", bound=BaseModel)

SIDE_BY_SIDE = 8
"""As many steps as run at once: the most contestants that a market has."""

_VERSION = 1
_TABLES = (
    """CREATE TABLE step_results (
        run_id TEXT NOT NULL,
        step TEXT NOT NULL,
        result_type TEXT NOT NULL,
        result TEXT NOT NULL,
        PRIMARY KEY (run_id, step)
    ) WITHOUT ROWID""",
)


class JournalSteps:
    """The Steps port over one table of the database at `path`.

    A run that finds a result in the journal which it has not put there itself has come back from a
    crash or a wait, or somebody else wrote there: then the gate of `guarded_by` is asked before the
    next step that is not in the journal. `secrets` are taken out of every result before it is kept, and out of what the first run sees of it too.
    """

    def __init__(self, path: Path, run_id: str, *, secrets: Iterable[str] = ()) -> None:
        self._path = path
        self._run_id = run_id
        self._redaction = Redaction(secrets)
        self._lock = threading.Lock()
        self._connection = connect(path, synchronous="FULL")
        prepare(self._connection, path, "steps", _VERSION, _TABLES)
        self._unasked = self._count() > 0
        self._own: set[str] = set()
        self._gate: Callable[[], None] | None = None

    def do(self, key: str, work: Callable[[], M], result: type[M]) -> M:
        """Return the journalled result of `key`, or do the work and journal it."""
        known = self._result(key, result)
        if known is not None:
            return known
        self._ask_gate()
        return self._journalled(key, work)

    def do_all(self, works: Mapping[str, Callable[[], M]], result: type[M]) -> dict[str, M]:
        """Do what is not journalled side by side, each in the caller's context; results in order.

        When some of them raise, the others are still finished and journalled; then the first of those
        errors, in the order of `works`, is raised.
        """
        found = {key: self._result(key, result) for key in works}
        missing = [key for key, known in found.items() if known is None]
        if not missing:
            return {key: known for key, known in found.items() if known is not None}
        self._ask_gate()
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(missing)), "step") as threads:
            futures: dict[str, Future[M]] = {
                key: threads.submit(copy_context().run, self._journalled, key, works[key]) for key in missing
            }
        return {key: known if known is not None else futures[key].result() for key, known in found.items()}

    def wait(self, key: str, card: str, answer: Callable[[], M | None], result: type[M]) -> M:
        """Return the journalled answer, or what `answer` finds now; Suspended while there is none."""
        known = self._result(key, result)
        if known is not None:
            return known
        found = answer()
        if found is None:
            raise Suspended(card)
        self._unasked = True  # whoever waited may have waited for days
        return self._journalled(key, lambda: found)

    @contextlib.contextmanager
    def guarded_by(self, gate: Callable[[], None]) -> Iterator[None]:
        """Ask `gate` before the first new step after a recovery; what it raises ends the run."""
        before, self._gate = self._gate, gate
        try:
            yield
        finally:
            self._gate = before

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def _ask_gate(self) -> None:
        if self._gate is not None and self._unasked:
            self._gate()
            self._unasked = False

    def _journalled(self, key: str, work: Callable[[], M]) -> M:
        done = self._without_secrets(work())
        body = done.model_dump_json()
        with self._lock, explained(self._path), writing(self._connection):
            self._insert(key, type(done).__name__, body)
            self._own.add(key)
        return done

    def _without_secrets(self, done: M) -> M:
        if not self._redaction.finds(done.model_dump_json().encode()):
            return done
        return type(done).model_validate(self._redaction.of_json(done.model_dump(mode="json")))

    def _insert(self, key: str, name: str, body: str) -> None:
        try:
            self._connection.execute(
                "INSERT INTO step_results VALUES (?, ?, ?, ?)", (self._run_id, key, name, body)
            )
        except sqlite3.IntegrityError:
            raise StoreError(
                f"step {key!r} of run {self._run_id} was finished twice",
                help="make sure that only one process works on a run",
            ) from None

    def _result(self, key: str, result: type[M]) -> M | None:
        with self._lock, explained(self._path):
            row = self._connection.execute(
                "SELECT result_type, result FROM step_results WHERE run_id=? AND step=?", (self._run_id, key)
            ).fetchone()
        if row is None:
            return None
        # Whoever can write to the database must not be able to decide that the run was let through.
        self._unasked = self._unasked or key not in self._own
        try:
            return result.model_validate_json(row[1]) if row[0] == result.__name__ else self._unreadable(key)
        except ValidationError:
            return self._unreadable(key)

    def _unreadable(self, key: str) -> NoReturn:
        raise StoreError(
            f"the journalled result of step {key!r} of run {self._run_id} cannot be read",
            help="recover this run with the crewctl that began it",
        ) from None

    def _count(self) -> int:
        with self._lock, explained(self._path):
            query = "SELECT count(*) FROM step_results WHERE run_id=?"
            return int(self._connection.execute(query, (self._run_id,)).fetchone()[0])
