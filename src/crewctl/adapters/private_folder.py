"""Open folders and files below a project without following links, readable by their owner only."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crewctl.errors import StoreError

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
DRAFT = ".crewctl-draft."
"""How the names of files begin that are not whole yet."""

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened_folder(root: Path, *names: str, create: bool = False) -> Iterator[int]:
    """Give a descriptor of the folder `root`/`names`, no part of `names` being a link.

    FileNotFoundError if it is absent and not to be created; StoreError if a part of the way is a
    link or no folder.
    """
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for depth, name in enumerate(names):
            _refuse_ways_out(name)
            below = _enter(descriptor, name, create=create, shown=Path(root, *names[: depth + 1]))
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def bytes_in(folder: int, name: str) -> bytes:
    """Return a file of the folder; FileNotFoundError if there is none, StoreError if it is anything but a file."""
    # Whoever opens a pipe to read it waits until somebody writes.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:
            raise _no_file(folder, name) from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _no_file(folder, name)
        return read_all(descriptor)
    finally:
        os.close(descriptor)


def _no_file(folder: int, name: str) -> StoreError:
    with suppress(OSError):
        name = str(Path(f"/proc/self/fd/{folder}").readlink() / name)
    return StoreError(f"{name} is not a file", help="see what it is, and take it away")


@contextmanager
def draft_of(folder: int, content: bytes, *, mode: int = FILE_MODE) -> Iterator[str]:
    """Write a file whole beside the one it is for, and yield its name, to be renamed or linked into place.

    Whatever is still there under that name afterwards is removed.
    """
    draft = f"{DRAFT}{secrets.token_hex(8)}"  # short: the file's own name may be as long as names get
    descriptor = os.open(draft, NEW_FILE, mode, dir_fd=folder)
    try:
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        yield draft
    finally:
        with suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=folder)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte of `data`."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def read_all(descriptor: int) -> bytes:
    """Read to the end of the file."""
    with os.fdopen(os.dup(descriptor), "rb") as stream:
        return stream.read()


def _enter(above: int, name: str, *, create: bool, shown: Path) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=above)
    except FileNotFoundError:
        if not create:
            raise
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
            raise
        raise StoreError(
            f"{shown} is not a folder of this project: it is a link or a file",
            help="move it away; crewctl makes the folder itself",
        ) from error
    try:
        os.mkdir(name, FOLDER_MODE, dir_fd=above)
    except FileExistsError:
        pass  # another process made it between the two calls
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(shown)) from error
    return _enter(above, name, create=False, shown=shown)


def _refuse_ways_out(name: str) -> None:
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise StoreError(f"{name!r} cannot be the name of a folder or file")
