"""Tells whether anything that ``check`` looks at has changed since it looked last, without reading YAML."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

FOLDERS = ("crews", "config", "registry/entries", "registry/rubrics")
LARGEST = 1 << 18
"""Bytes of one file; a larger one is a problem of its own, and is read anew each time."""

MOST = 1 << 26
"""Bytes of all files together."""


class UnfitError(Exception):
    """The project holds something that is not to be remembered, such as a link."""


def project_bytes(root: Path) -> dict[str, bytes] | None:
    """Return the content of every file that bears on the catalogue; None if one is no plain small file."""
    contents: dict[str, bytes] = {}
    size = 0
    try:
        for file in _files(str(root)):
            contents[file] = _plain_bytes(f"{root}/{file}")
            size += len(contents[file])
            if size > MOST:
                return None
    except (OSError, UnfitError):
        return None
    return contents


def fingerprint(contents: Mapping[str, bytes]) -> str:
    """Return a digest over the files, over crewctl's own code, and over what is installed beside it."""
    whole = blake2b(digest_size=16)
    for file, content in contents.items():
        whole.update(f"{file}\0{len(content)}\0".encode(errors="surrogateescape"))
        whole.update(content)
    for place, changed in (*_own_code(), *_installed()):
        whole.update(f"{place}\0{changed}\0".encode(errors="surrogateescape"))
    return whole.hexdigest()


def _files(root: str) -> Iterator[str]:
    for folder in FOLDERS:
        if os.path.lexists(f"{root}/{folder}"):
            _refuse_link(f"{root}/{folder}")
            names = sorted(entry.name for entry in os.scandir(f"{root}/{folder}"))
            yield from (f"{folder}/{name}" for name in names if name.endswith((".yaml", ".yml")))
    yield from (
        name for name in ("registry/policy.yaml", "registry/policy.yml") if os.path.lexists(f"{root}/{name}")
    )
    yield from _tools(root, "tools")


def _tools(root: str, folder: str) -> Iterator[str]:
    if not os.path.lexists(f"{root}/{folder}"):
        return
    _refuse_link(f"{root}/{folder}")
    for entry in sorted(os.scandir(f"{root}/{folder}"), key=lambda each: each.name):
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _tools(root, f"{folder}/{entry.name}")
        else:
            yield f"{folder}/{entry.name}"


def _refuse_link(path: str) -> None:
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise UnfitError


def _plain_bytes(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            raise UnfitError
        return os.read(descriptor, LARGEST + 1)
    finally:
        os.close(descriptor)


def _own_code() -> Iterator[tuple[str, int]]:
    package = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - pathlib is slower than what is saved
    for room in ("catalogue", "catalogue/specs", "catalogue/checks", "diagnostics", "cli"):
        for entry in os.scandir(f"{package}/{room}"):
            if entry.name.endswith(".py"):
                yield f"{room}/{entry.name}", entry.stat().st_mtime_ns


def _installed() -> Iterator[tuple[str, int]]:
    # Installing or removing a package changes its folder's time: providers and tools are checked for.
    yield sys.version, 0
    for place in sys.path:
        if os.path.isdir(place):  # noqa: PTH112 - as above
            yield place, os.stat(place).st_mtime_ns  # noqa: PTH116 - as above
