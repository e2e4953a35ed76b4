"""Approval statements as files under registry/approvals, one a file, never written over."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crewctl.adapters.database import Database
from crewctl.adapters.private_folder import draft_of, opened_folder, read_all
from crewctl.adapters.sql_approval_uses import SqlApprovalUses
from crewctl.approval.reading import UnreadableError, read_statement, written
from crewctl.approval.statement import (
    AnyStatement,
    Approver,
    Revocation,
    Statement,
    Suspension,
    Unsuspension,
)
from crewctl.errors import StoreError

FOLDER = "registry/approvals"
LARGEST = 8 * 1_048_576
"""Bytes of a statement's file: it holds the plan, and with it the source of every custom tool."""

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,80}")
_REVOKED = re.compile(r"-([0-9a-f]+)-revoked\.json$")
_SUSPENDED = re.compile(r"[0-9]{8}-([0-9a-f]+)-suspended\.json")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class _Read:
    """What became of one file."""

    said: AnyStatement | None
    note: str = ""


class FileApprovals:
    """The Approvals port over a project's folder and the machine's database.

    A file that is unreadable, oversized, a link, changed or of a later format is no approval; it
    is told of in `notes`. A revocation that cannot be read still revokes what its name says, and a
    suspension still suspends; so does a folder that cannot be read, in which one may be.
    """

    def __init__(self, root: Path, database: Database) -> None:
        self._root = root
        self._uses = SqlApprovalUses(database)
        self._read: dict[tuple[str, int, int, int], _Read] = {}

    def store_id(self) -> str:
        """Return the id of this machine's store."""
        return self._uses.store_id()

    def uses(self, statement_id: str) -> int:
        """Return how many runs were let through on the statement."""
        return self._uses.uses(statement_id)

    def statement_of(self, run_id: str) -> str | None:
        """Return the statement that the run was first counted against."""
        return self._uses.statement_of(run_id)

    def use(self, statement_id: str, run_id: str, max_runs: int | None) -> bool:
        """Count one run in one transaction; False when the statement is used up."""
        return self._uses.use(statement_id, run_id, max_runs)

    def crews(self) -> Sequence[str]:
        """Return, sorted, every crew that a readable file speaks of."""
        return sorted({read.said.crew for read in self._files(None).values() if read.said is not None})

    def statements(self, crew: str) -> Sequence[Statement]:
        """Return every readable statement for the crew, oldest first."""
        found = [read.said for read in self._files(crew).values() if isinstance(read.said, Statement)]
        return sorted(
            (each for each in found if each.crew == crew), key=lambda each: (each.approved_at, each.id)
        )

    def revocations(self, crew: str) -> Sequence[Revocation]:
        """Return every revocation for the crew, those included of which only the name can be read."""
        found = []
        for name, read in self._files(crew).items():
            by_name = _REVOKED.search(name)
            if isinstance(read.said, Revocation):
                found.append(read.said)
            if by_name and not (isinstance(read.said, Revocation) and read.said.revokes == by_name.group(1)):
                found.append(_unreadable_revocation(crew, by_name.group(1)))
        return [each for each in found if each.crew == crew]

    def suspensions(self, crew: str) -> Sequence[Suspension]:
        """Return every readable suspension of the crew, oldest first."""
        found = [read.said for read in self._files(crew).values() if isinstance(read.said, Suspension)]
        return sorted(
            (each for each in found if each.crew == crew), key=lambda each: (each.suspended_at, each.id)
        )

    def unsuspensions(self, crew: str) -> Sequence[Unsuspension]:
        """Return every readable lifting of a suspension of the crew."""
        found = [read.said for read in self._files(crew).values() if isinstance(read.said, Unsuspension)]
        return [each for each in found if each.crew == crew]

    def unreadable_suspensions(self, crew: str) -> Sequence[str]:
        """Return one sentence for each file, or the folder, that suspends the crew though it cannot be read."""
        said = []
        for name, read in self._files(crew).items():
            by_name = _SUSPENDED.fullmatch(name.removeprefix(f"{crew}-"))
            if not name:
                said.append(f"{FOLDER} {read.note}, so nobody can tell whether the crew is suspended")
            elif by_name and not (isinstance(read.said, Suspension) and read.said.id == by_name.group(1)):
                said.append(f"{FOLDER}/{name} suspends the crew and cannot be read as it was written")
        return said

    def notes(self, crew: str) -> Sequence[str]:
        """Return one sentence for each file for the crew that could not be taken."""
        return [f"{FOLDER}/{name} {read.note}" for name, read in self._files(crew).items() if read.note]

    def add(self, statement: AnyStatement) -> str:
        """Write it as a new file; StoreError if the name is taken, the folder cannot be written, or it is too large."""
        name, content = _file_name(statement), written(statement)
        if len(content) > LARGEST:
            raise StoreError(
                f"a statement has at most {LARGEST} bytes, and this one would have {len(content)}",
                help="make the files under tools/ smaller",
            )
        with self._folder_made() as folder, _explained(name):
            with draft_of(folder, content, mode=0o644) as draft:
                # A link, unlike a rename, never takes the place of a file that is there.
                os.link(draft, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            os.fsync(folder)
        return f"{FOLDER}/{name}"

    def _files(self, crew: str | None) -> dict[str, _Read]:
        """Read every file whose name begins with the crew's (None for any), in the order of names."""
        try:
            with opened_folder(self._root, *FOLDER.split("/")) as folder:
                names = sorted(name for name in os.listdir(folder) if _is_for(name, crew))  # noqa: PTH208 - by descriptor
                return {name: self._one(name, folder) for name in names}
        except FileNotFoundError:
            return {}
        except (OSError, StoreError) as error:
            return {"": _Read(None, f"cannot be read: {error}")}

    def _one(self, name: str, folder: int) -> _Read:
        """Read one file, unless the very same was read before."""
        try:
            descriptor = os.open(name, _READ, dir_fd=folder)
        except OSError as error:
            return _Read(None, f"counts as no approval: it is a link or cannot be opened ({error.strerror})")
        try:
            status = os.fstat(descriptor)
            # The change time, unlike the modification time, cannot be set back by hand.
            key = (name, status.st_ino, status.st_size, status.st_ctime_ns)
            if key not in self._read:
                self._read[key] = _parsed(descriptor, status)
            return self._read[key]
        except OSError as error:
            return _Read(None, f"counts as no approval: it cannot be read ({error.strerror})")
        finally:
            os.close(descriptor)

    @contextmanager
    def _folder_made(self) -> Iterator[int]:
        *above, last = FOLDER.split("/")
        with opened_folder(self._root, *above, create=True) as folder, suppress(FileExistsError):
            os.mkdir(last, 0o755, dir_fd=folder)
        with opened_folder(self._root, *above, last) as folder:
            yield folder


def _parsed(descriptor: int, status: os.stat_result) -> _Read:
    if not stat.S_ISREG(status.st_mode):
        return _Read(None, "counts as no approval: it is not a file")
    if status.st_size > LARGEST:
        return _Read(None, f"counts as no approval: it has more than {LARGEST} bytes")
    try:
        return _Read(read_statement(read_all(descriptor)))
    except UnreadableError as error:
        return _Read(None, f"counts as no approval: it {error}")


def _is_for(name: str, crew: str | None) -> bool:
    begins = not name.startswith(".") if crew is None else name.startswith(f"{crew}-")
    return begins and name.endswith(".json")


def _file_name(said: AnyStatement) -> str:
    """Name a statement after itself, and a revocation after what it revokes."""
    moment, subject, end = _named_by(said)
    if not _SAFE.fullmatch(said.crew) or not _SAFE.fullmatch(subject):
        raise StoreError(f"{said.crew!r} and {subject!r} cannot be part of a file's name")
    return f"{said.crew}-{moment.astimezone(UTC):%Y%m%d}-{subject}{end}.json"


def _named_by(said: AnyStatement) -> tuple[datetime, str, str]:
    match said:
        case Revocation():
            return said.revoked_at, said.revokes, "-revoked"
        case Suspension():
            return said.suspended_at, said.id, "-suspended"
        case Unsuspension():
            return said.lifted_at, said.id, "-unsuspended"
        case Statement():
            return said.approved_at, said.id, ""


def _unreadable_revocation(crew: str, statement_id: str) -> Revocation:
    return Revocation(
        id=f"{statement_id}-revoked",
        crew=crew,
        revokes=statement_id,
        revoked_by=Approver(name="somebody", identity="os_user", host="unknown"),
        revoked_at=datetime.fromtimestamp(0, UTC),
        reason="the file that revokes it cannot be read, so it counts",
    )


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise StoreError(f"{FOLDER}/{name} exists already", help="nothing was written over it") from error
    except OSError as error:
        raise StoreError(
            f"{FOLDER}/{name}: {error.strerror}", help="check the folder's permissions and free space"
        ) from error
