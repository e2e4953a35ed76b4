"""The spool folder: files that start crews, each taken by one worker and laid aside with what became of it."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from crewctl.adapters.os_identity import name_of
from crewctl.adapters.private_folder import FILE_MODE, FOLDER_MODE, NEW_FILE, opened_folder, write_all
from crewctl.catalogue.specs.spec import NAME
from crewctl.diagnostics.visible import visible
from crewctl.errors import StoreError
from crewctl.running.starts import Dropped

FOLDER = (".crewctl", "spool")
TAKEN, DONE, FAILED = "taken", "done", "failed"
OWN = {TAKEN, DONE, FAILED}
LARGEST = 1_000_000
"""Bytes of a file: inputs are prose for prompts, and no data sets."""

MOST_AT_ONCE = 20
"""Files of one crew that are taken in one look, so that a flood of them delays nobody else for long."""

CERTAIN = 2.0
"""Seconds after which a folder that has not changed cannot change without its time telling."""

SETTLED = 1.0
"""Seconds since the last write after which a file counts as whole."""

LEFT = 60.0
"""Seconds after which a file that was taken and not laid aside was left by a worker that died."""

_CREW = re.compile(NAME)
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.json")
_TAKEN = re.compile(r"([0-9a-f]{16})-(.+)")
_PARTIAL = (".tmp", ".part", ".partial", ".swp", "~")
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Spool:
    """The folder ``.crewctl/spool/<crew>/`` of one project. Renaming takes a file, and one rename wins."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._empty: dict[str, int] = {}

    def crews(self) -> list[str]:
        """Return the crews that have a folder here; what is no crew's name is passed over."""
        try:
            with opened_folder(self._root, *FOLDER) as folder:
                return sorted(name for name in _names(folder) if _CREW.fullmatch(name))
        except FileNotFoundError:
            return []

    def take(self, crew: str) -> Iterator[Dropped]:
        """Take the files that are whole, oldest first, and yield each when it is this worker's.

        StoreError where the folder is a link or a file, or where everybody may write.
        """
        if self._is_empty_still(crew):
            return
        with suppress(FileNotFoundError), opened_folder(self._root, *FOLDER, crew) as folder:
            status = os.fstat(folder)
            if status.st_mode & stat.S_IWOTH:
                raise StoreError(
                    f"{'/'.join((*FOLDER, crew))} can be written to by every user of this machine",
                    help="take that away with: chmod o-w",
                )
            changed = status.st_mtime_ns
            names = _names(folder)
            if not names - OWN and time.time() - changed / 1e9 > CERTAIN:
                self._empty[crew] = changed
            for name in _ready(folder, names)[:MOST_AT_ONCE]:
                dropped = _moved(folder, crew, name)
                if dropped is not None:
                    yield _read(folder, dropped)

    def _is_empty_still(self, crew: str) -> bool:
        """Tell whether nothing was put into the folder since it was seen empty: one question, and no opening."""
        with suppress(FileNotFoundError):
            return self._empty.get(crew) == os.lstat(Path(self._root, *FOLDER, crew)).st_mtime_ns
        return False

    def left(self, crew: str) -> Iterator[Dropped]:
        """Yield the files that a worker took and did not lay aside, unread: there may be many that are held back."""
        with suppress(FileNotFoundError), opened_folder(self._root, *FOLDER, crew, TAKEN) as taken:
            for name in sorted(_names(taken)):
                match = _TAKEN.fullmatch(name)
                with suppress(FileNotFoundError):
                    # The time of the rename, and not that of the last write.
                    is_old = time.time() - os.lstat(name, dir_fd=taken).st_ctime > LEFT
                    if match and is_old:
                        yield _named(crew, match.group(2), match.group(1))

    def read(self, dropped: Dropped) -> Dropped:
        """Return the taken file with what it holds and whose it is."""
        try:
            with opened_folder(self._root, *FOLDER, dropped.crew) as folder:
                return _read(folder, dropped)
        except FileNotFoundError:
            return _refused(dropped, "is gone")

    def done(self, dropped: Dropped) -> None:
        """Lay the file aside among the done ones."""
        self._lay_aside(dropped, DONE)

    def failed(self, dropped: Dropped, problem: str) -> None:
        """Lay the file aside among the failed ones, with what is wrong beside it."""
        note = f"{visible(problem).rstrip()}\n".encode()
        with suppress(FileNotFoundError), opened_folder(self._root, *FOLDER, dropped.crew) as crew:
            name = f"{dropped.taken_as}.problem.txt"
            with _below(crew, FAILED) as failed, suppress(FileExistsError):
                descriptor = os.open(name, NEW_FILE, FILE_MODE, dir_fd=failed)
                try:
                    write_all(descriptor, note)
                finally:
                    os.close(descriptor)
        self._lay_aside(dropped, FAILED)

    def _lay_aside(self, dropped: Dropped, where: str) -> None:
        # Gone already: another worker took it for left, and came to the same end by the same key.
        with (
            suppress(FileNotFoundError),
            opened_folder(self._root, *FOLDER, dropped.crew) as crew,
            _below(crew, TAKEN) as taken,
            _below(crew, where) as aside,
        ):
            os.rename(dropped.taken_as, dropped.taken_as, src_dir_fd=taken, dst_dir_fd=aside)


def _names(folder: int) -> set[str]:
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}


def _ready(folder: int, names: set[str]) -> list[str]:
    """Return the names of files that nobody writes any more, the oldest first."""
    found: list[tuple[float, str]] = []
    now = time.time()
    for name in names:
        with suppress(OSError):
            status = os.lstat(name, dir_fd=folder)
            is_ours = stat.S_ISDIR(status.st_mode) or name.startswith(".")
            if not is_ours and not name.endswith(_PARTIAL) and _is_whole(folder, name, status, now):
                found.append((status.st_mtime, name))
    return [name for _, name in sorted(found)]


def _is_whole(folder: int, name: str, status: os.stat_result, now: float) -> bool:
    """Tell whether the file has been left alone for a moment and no process has it open to write."""
    if not stat.S_ISREG(status.st_mode):
        return True
    if abs(now - status.st_mtime) < SETTLED:
        return False
    try:
        descriptor = os.open(name, _OPEN, dir_fd=folder)
    except OSError:
        return True
    try:
        # The kernel gives a read lease only on a file that nobody has open to write.
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno not in {errno.EAGAIN, errno.EACCES}
    finally:
        os.close(descriptor)
    return True


def _moved(folder: int, crew: str, name: str) -> Dropped | None:
    """Rename the file to where the taken ones lie; None when another worker was faster."""
    dropped = _named(crew, name, secrets.token_hex(8))
    try:
        with _below(folder, TAKEN) as taken:
            os.rename(name, dropped.taken_as, src_dir_fd=folder, dst_dir_fd=taken)
    except FileNotFoundError:
        return None
    return dropped


def _named(crew: str, name: str, token: str) -> Dropped:
    if _FILE.fullmatch(name):
        return Dropped(crew, name, token)
    problem = (
        f"'{name}' is no name for a file here: use letters, digits, '.', '-' and '_', and end it in .json"
    )
    return Dropped(crew, "unnamed", token, problem=problem)


def _read(folder: int, dropped: Dropped) -> Dropped:
    with _below(folder, TAKEN) as taken:
        return _content_of(taken, dropped)


@contextmanager
def _below(above: int, name: str) -> Iterator[int]:
    """Give a descriptor of a folder of crewctl's own within the crew's."""
    with suppress(FileExistsError):
        os.mkdir(name, FOLDER_MODE, dir_fd=above)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    except OSError as error:
        raise StoreError(
            f"{'/'.join(FOLDER)}/…/{name} is a link or a file",
            help="move it away; crewctl makes the folder itself",
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _content_of(taken: int, dropped: Dropped) -> Dropped:
    if dropped.problem:
        return dropped
    try:
        descriptor = os.open(dropped.taken_as, _OPEN, dir_fd=taken)
    except OSError as error:
        said = "is a link" if error.errno == errno.ELOOP else f"cannot be read: {error.strerror}"
        return _refused(dropped, said)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return _refused(dropped, "is no plain file")
        if status.st_size > LARGEST:
            return _refused(dropped, f"has {status.st_size:,} bytes, and at most {LARGEST:,} are read")
        return replace(dropped, content=_bytes(descriptor), by=name_of(status.st_uid))
    finally:
        os.close(descriptor)


def _bytes(descriptor: int) -> bytes:
    parts = []
    rest = LARGEST
    while rest > 0 and (part := os.read(descriptor, rest)):
        parts.append(part)
        rest -= len(part)
    return b"".join(parts)


def _refused(dropped: Dropped, said: str) -> Dropped:
    return replace(dropped, problem=f"{dropped.name} {said}")
