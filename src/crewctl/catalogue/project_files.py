"""Find and open a project's files, without following a link out of the project."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crewctl.catalogue import kinds
from crewctl.catalogue.kinds import Kind
from crewctl.catalogue.specs.spec import NAME
from crewctl.catalogue.yaml_caps import MOST_BYTES
from crewctl.diagnostics.problem import Problem
from crewctl.diagnostics.span import Span

_SINGLE = (
    (kinds.AGENTS_FILE, kinds.AGENT),
    (kinds.TASKS_FILE, kinds.TASK),
    (kinds.MODELS_FILE, kinds.MODEL),
    (kinds.POLICY_FILE, kinds.POLICY),
)
_FOLDERS = (
    ("crews", kinds.CREW),
    ("registry/entries", kinds.ENTRY),
    ("registry/rubrics", kinds.RUBRIC),
)
_NAME = re.compile(NAME)
_COPY = "copy it into the project"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class ProjectFile:
    """A file that the catalogue reads; `name` is what it defines, where the file's name says so."""

    file: str
    kind: Kind
    name: str
    path: Path


@dataclass
class Found:
    """The files of a project and what is wrong with their names."""

    files: list[ProjectFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def project_files(root: Path) -> Found:
    """Return the YAML files of the project at `root` that the catalogue reads."""
    found = Found()
    for file, kind in _SINGLE:
        if os.path.lexists(root / file):
            found.files.append(ProjectFile(file, kind, Path(file).stem, root / file))
        elif os.path.lexists(root / file.replace(".yaml", ".yml")):
            found.problems.append(_wrong_ending(file.replace(".yaml", ".yml")))
    for folder, kind in _FOLDERS:
        _look_into(root, folder, kind, found)
    return found


class ProjectReader:
    """Opens files of one project. Links are followed within the project, and never out of it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._folders: dict[str, bool] = {}

    def read(self, file: str) -> bytes | Problem:
        """Return the content of `file`, at most one byte over the cap, or why it cannot be read."""
        path = f"{self._root}/{file}"
        if not self._folder_is_inside(file.rpartition("/")[0]):
            return _unusable(file, "is in a folder that is a link out of the project", _COPY)
        try:
            return self._read(file, path)
        except OSError as error:
            return _unusable(file, f"cannot be read: {error.strerror}", "make the file readable")

    def tool_files(self) -> Iterator[tuple[str, bytes | Problem]]:
        """Yield every file under ``tools/`` that a custom tool may be or use, with its content."""
        if not self._folder_is_inside("tools"):
            # Not looked into: it may lead to the root of the whole system.
            yield "tools", _unusable("tools", "is a link out of the project", _COPY)
            return
        for folder, folders, names in os.walk(self._root / "tools"):
            folders[:] = sorted(name for name in folders if not _is_noise(name))
            for name in sorted(name for name in names if not _is_noise(name)):
                file = (Path(folder) / name).relative_to(self._root).as_posix()
                yield file, self.read(file)

    def _read(self, file: str, path: str) -> bytes | Problem:
        try:
            descriptor = os.open(path, _READ)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            real = os.path.realpath(path, strict=True)
            if not self._is_inside(real):
                return _unusable(file, "is a link out of the project", _COPY)
            descriptor = os.open(real, _READ)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return _unusable(file, "is not a regular file", "put a plain file in its place")
            return _content(descriptor, min(status.st_size, MOST_BYTES) + 1)
        finally:
            os.close(descriptor)

    def _folder_is_inside(self, folder: str) -> bool:
        if folder not in self._folders:
            self._folders[folder] = self._is_inside(os.path.realpath(self._root / folder))
        return self._folders[folder]

    def _is_inside(self, real: str) -> bool:
        return _is_below(real, self._real_root)


def _content(descriptor: int, size: int) -> bytes:
    """Read up to `size` bytes; a file that grows meanwhile is cut there."""
    parts: list[bytes] = []
    while size > 0 and (part := os.read(descriptor, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _is_noise(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__" or name.endswith((".pyc", "~"))


def _look_into(root: Path, folder: str, kind: Kind, found: Found) -> None:
    if not _is_below(os.path.realpath(root / folder), os.path.realpath(root)):
        found.problems.append(_unusable(folder, "is a link out of the project", _COPY))
    try:
        names = sorted(entry.name for entry in os.scandir(root / folder))
    except OSError as error:
        # Silence would be taken for leave: a crew without an entry has no limits of its own.
        if not (isinstance(error, FileNotFoundError) and _is_merely_absent(root, folder)):
            said, advice = f"cannot be looked into: {error.strerror}", "put a readable folder in its place"
            found.problems.append(_unusable(folder, said, advice))
        return
    for filename in names:
        name, _, ending = filename.rpartition(".")
        file = f"{folder}/{filename}"
        hidden = filename.startswith(".") and not filename.startswith("..")
        if hidden or ending not in ("yaml", "yml"):
            continue
        if ending == "yml":
            found.problems.append(_wrong_ending(file))
        elif not _NAME.fullmatch(name):
            found.problems.append(_bad_name(file, name))
        else:
            found.files.append(ProjectFile(file, kind, name, root / file))


def _is_merely_absent(root: Path, folder: str) -> bool:
    """Tell whether nothing is there, rather than a link that leads nowhere."""
    way = [root / folder, *(root / folder).parents]
    return not any(path.is_symlink() and not path.exists() for path in way if path != root)


def _is_below(real: str, real_root: str) -> bool:
    return real == real_root or real.startswith(real_root.rstrip("/") + "/")


def _wrong_ending(file: str) -> Problem:
    return Problem(
        Span(file, 1, 1),
        "bad-name",
        f"{file} would not be read: its name ends in .yml",
        help="rename it so that it ends in .yaml",
    )


def _bad_name(file: str, name: str) -> Problem:
    return Problem(
        Span(file, 1, 1),
        "bad-name",
        f"'{name}' is not a name",
        help="use small letters, digits, - and _, at most 64, and begin and end with a letter or a digit",
    )


def _unusable(file: str, why: str, help_line: str) -> Problem:
    return Problem(Span(file, 1, 1), "unreadable-file", f"{file} {why}", help=help_line)
