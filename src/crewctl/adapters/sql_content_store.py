"""Keep prompts, outputs and tool results as rows of the database that several machines share."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Iterable

from crewctl.adapters.content_names import checked_run, place_of
from crewctl.adapters.database import Database, Part
from crewctl.adapters.file_content_store import LARGEST, capped
from crewctl.audit.fact import ContentRef
from crewctl.audit.redaction import Redaction
from crewctl.errors import NotFoundError

CONTENTS = Part(
    "contents",
    1,
    (
        """CREATE TABLE contents (
            run_id TEXT NOT NULL,
            name TEXT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (run_id, name)
        )""",
    ),
)


class SqlContentStore:
    """The ContentStore port over a database; ids, cap and redaction are those of the file store."""

    def __init__(self, database: Database, *, secrets: Iterable[str] = (), largest: int = LARGEST) -> None:
        self._database = database
        self._redaction = Redaction((*secrets, *database.secrets))
        self._largest = largest

    def put(self, run_id: str, content: bytes) -> ContentRef:
        """Keep `content` as a new row; StoreError if the database does not take it."""
        checked_run(run_id)
        kept = capped(self._redaction.of_bytes(content), self._largest)
        name = randomness.token_hex(16)
        with self._database.writing(CONTENTS, about=f"content:{run_id}") as session:
            session.execute("INSERT INTO contents VALUES (?, ?, ?)", (run_id, name, kept))
        return ContentRef(id=f"{run_id}/{name}", size=len(kept))

    def get(self, ref: ContentRef) -> bytes:
        """Return what was put; NotFoundError when it has been erased."""
        place = place_of(ref)
        with self._database.reading(CONTENTS) as session:
            row = session.execute("SELECT body FROM contents WHERE run_id=? AND name=?", place).fetchone()
        if row is None:
            raise NotFoundError(f"content {ref.id} has been erased or was never kept")
        return bytes(row[0])

    def erase(self, run_id: str) -> int:
        """Remove every content of a run and return how many there were; its events stay."""
        checked_run(run_id)
        with self._database.writing(CONTENTS, about=f"content:{run_id}") as session:
            rows = session.execute("DELETE FROM contents WHERE run_id=? RETURNING name", (run_id,))
            return len(rows.fetchall())
