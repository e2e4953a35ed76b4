"""Turns what PostgreSQL says into a StoreError with a next step, and tells whether it went away."""

from __future__ import annotations

import select
from typing import Any

import psycopg
from psycopg import errors

from crewctl.errors import LostDatabaseError, StoreError

_WENT_AWAY = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.ConnectionException,
    errors.IdleInTransactionSessionTimeout,
)


_AFTERTHOUGHT_MS = 5
"""Behind its last words a server closes the connection at once."""


def explain(
    error: psycopg.Error,
    name: str,
    connection: psycopg.Connection[tuple[Any, ...]],
    *,
    committing: bool = False,
) -> StoreError:
    """Return what to raise; LostDatabaseError when the connection broke, whose last change may be kept."""
    if connection.closed or isinstance(error, _WENT_AWAY):
        if committing:
            return LostDatabaseError(
                f"{name} went away while a change was being kept: whether it was is not known",
                help="see that the server runs, and look at what the run's account says",
            )
        return LostDatabaseError(
            f"{name} went away; the change that was being made was not kept",
            help="see that the server runs, and try again",
        )
    return StoreError(f"{name}: {_meaning(error)}", help=_next_step(error))


def is_gone(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """Tell without asking the server whether a connection at rest has been ended from the other side.

    Nobody else may use the connection meanwhile.
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if not poll.poll(0):
        return False
    try:
        # Nobody asked anything: the server ends the connection, or tells of a changed setting.
        connection.pgconn.consume_input()
    except psycopg.Error:
        return True
    return bool(poll.poll(_AFTERTHOUGHT_MS)) or connection.closed


def _meaning(error: psycopg.Error) -> str:
    if isinstance(error, errors.LockNotAvailable):
        return "another process has kept what is needed locked for 30 seconds"
    if isinstance(error, errors.InsufficientPrivilege):
        return f"the role may not do that ({error.diag.message_primary})"
    if isinstance(error, errors.DiskFull):
        return "the server's disk is full"
    return error.diag.message_primary or str(error).strip() or type(error).__name__


def _next_step(error: psycopg.Error) -> str:
    if isinstance(error, errors.LockNotAvailable):
        return "see which crewctl process is still busy, and try again"
    if isinstance(error, errors.InsufficientPrivilege):
        return "let the role own the schema crewctl: CREATE SCHEMA crewctl AUTHORIZATION its_name"
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return "name the primary in CREWCTL_DATABASE: a standby cannot be written to"
    return "see the server's log"
