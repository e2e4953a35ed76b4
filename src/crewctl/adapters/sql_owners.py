"""The fence: every run has an epoch in the database, and only its last owner may write for it."""

from __future__ import annotations

from crewctl.adapters.database import Part, Session
from crewctl.errors import FencedError
from crewctl.running.ownership import Owner

OWNERS = Part(
    "owners",
    1,
    (
        # A run is here once it can be taken up again: enqueued (epoch 0, nobody's) or taken.
        """CREATE TABLE run_owners (
            run_id TEXT PRIMARY KEY,
            epoch INTEGER NOT NULL,
            executor TEXT NOT NULL
        )""",
    ),
)


def check_owner(session: Session, run_id: str, owner: Owner | None) -> None:
    """Raise FencedError when `owner` had this run and it was taken up by another worker since.

    To be asked in the very transaction that writes, about the same run as `next_epoch`'s.
    """
    if owner is None or owner.run_id != run_id:
        return
    row = session.execute("SELECT epoch FROM run_owners WHERE run_id=?", (run_id,)).fetchone()
    if row is None or int(row[0]) != owner.epoch:
        raise FencedError(
            f"run {run_id} was taken up by another worker",
            help=f"see what it does there with: crewctl logs {run_id}",
        )


def next_epoch(session: Session, run_id: str, executor: str) -> int:
    """Make `executor` the run's owner and return its epoch; whoever had it before is fenced off."""
    rows = session.execute(
        "INSERT INTO run_owners VALUES (?, 1, ?) ON CONFLICT (run_id) DO UPDATE"
        " SET epoch = run_owners.epoch + 1, executor = excluded.executor RETURNING epoch",
        (run_id, executor),
    )
    return int(rows.fetchall()[0][0])


def keep_for_later(session: Session, run_id: str) -> None:
    """Note that a worker can take the run up: its process's end is not its own."""
    session.execute("INSERT INTO run_owners VALUES (?, 0, '') ON CONFLICT DO NOTHING", (run_id,))
