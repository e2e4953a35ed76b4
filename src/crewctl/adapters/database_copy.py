"""Copies the whole machine state from one database to an empty one, all of it or nothing, and looks that it is equal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crewctl.adapters.database import Part, Session
from crewctl.adapters.database_moves import MOVES, Move, What, add_move, last_move
from crewctl.adapters.database_parts import CONTENT_PART, PARTS, RETIRED, tables_of
from crewctl.adapters.database_side import Row, Side
from crewctl.errors import CrewctlError, StoreError

_ABOUT = "move"
_CONTENTS = "contents"
Told = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and of how much."""


class NotEmptyError(CrewctlError):
    """The database that should be copied to holds something already."""


@dataclass
class Tally:
    """How many rows there are, and a sum of their digests that does not depend on their order."""

    rows: int = 0
    digest: int = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Count rows in."""
        for row in rows:
            self.rows += 1
            number = int.from_bytes(hashlib.sha256(repr(row).encode()).digest(), "big")
            self.digest = (self.digest + number) % 2**256


@dataclass
class Copied:
    """What was copied, or with a dry run would be: rows by table, and contents with their bytes.

    `again` says that an earlier copy was complete, and only the old database had not been left yet.
    """

    rows: dict[str, int] = field(default_factory=dict)
    contents: int = 0
    content_bytes: int = 0
    again: bool = False


@dataclass
class _State:
    """What a fingerprint follows from."""

    tallies: dict[str, Tally]
    counters: dict[str, int]
    content_bytes: int = 0

    def fingerprint(self) -> str:
        tallies = {table: (tally.rows, f"{tally.digest:x}") for table, tally in self.tallies.items()}
        told = json.dumps([tallies, self.counters], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def copied(self, *, again: bool = False) -> Copied:
        rows = {table: tally.rows for table, tally in self.tallies.items() if table != _CONTENTS}
        return Copied(rows, self.tallies[_CONTENTS].rows, self.content_bytes, again)


def what_there_is(side: Side) -> Copied:
    """Return what a copy of this side would hold; nothing is made or changed."""
    with side.database.reading() as session:
        tables = tables_of(_parts(side, session))
        rows = {table: _count(session, table) for table in tables}
        sizes = [size for _, _, size in _places(side, session)]
    return Copied(rows, len(sizes), sum(sizes))


def refuse_unless_empty(source: Side, target: Side) -> None:
    """Raise NotEmptyError where the target holds anything but an earlier copy of this source; nothing is made."""
    with target.database.reading() as new:
        held, came = _held(target, new), _came(target, new)
        if held and (came is None or came.other != source.database.name):
            raise _not_empty(target, held)


def copy(source: Side, target: Side, by: str, refuse: Callable[[], None], tell: Told) -> Copied:
    """Copy everything, and leave the source as it is but marked as moved.

    `refuse` is asked once nobody can change the source any more, and raises where it may not be moved.
    The target has everything or nothing. Whoever is killed between the ends of both transactions
    leaves a whole copy and an unmarked source: copying again finds that, and only marks it.
    """
    with source.database.writing(MOVES, about=_ABOUT) as old:
        parts = _parts(source, old)
        tables = tables_of(parts)
        source.keep_still(old, tables)
        refuse()
        with target.database.writing(*parts, *target.shelf.parts, about=_ABOUT) as new:
            target.keep_still(new, tables_of([*parts, *target.shelf.parts]))
            held = _held(target, new)
            if held:
                state, again = _known_copy(source, old, target, new, held), True
            else:
                state, again = _copy_into(source, old, target, new, tables, tell), False
                add_move(new, _move("from", source, by, state))
        add_move(old, _move("to", target, by, state))
        source.shut(old, tables)
    return state.copied(again=again)


def reopen(side: Side, by: str, why: str) -> Move:
    """Have a database that was moved be used again; it knows nothing of what happened since."""
    with side.database.writing(MOVES, about=_ABOUT) as session:
        left = last_move(session)
        if left is None or left.what != "to":
            raise CrewctlError(f"{side.database.name} was not moved: it is in use")
        side.open_again(session, tables_of(_parts(side, session)))
        again = Move("reopened", left.kind, left.other, _now(), by, why)
        add_move(session, again)
        return again


def sizes_of_contents(side: Side) -> list[int]:
    """Return the size in bytes of every content."""
    with side.database.reading() as session:
        return [size for _, _, size in _places(side, session)]


def _copy_into(
    source: Side, old: Session, target: Side, new: Session, tables: Sequence[str], tell: Told
) -> _State:
    tallies = {}
    for table in tables:
        tallies[table], total = Tally(), _count(old, table)
        for rows in source.batches(old, table):
            target.add(new, table, rows)
            tallies[table].add(rows)
            tell(table, tallies[table].rows, total)
    for table, last in source.counters(old).items():
        if table in tables:
            target.set_counter(new, table, last)
    state = _State(tallies, _counters(source, old, tables))
    _copy_contents(source, old, target, new, state, tell)
    _check(target, new, state, tables, tell)
    return state


def _copy_contents(source: Side, old: Session, target: Side, new: Session, state: _State, tell: Told) -> None:
    places = _places(source, old)
    # What the target has files of and the source does not was erased, and must not come back.
    if left := {place[:2] for place in _places(target, new)} - {place[:2] for place in places}:
        raise NotEmptyError(
            f"{len(left)} contents are kept there that are none of this machine state, {'/'.join(min(left))} among them",
            help="move .crewctl/content away, and copy again",
        )
    tally = state.tallies[_CONTENTS] = Tally()
    for run_id, name, _ in places:
        body = source.shelf.read(old, run_id, name)
        if body is None:
            continue
        digest = hashlib.sha256(body).hexdigest()
        if target.shelf.write(new, run_id, name, body) != digest:
            raise StoreError(
                f"content {run_id}/{name} came out differently on the other side",
                help="nothing was copied; keep both databases for inquiry",
            )
        tally.add([(run_id, name, digest)])
        state.content_bytes += len(body)
        tell(_CONTENTS, tally.rows, len(places))


def _check(target: Side, new: Session, state: _State, tables: Sequence[str], tell: Told) -> None:
    """Read everything again where it is now, before it counts."""
    for table in tables:
        found = Tally()
        for rows in target.batches(new, table):
            found.add(rows)
            tell(f"{table} read again", found.rows, state.tallies[table].rows)
        if found != state.tallies[table]:
            raise StoreError(
                f"the rows of {table} came out differently on the other side",
                help="nothing was copied; keep both databases for inquiry",
            )
    if _counters(target, new, tables) != state.counters:
        raise StoreError(
            "the numbers that come next are not the same on the other side", help="nothing was copied"
        )


def _known_copy(source: Side, old: Session, target: Side, new: Session, held: str) -> _State:
    """Return the source's state where the target is its copy already, used since or not; NotEmptyError if not."""
    came, state = _came(target, new), _state_of(source, old)
    if came is None or came.fingerprint != state.fingerprint():
        raise _not_empty(target, held)
    return state


def _came(target: Side, new: Session) -> Move | None:
    return last_move(new, "from") if MOVES.name in target.versions(new) else None


def _not_empty(target: Side, held: str) -> NotEmptyError:
    return NotEmptyError(
        f"{target.database.name} is not empty: it holds {held}",
        help="make an empty database and name that one",
    )


def _state_of(source: Side, old: Session) -> _State:
    tables = tables_of(_parts(source, old))
    tallies = {table: Tally() for table in (*tables, _CONTENTS)}
    for table in tables:
        for rows in source.batches(old, table):
            tallies[table].add(rows)
    total = 0
    for run_id, name, _ in _places(source, old):
        body = source.shelf.read(old, run_id, name)
        if body is not None:
            tallies[_CONTENTS].add([(run_id, name, hashlib.sha256(body).hexdigest())])
            total += len(body)
    return _State(tallies, _counters(source, old, tables), total)


def _parts(side: Side, session: Session) -> tuple[Part, ...]:
    """Return the parts that are there, as they are declared; StoreError for any that this crewctl does not know."""
    found = side.versions(session)
    known = {part.name: part for part in (*PARTS, CONTENT_PART)}
    for name, version in found.items():
        if name in RETIRED:
            continue
        if name not in known or known[name].version != version:
            raise StoreError(
                f"{side.database.name} was written by another crewctl ({name} has version {version})",
                help="use the crewctl that wrote it",
            )
    return tuple(part for part in PARTS if part.name in found)


def _places(side: Side, session: Session) -> Sequence[tuple[str, str, int]]:
    there = side.versions(session)
    return side.shelf.places(session) if all(part.name in there for part in side.shelf.parts) else ()


def _held(side: Side, session: Session) -> str:
    """Return what rows there are, in words; empty when there are none."""
    there = _parts(side, session)
    tables = tables_of([*there, CONTENT_PART] if CONTENT_PART.name in side.versions(session) else there)
    counts = {table: _count(session, table) for table in tables}
    return ", ".join(f"{count} {table}" for table, count in counts.items() if count)


def _counters(side: Side, session: Session, tables: Sequence[str]) -> dict[str, int]:
    # A copy that was cut off may have used up the next number of a move.
    own = tables_of([MOVES])
    return {
        table: last for table, last in side.counters(session).items() if table in tables and table not in own
    }


def _count(session: Session, table: str) -> int:
    return int(session.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])  # noqa: S608 - a declared table


def _move(what: What, other: Side, by: str, state: _State) -> Move:
    return Move(what, other.kind, other.database.name, _now(), by, fingerprint=state.fingerprint())


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
