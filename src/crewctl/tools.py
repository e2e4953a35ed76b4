"""What a project's own tools may import of crewctl: the key of the call that is being made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["idempotency_key"]

_KEY: ContextVar[str] = ContextVar("crewctl_idempotency_key", default="")


def idempotency_key() -> str | None:
    """Return the key of the call that is being made, for a service that takes an idempotency key.

    It is the same for every attempt at the same call and no other call of any run has it. None where no
    gate decided on the call: outside a run, and for a tool that changes nothing outside.
    """
    return _KEY.get() or None


@contextmanager
def calling_under(key: str) -> Iterator[None]:
    """Make `key` the key of what is called in this context; for crewctl and for tests of tools."""
    token = _KEY.set(key)
    try:
        yield
    finally:
        _KEY.reset(token)
