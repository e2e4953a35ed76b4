"""Contents as a copy of the machine state sees them: every one under its name, byte by byte."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from crewctl.adapters.content_names import place_of
from crewctl.adapters.database import Part, Session
from crewctl.adapters.private_folder import DRAFT, bytes_in, draft_of, opened_folder
from crewctl.adapters.sql_content_store import CONTENTS
from crewctl.audit.fact import ContentRef
from crewctl.errors import NotFoundError, StoreError

_FOLDERS = (".crewctl", "content")


class FileShelf:
    """The Shelf port over a project's files."""

    parts: tuple[Part, ...] = ()

    def __init__(self, root: Path) -> None:
        self._root = root

    def places(self, session: Session) -> Sequence[tuple[str, str, int]]:
        """Return run, name and size of every file; StoreError for one that is no content's."""
        del session
        folder = self._root.joinpath(*_FOLDERS)
        found = []
        for path in sorted(folder.rglob("*")):
            # What a copy that was cut off was about to write is no content yet.
            if (path.is_symlink() or not path.is_dir()) and not path.name.startswith(DRAFT):
                place = path.relative_to(folder).as_posix()
                try:
                    found.append((*place_of(ContentRef(id=place, size=0)), path.lstat().st_size))
                except NotFoundError as error:
                    raise StoreError(
                        f".crewctl/content/{place} is no content of a run", help="move it away"
                    ) from error
        return found

    def read(self, session: Session, run_id: str, name: str) -> bytes | None:
        """Return the bytes of a file."""
        del session
        try:
            with opened_folder(self._root, *_FOLDERS, run_id) as folder:
                return bytes_in(folder, name)
        except FileNotFoundError:
            return None

    def write(self, session: Session, run_id: str, name: str, body: bytes) -> str:
        """Write the file whole or not at all, unless an earlier copy has, and read it again."""
        del session
        with opened_folder(self._root, *_FOLDERS, run_id, create=True) as folder:
            try:
                kept = bytes_in(folder, name)
            except FileNotFoundError:
                with draft_of(folder, body) as draft:
                    os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
                kept = bytes_in(folder, name)
        return hashlib.sha256(kept).hexdigest()


class SqlShelf:
    """The Shelf port over rows of PostgreSQL, which reckons the digests itself."""

    parts: tuple[Part, ...] = (CONTENTS,)

    def places(self, session: Session) -> Sequence[tuple[str, str, int]]:
        """Return run, name and size of every row."""
        rows = session.execute("SELECT run_id, name, length(body) FROM contents ORDER BY run_id, name")
        return [(str(run_id), str(name), int(size)) for run_id, name, size in rows.fetchall()]

    def read(self, session: Session, run_id: str, name: str) -> bytes | None:
        """Return the bytes of a row."""
        row = session.execute(
            "SELECT body FROM contents WHERE run_id=? AND name=?", (run_id, name)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def write(self, session: Session, run_id: str, name: str, body: bytes) -> str:
        """Add a row."""
        kept = session.execute(
            "INSERT INTO contents VALUES (?, ?, ?) RETURNING encode(sha256(body), 'hex')",
            (run_id, name, body),
        )
        return str(kept.fetchall()[0][0])
