"""Steps that remember in memory, held to the same contract as the journal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import NoReturn, TypeVar

from pydantic import BaseModel

from crewctl.running.port import Suspended

M = TypeVar("M", bound=BaseModel)


class MemorySteps:
    """The Steps port over a dict; pass the `journal` of another to come back from its crash."""

    def __init__(self, journal: dict[str, str] | None = None) -> None:
        self.journal: dict[str, str] = {} if journal is None else journal
        self._unasked = bool(self.journal)
        self._own: set[str] = set()
        self._gate: Callable[[], None] | None = None

    def do(self, key: str, work: Callable[[], M], result: type[M]) -> M:
        """Return the remembered result of `key`, or do the work and remember it."""
        return self.do_all({key: work}, result)[key]

    def do_all(self, works: Mapping[str, Callable[[], M]], result: type[M]) -> dict[str, M]:
        """Do what is not remembered side by side; results in the order of `works`."""
        missing = [key for key in works if key not in self.journal]
        self._unasked = self._unasked or not self._own.issuperset(works.keys() - set(missing))
        if missing and self._gate is not None and self._unasked:
            self._gate()
            self._unasked = False
        with ThreadPoolExecutor(max(1, len(missing))) as threads:
            futures = [
                threads.submit(copy_context().run, self._remembered, key, works[key]) for key in missing
            ]
        for future in futures:
            future.result()
        return {key: result.model_validate_json(self.journal[key]) for key in works}

    def wait(self, key: str, card: str, answer: Callable[[], M | None], result: type[M]) -> M:
        """Return the remembered answer, or what `answer` finds now; Suspended while there is none."""
        if key in self.journal:
            return self.do_all({key: _never}, result)[key]
        found = answer()
        if found is None:
            raise Suspended(card)
        self._unasked = True  # whoever waited may have waited for days
        self._remember(key, found)
        return found

    @contextlib.contextmanager
    def guarded_by(self, gate: Callable[[], None]) -> Iterator[None]:
        """Ask `gate` before the first new step after a recovery."""
        before, self._gate = self._gate, gate
        try:
            yield
        finally:
            self._gate = before

    def _remembered(self, key: str, work: Callable[[], M]) -> None:
        self._remember(key, work())

    def _remember(self, key: str, done: BaseModel) -> None:
        self.journal[key] = done.model_dump_json()
        self._own.add(key)


def _never() -> NoReturn:
    raise AssertionError("a remembered step is not done again")
