"""What every kind of lock does alike, once it can take one and keep one free."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from crewctl.errors import StoreError
from crewctl.running.ownership import PATIENCE, Held


class LockPort(ABC):
    """The half of the Locks port that follows from the other."""

    @abstractmethod
    def acquire(self, name: str, *, patience: float = PATIENCE) -> Held | None:
        """Take the lock; None if somebody else still holds it after `patience` seconds."""

    @abstractmethod
    def kept_free(self, name: str) -> AbstractContextManager[bool]:
        """Give whether the lock is free, and as long as this lasts nobody can take it."""

    @contextmanager
    def hold(self, name: str, *, patience: float = PATIENCE) -> Iterator[Held]:
        """Hold the lock; StoreError if somebody else still holds it after `patience` seconds."""
        held = self.acquire(name, patience=patience)
        if held is None:
            raise StoreError(_said_held(name))
        try:
            yield held
        finally:
            held.release()

    def is_held(self, name: str) -> bool:
        """Tell whether some process holds the lock. One that never was taken is free."""
        with self.kept_free(name) as free:
            return not free


def _said_held(name: str) -> str:
    kind, _, which = name.partition(":")
    if kind == "run":
        return f"run {which} is already being worked on by another process"
    return f"the lock {name} is held by another process"
