"""Starts of crews without a person at a terminal, each once and with what became of it, and who remembers them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Kind = Literal["schedule", "trigger", "spool", "webhook"]
State = Literal["claimed", "held", "started", "failed", "skipped", "missed"]
"""A start is claimed by one worker, may be held back for a while, and comes to one of the other four."""


@dataclass(frozen=True)
class Start:
    """One start. `key` is its own for ever, and the idempotency key of its kickoff.

    `name` is the schedule's, the trigger's or the file's; `at` is when it was due, in UTC. `of` is the
    run that set it off, `run` the run that it started, `note` says why there is none or why it waits.
    `told` says the same to whoever gave the inputs, with their values, and is kept nowhere.
    """

    key: str
    kind: Kind
    crew: str
    name: str
    at: datetime
    state: State = "claimed"
    of: str | None = None
    run: str | None = None
    note: str = ""
    worker: str = ""
    touched: datetime | None = None
    inputs_sha256: str = ""
    told: str = ""


@dataclass(frozen=True)
class Dropped:
    """A file that this worker has taken: what it held, or in `problem` why it was not read.

    `by` is whose file it is, as the operating system says. `token` is its own for ever: a second file of the same name is another start.
    """

    crew: str
    name: str
    token: str
    content: bytes = b""
    problem: str = ""
    by: str = ""

    @property
    def taken_as(self) -> str:
        """The name under which it lies once it is taken."""
        return f"{self.token}-{self.name}"


@dataclass(frozen=True)
class Pause:
    """Who paused a crew's schedules and triggers, when and why."""

    by: str
    at: datetime
    why: str


@dataclass(frozen=True)
class Known:
    """A schedule or trigger as an entry has it; `spec` is its JSON, by which a change is noticed."""

    kind: Kind
    crew: str
    name: str
    spec: str


@dataclass(frozen=True)
class Memory:
    """What is remembered of a schedule: since when it counts, the last time that was dealt with, its pause."""

    since: datetime
    last_at: datetime | None = None
    pause: Pause | None = None


GOING: frozenset[State] = frozenset({"claimed", "held", "started"})
"""The states of a start that may still go on."""


def line_of(start: Start) -> str:
    """Say in a line what became of a start."""
    name = "" if start.kind == "webhook" else f" {start.name}"  # its key is its sender's business
    run = f": run {start.run}" if start.run else ""
    note = f" ({'; '.join(start.note.splitlines())})" if start.note else ""
    return f"{start.kind}{name} of {start.crew} {start.state}{run}{note}"


class Starts(Protocol):
    """Remembers starts for all workers. What returns True does so for one of them alone. StoreError."""

    def claim(self, start: Start) -> bool:
        """Add the start, durable when this returns; False when one with its key is there."""
        ...

    def take_over(self, start: Start, worker: str, now: datetime) -> bool:
        """Claim a start again that is still as it was read; False when somebody was faster."""
        ...

    def settle(self, start: Start, now: datetime) -> None:
        """Write down what became of a start: its state, run, note and digest of inputs."""
        ...

    def find(self, key: str) -> Start | None:
        """Return the start with this key."""
        ...

    def unsettled(self, *, held_before: datetime, claimed_before: datetime) -> Sequence[Start]:
        """Return, oldest first, what was held back, or claimed and left, and not touched since."""
        ...

    def of_schedule(
        self, kind: Kind, crew: str, name: str, most: int, *, going: bool = False
    ) -> Sequence[Start]:
        """Return the newest starts of a schedule or trigger, newest first.

        With `going` only those that may still go on: they wait, or came to a run.
        """
        ...

    def latest(self, crew: str | None, most: int) -> Sequence[Start]:
        """Return the newest starts of a crew or of all, newest first."""
        ...


class ScheduleMemory(Protocol):
    """Remembers for all workers which schedules there are, since when, and which are paused. StoreError."""

    def learn(self, known: Sequence[Known], broken: Sequence[str], now: datetime) -> None:
        """Note what the entries have now; crews in `broken` keep what is known of them.

        What is new or has changed counts from `now`; what is gone is forgotten.
        """
        ...

    def known(self, crew: str) -> Sequence[Known]:
        """Return what was last known of a crew."""
        ...

    def of(self, kind: Kind, crew: str, name: str) -> Memory | None:
        """Return what is remembered of a schedule or trigger."""
        ...

    def pause(self, crew: str, pause: Pause) -> Pause | None:
        """Pause a crew's schedules and triggers; the pause that was there already, where there is one."""
        ...

    def resume(self, crew: str, now: datetime) -> Pause | None:
        """Lift a pause and return it; times that passed meanwhile are not made up for."""
        ...

    def pauses(self) -> dict[str, Pause]:
        """Return every pause, by crew."""
        ...


class Files(Protocol):
    """Where files are dropped that start crews; one worker takes each. StoreError."""

    def crews(self) -> Sequence[str]:
        """Return the names of the crews that files can be dropped for."""
        ...

    def take(self, crew: str) -> Iterator[Dropped]:
        """Yield the files that are whole, oldest first; what is yielded is this worker's."""
        ...

    def left(self, crew: str) -> Iterator[Dropped]:
        """Yield the files that a worker took and did not lay aside, unread."""
        ...

    def read(self, dropped: Dropped) -> Dropped:
        """Return a file that was taken with what it holds."""
        ...

    def done(self, dropped: Dropped) -> None:
        """Lay the file aside: its run has been asked for."""
        ...

    def failed(self, dropped: Dropped, problem: str) -> None:
        """Lay the file aside, with what is wrong beside it."""
        ...


class Endings(Protocol):
    """Tells which runs have ended."""

    def change(self) -> tuple[int, int]:
        """Return a figure that differs whenever a run has been asked for or has ended; very cheap."""
        ...

    def closed(self, crew: str, after: int) -> Sequence[str]:
        """Return the closed runs of the crew above the mark `after`, oldest first."""
        ...

    def mark(self, crew: str, after: int) -> int:
        """Return a mark at or below which every run of the crew is closed; read it before `closed`."""
        ...

    def kept_mark(self, crew: str) -> int | None:
        """Return the mark at or below which every ending of the crew's runs has been dealt with."""
        ...

    def keep_mark(self, crew: str, mark: int) -> None:
        """Remember the mark, unless a higher one is remembered."""
        ...
