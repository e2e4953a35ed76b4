"""The Steps port over a durable workflow: every result is in the engine's database before the next step begins."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, NoReturn, TypeVar

import dbos._core as core
import sqlalchemy.exc
from dbos import DBOS
from dbos._context import DBOSContext, snapshot_step_context
from dbos._dbos import _get_dbos_instance
from dbos._error import (
    DBOSStepNondeterminismError,
    DBOSUnexpectedStepError,
    DBOSWorkflowCancelledError,
    DBOSWorkflowConflictIDError,
)
from dbos._sys_db import StepInfo
from pydantic import BaseModel, ValidationError

from crewctl.audit.redaction import Redaction
from crewctl.errors import StoreError
from crewctl.running.port import Abandoned, Suspended

M = TypeVar("M", bound=BaseModel)

SIDE_BY_SIDE = 8
"""As many steps as run at once: the most contestants that a market has."""


LAST_NUMBER = 2**31 - 3
"""Steps are numbered from one to this: what the engine's columns hold, less a number for 'after all of them'."""


AFTER_ALL = LAST_NUMBER + 1
"""The number after every step: a run that is wound back to it keeps all that it has finished."""


class _Raised(BaseException):
    """Carries what a step raised past the engine, which would remember it as the step's result."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class DbosSteps:
    """Used inside the workflow of one run. `secrets` are taken out of every result before it is kept.

    The engine numbers steps by the order in which they begin; here a step's number follows from its
    key. So steps that run side by side are found again whichever was faster, and a finished step is
    found again even where a newer version makes its steps in another order.

    A run that finds a result which it has not come to itself has come back from a crash or a wait, or
    somebody else wrote there: then the gate of `guarded_by` is asked before the next step that is new.
    """

    def __init__(self, *, secrets: Iterable[str] = ()) -> None:
        self._redaction = Redaction(secrets)
        self._gate: Callable[[], None] | None = None
        remembered = _steps_of(str(DBOS.workflow_id))
        self._numbers = {step["function_name"]: step["function_id"] for step in remembered}
        self._unasked = bool(remembered)
        self._own: set[str] = set()
        self._asking = threading.Lock()
        self._refusal: BaseException | None = None

    def do(self, key: str, work: Callable[[], M], result: type[M]) -> M:
        """Return the remembered result of `key`, or do the work and remember it."""
        return self._step(key, self._place(key), work, result)

    def do_all(self, works: Mapping[str, Callable[[], M]], result: type[M]) -> dict[str, M]:
        """Do what is not remembered side by side, each in the caller's context; results in order.

        When some of them raise, the others are still finished and remembered; then the first of those
        errors, in the order of `works`, is raised.
        """
        if len(works) == 1:
            return {key: self.do(key, work, result) for key, work in works.items()}
        places = {key: self._place(key) for key in works}
        with ThreadPoolExecutor(max(1, min(SIDE_BY_SIDE, len(works))), "step") as threads:
            futures: dict[str, Future[M]] = {
                key: threads.submit(copy_context().run, self._step, key, places[key], work, result)
                for key, work in works.items()
            }
        return {key: future.result() for key, future in futures.items()}

    def wait(self, key: str, card: str, answer: Callable[[], M | None], result: type[M]) -> M:
        """Return the remembered answer of `key`, or what `answer` finds now; Suspended while there is none."""

        def look() -> M:
            found = answer()
            if found is None:
                raise Suspended(card)
            return found

        done = self._step(key, self._place(key), look, result, guarded=False)
        self._unasked = True  # whoever waited may have waited for days
        return done

    @contextlib.contextmanager
    def guarded_by(self, gate: Callable[[], None]) -> Iterator[None]:
        """Ask `gate` before the first new step after a recovery or a wait; what it raises ends the run."""
        before, self._gate = self._gate, gate
        try:
            yield
        finally:
            self._gate = before

    def _place(self, key: str) -> DBOSContext:
        place = snapshot_step_context()
        if place is None or not place.is_workflow():
            raise AssertionError("steps are made inside a run's workflow")
        place.function_id = self._number_of(key)
        return place

    def _number_of(self, key: str) -> int:
        if key not in self._numbers:
            number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % LAST_NUMBER
            taken = set(self._numbers.values())
            while number + 1 in taken:
                number = (number + 1) % LAST_NUMBER
            self._numbers[key] = number + 1
        return self._numbers[key]

    def _step(
        self, key: str, place: DBOSContext, work: Callable[[], M], result: type[M], *, guarded: bool = True
    ) -> M:
        def once() -> dict[str, Any]:
            try:
                if guarded:
                    self._ask_gate()
                done = work()
            except BaseException as error:
                raise _Raised(error) from error
            self._own.add(key)
            body: dict[str, Any] = self._redaction.of_json(done.model_dump(mode="json"))
            return {"type": type(done).__name__, "value": body}

        kept = _remembered(place, key, once)
        # Whoever can write to the database must not be able to decide that the run was let through.
        self._unasked = self._unasked or key not in self._own
        try:
            if kept["type"] == result.__name__:
                return result.model_validate(kept["value"])
        except (ValidationError, KeyError, TypeError):
            pass
        return _unreadable(key)

    def _ask_gate(self) -> None:
        """Ask once for all steps that begin side by side: a no is the answer to each of them."""
        with self._asking:
            if self._refusal is not None:
                raise self._refusal
            if self._gate is None or not self._unasked:
                return
            try:
                self._gate()
            except BaseException as refusal:
                self._refusal = refusal
                raise
            self._unasked = False


def _remembered(place: DBOSContext, key: str, once: Callable[[], dict[str, Any]]) -> Any:
    try:
        return core.run_step(_get_dbos_instance(), place, once, {"name": key}, (), {})
    except _Raised as raised:
        raise raised.error from None
    except (DBOSWorkflowConflictIDError, DBOSWorkflowCancelledError) as taken:
        raise Abandoned("another process has taken the run up") from taken
    except (DBOSUnexpectedStepError, DBOSStepNondeterminismError) as other:
        raise StoreError(
            f"the run remembers another step where {key!r} is now",
            help="recover this run with the crewctl that began it",
        ) from other
    except sqlalchemy.exc.SQLAlchemyError as lost:
        raise _left(lost) from lost


def _steps_of(run_id: str) -> Sequence[StepInfo]:
    """Return what the engine remembers, asked beside it: it would remember the asking as a step of its own."""
    try:
        return _get_dbos_instance()._sys_db.list_workflow_steps(run_id, load_output=False)  # noqa: SLF001 - pinned, and held by contract tests
    except sqlalchemy.exc.SQLAlchemyError as lost:
        raise _left(lost) from lost


def _left(lost: Exception) -> Abandoned:
    return Abandoned(f"the engine's database does not answer: {type(lost).__name__}")


def _unreadable(key: str) -> NoReturn:
    raise StoreError(
        f"the remembered result of step {key!r} cannot be read",
        help="recover this run with the crewctl that began it",
    ) from None
