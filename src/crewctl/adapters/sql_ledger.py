"""The ledger in the machine state's database: one transaction a booking, shared by all who work on a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from crewctl.adapters.database import Database, Part, Session
from crewctl.adapters.sql_owners import OWNERS, check_owner
from crewctl.errors import StoreError
from crewctl.running.booking import Account, Booking, Reservation, book, burst, overrun
from crewctl.running.ownership import Owner
from crewctl.running.port import Caps, Grant, Refusal, Request, Totals, Wait

LEDGER = Part(
    "ledger",
    1,
    (
        """CREATE TABLE ledger_account (
            run_id TEXT PRIMARY KEY,
            max_turns INTEGER, max_tokens INTEGER, max_cost INTEGER,
            turns INTEGER NOT NULL DEFAULT 0,
            tokens INTEGER NOT NULL DEFAULT 0,
            cost INTEGER NOT NULL DEFAULT 0,
            cost_known INTEGER NOT NULL DEFAULT 1,
            tripped TEXT
        ) STRICT""",
        """CREATE TABLE ledger_reservation (
            grant_id INTEGER PRIMARY KEY AUTOINCREMENT,
            run_id TEXT NOT NULL REFERENCES ledger_account,
            tokens INTEGER NOT NULL,
            cost INTEGER,
            blocked INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        "CREATE INDEX ledger_reservation_of_run ON ledger_reservation (run_id)",
    ),
)


class SqlLedger:
    """Keeps the books of all runs in the machine state; safe from threads and processes.

    Every method raises StoreError when the database cannot be read or written, and FencedError when
    another worker took the run of `owner` up.
    """

    def __init__(self, database: Database, *, owner: Owner | None = None) -> None:
        self._database = database
        self._owner = owner

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def open(self, run_id: str, caps: Caps) -> None:
        """Start the run's account; opening it again changes nothing."""
        with self._transaction(run_id) as db:
            db.execute(
                "INSERT INTO ledger_account (run_id, max_turns, max_tokens, max_cost)"
                " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (run_id, caps.max_turns, caps.max_tokens, caps.max_cost),
            )

    def reserve(self, run_id: str, request: Request) -> Grant | Refusal | Wait:
        """Book the worst case, committed when this returns. A refusal is final: the run is tripped."""
        with self._transaction(run_id) as db:
            # While this asker waited, its open calls were marked as blocked; it asks anew now.
            _mark(db, run_id, request.blocked, blocked=False)
            account = _account(db, run_id)
            answer = book(account, request)
            if isinstance(answer, Wait):
                _mark(db, run_id, request.blocked, blocked=True)
                return answer
            if isinstance(answer, Refusal):
                _trip(db, run_id, answer)
                return answer
            return _write(db, run_id, account.turns + 1, answer)

    def settle(self, run_id: str, grant: int, tokens: int | None, cost: int | None) -> int:
        """Replace a reservation by real usage (None keeps it whole); return tokens over it.

        A grant that is not open, because it was settled before, changes nothing.
        """
        with self._transaction(run_id) as db:
            account = _account(db, run_id)
            held = account.open.get(grant)
            if held is None:
                return 0
            spent = held.cost if tokens is None else cost
            db.execute("DELETE FROM ledger_reservation WHERE grant_id = ?", (grant,))
            db.execute(
                "UPDATE ledger_account SET tokens = tokens + ?, cost = cost + ?, cost_known = cost_known & ?"
                " WHERE run_id = ?",
                (held.tokens if tokens is None else tokens, spent or 0, int(spent is not None), run_id),
            )
            over, burst_open = overrun(held, tokens, cost)
            tripped = burst(account.caps, _account(db, run_id).totals()) if burst_open else None
            if tripped is not None:
                _trip(db, run_id, tripped)
            return over

    def settle_lost(self, run_id: str) -> int:
        """Spend every open reservation whole: whoever held them is gone. Return how many there were."""
        with self._transaction(run_id) as db:
            lost = tuple(_account(db, run_id).open)
        for grant in lost:
            self.settle(run_id, grant, None, None)
        return len(lost)

    def totals(self, run_id: str) -> Totals:
        """Return settled usage, and beside it what open calls hold."""
        with self._transaction(run_id) as db:
            return _account(db, run_id).totals()

    @contextmanager
    def _transaction(self, run_id: str) -> Iterator[Session]:
        """Keep others out from the first read on, so that two bookings never see the same room."""
        # A grant must outlive even a power cut, or a recovery could spend it twice: hence durable.
        with self._database.writing(LEDGER, OWNERS, about=f"run:{run_id}") as session:
            check_owner(session, run_id, self._owner)
            yield session


def _account(db: Session, run_id: str) -> Account:
    row = db.execute(
        "SELECT max_turns, max_tokens, max_cost, turns, tokens, cost, cost_known, tripped"
        " FROM ledger_account WHERE run_id = ?",
        (run_id,),
    ).fetchone()
    if row is None:
        raise StoreError(f"the ledger has no account of run {run_id}", help="open the run's account first")
    held = db.execute(
        "SELECT grant_id, tokens, cost, blocked FROM ledger_reservation WHERE run_id = ?", (run_id,)
    )
    return Account(
        caps=Caps(max_turns=row[0], max_tokens=row[1], max_cost=row[2]),
        turns=row[3],
        tokens=row[4],
        cost=row[5],
        cost_known=bool(row[6]),
        tripped=None if row[7] is None else Refusal.model_validate_json(row[7]),
        open={
            grant: Reservation(tokens, cost, bool(blocked))
            for grant, tokens, cost, blocked in held.fetchall()
        },
    )


def _write(db: Session, run_id: str, turn: int, booking: Booking) -> Grant:
    db.execute("UPDATE ledger_account SET turns = ? WHERE run_id = ?", (turn, run_id))
    grant = db.execute(
        "INSERT INTO ledger_reservation (run_id, tokens, cost) VALUES (?, ?, ?) RETURNING grant_id",
        (run_id, booking.tokens, booking.cost),
    ).fetchall()[0][0]
    return Grant(
        grant=grant,
        turn=turn,
        output_cap=booking.output_cap,
        reserved_tokens=booking.tokens,
        reserved_cost=booking.cost,
    )


def _trip(db: Session, run_id: str, refusal: Refusal) -> None:
    db.execute(
        "UPDATE ledger_account SET tripped = coalesce(tripped, ?) WHERE run_id = ?",
        (refusal.model_dump_json(), run_id),
    )


def _mark(db: Session, run_id: str, grants: tuple[int, ...], *, blocked: bool) -> None:
    for grant in grants:
        db.execute(
            "UPDATE ledger_reservation SET blocked = ? WHERE run_id = ? AND grant_id = ?",
            (int(blocked), run_id, grant),
        )
