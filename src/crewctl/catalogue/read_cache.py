"""Remember what clean YAML files said, so that a second check parses only what changed."""

from __future__ import annotations

import marshal
import os
from contextlib import suppress
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from crewctl.catalogue.read_yaml import Reading, read_yaml
from crewctl.catalogue.yaml_source import YamlSource

_FORMAT = 1
_MAGIC = b"crewctl catalogue cache\n"
_FEWEST = 20
"""Below so many files parsing is as fast as looking things up."""


class ReadCache:
    """Data by the digest of the bytes it was read from: an entry can be missing, never out of date.

    Keyed by content and not by a file's time and size, because two edits within one tick of the
    clock must not be taken for one. A damaged file counts as empty; marshal holds data only.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[bytes, Any] = _load(path) if path is not None else {}
        self._used: dict[bytes, Any] = {}
        self._missed = False

    def read(self, file: str, content: bytes) -> Reading:
        """Return what `content` says, from memory when the same bytes were clean before."""
        if self._path is None:
            return read_yaml(file, content)
        digest = blake2b(content, digest_size=16).digest()
        if digest in self._known:
            packed = self._known[digest]
            self._used[digest] = packed
            return Reading(YamlSource(file, content, _unpacked(packed)))
        reading = read_yaml(file, content)
        if not reading.problems:
            self._missed = True
            self._used[digest] = marshal.dumps(reading.source.data)
        return reading

    def save(self) -> None:
        """Write what this load used, when that is news; a folder that cannot be written is no error."""
        if self._path is None or len(self._used) < _FEWEST:
            return
        if not self._missed and len(self._used) == len(self._known):
            return
        payload = marshal.dumps((_key(), self._used))
        check = blake2b(payload, digest_size=16).digest()
        partial = self._path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(_MAGIC + check + payload)
            partial.replace(self._path)
        except OSError:
            with suppress(OSError):
                partial.unlink()


def _key() -> tuple[int, str, int]:
    try:
        release = version("crewctl")
    except PackageNotFoundError:  # run from a bare source tree
        release = "unreleased"
    return (_FORMAT, release, marshal.version)


def _unpacked(packed: bytes) -> Any:
    return marshal.loads(packed)  # noqa: S302 - our own bytes, their digest checked in _load


def _load(path: Path) -> dict[bytes, Any]:
    try:
        content = path.read_bytes()
    except OSError:
        return {}
    head, payload = content[: len(_MAGIC) + 16], content[len(_MAGIC) + 16 :]
    # marshal may crash on damaged bytes, so they are checked before it sees them.
    if head != _MAGIC + blake2b(payload, digest_size=16).digest():
        return {}
    key, known = _unpacked(payload)
    return known if key == _key() else {}
