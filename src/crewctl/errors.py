"""The errors a command can end with, each with its exit code."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the process's exit code means; documented in docs/reference/exit-codes.md."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    NOT_APPROVED = 4
    LIMIT = 5
    STOPPED = 6
    WAITING = 7
    UNDECIDED = 8
    NOT_FOUND = 9
    BUG = 70
    INTERRUPTED = 130


class CrewctlError(Exception):
    """Something a command could not do, said in one sentence with the next step.

    ``help`` is an imperative sentence naming the next step, without a trailing full stop.
    """

    exit: Exit = Exit.FAILED

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 - the word users see
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(CrewctlError):
    """The command line asks for something that has no meaning."""

    exit = Exit.USAGE


class InvalidError(CrewctlError):
    """The catalogue or the inputs hold problems."""

    exit = Exit.INVALID


class NotApprovedError(CrewctlError):
    """No approval lets this plan run as it is."""

    exit = Exit.NOT_APPROVED


class WaitingError(CrewctlError):
    """The run waits for people, so nobody can go on with it yet."""

    exit = Exit.WAITING


class NotFoundError(CrewctlError):
    """What was named does not exist."""

    exit = Exit.NOT_FOUND


class StoreError(CrewctlError):
    """The machine state under ``.crewctl/`` cannot be read or written."""


class LostDatabaseError(StoreError):
    """The database is away, or went away in the middle of something: then it may not be known whether that was kept."""


class FencedError(StoreError):
    """Another process has taken the run up, and this one may not write to its account any more."""


class EngineError(CrewctlError):
    """The process that hosts CrewAI could not be started or broke the conversation."""
