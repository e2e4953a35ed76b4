"""Where the machine state came from and went to: a database that was moved is never written to by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from crewctl.adapters.database import Part, Rows, Session, Value
from crewctl.errors import StoreError

Kind = Literal["sqlite", "postgresql"]
What = Literal["from", "to", "reopened"]

MOVES = Part(
    "moves",
    1,
    (
        """CREATE TABLE moves (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            what TEXT NOT NULL,
            kind TEXT NOT NULL,
            other TEXT NOT NULL,
            at TEXT NOT NULL,
            by TEXT NOT NULL,
            why TEXT NOT NULL,
            fingerprint TEXT NOT NULL
        )""",
    ),
    append_only=("moves",),
)


@dataclass(frozen=True)
class Move:
    """The machine state came `from` the `other` database, went `to` it, or was `reopened` here.

    `kind` and `other` say which database, without a password; `at` is text, in UTC; `why` is said at a
    reopening only; `fingerprint` follows from everything that was copied.
    """

    what: What
    kind: Kind
    other: str
    at: str
    by: str
    why: str = ""
    fingerprint: str = ""


class MovedError(StoreError):
    """The machine state is not here any more: `move` says where it went."""

    def __init__(self, name: str, move: Move) -> None:
        use = "unset CREWCTL_DATABASE" if move.kind == "sqlite" else "set CREWCTL_DATABASE to its URL"
        super().__init__(
            f"{name}: the machine state was moved to {move.other} at {move.at} by {move.by}",
            help=f"{use}; to go on here without what happened there: crewctl database reopen --reason ...",
        )
        self.move = move


class Asked(Protocol):
    """Whatever runs a statement."""

    def execute(self, statement: str, values: Sequence[Value] = (), /) -> Rows:
        """Run one statement."""
        ...


def last_move(session: Asked, what: What | None = None) -> Move | None:
    """Return the last move, or the last of a kind; the part must be there."""
    rows = session.execute(
        "SELECT what, kind, other, at, by, why, fingerprint FROM moves ORDER BY number"
    ).fetchall()
    moves = [Move(*row) for row in rows if what in (None, row[0])]
    return moves[-1] if moves else None


def refuse_moved(session: Asked, name: str) -> None:
    """Raise MovedError where the machine state went somewhere else; the part must be there."""
    move = last_move(session)
    if move is not None and move.what == "to":
        raise MovedError(name, move)


def add_move(session: Session, move: Move) -> None:
    """Write a move down."""
    session.execute(
        "INSERT INTO moves (what, kind, other, at, by, why, fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (move.what, move.kind, move.other, move.at, move.by, move.why, move.fingerprint),
    )
