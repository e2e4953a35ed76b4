"""Keep prompts, outputs and tool results as files of their own under ``.crewctl/content/<run>/``."""

from __future__ import annotations

import os
import secrets as randomness
from collections.abc import Iterable
from pathlib import Path

from crewctl.adapters.content_names import checked_run, place_of
from crewctl.adapters.private_folder import FILE_MODE, NEW_FILE, opened_folder, read_all, write_all
from crewctl.audit.fact import ContentRef
from crewctl.audit.redaction import Redaction
from crewctl.errors import NotFoundError, StoreError

LARGEST = 32 * 2**20
"""Bytes kept of one content; the rest is cut off, and the kept part says so at its end."""

_FOLDERS = (".crewctl", "content")


class FileContentStore:
    """The ContentStore port over a project's files.

    An id is ``<run>/<random>``: it tells whose the content is, and nothing of what it holds.
    `secrets` are taken out of everything before it touches the disk. A `ContentRef.size` is the
    number of bytes kept.
    """

    def __init__(self, root: Path, *, secrets: Iterable[str] = (), largest: int = LARGEST) -> None:
        self._root = root
        self._redaction = Redaction(secrets)
        self._largest = largest

    def put(self, run_id: str, content: bytes) -> ContentRef:
        """Keep `content` in a new file; StoreError if the disk does not take it."""
        checked_run(run_id)
        kept = capped(self._redaction.of_bytes(content), self._largest)
        name = randomness.token_hex(16)
        try:
            with opened_folder(self._root, *_FOLDERS, run_id, create=True) as folder:
                _write_new(folder, name, kept)
        except OSError as error:
            raise StoreError(
                f".crewctl/content/{run_id}: {error.strerror}",
                help="check the folder's permissions and free space",
            ) from error
        return ContentRef(id=f"{run_id}/{name}", size=len(kept))

    def get(self, ref: ContentRef) -> bytes:
        """Return what was put; NotFoundError when it has been erased."""
        run_id, name = place_of(ref)
        try:
            with opened_folder(self._root, *_FOLDERS, run_id) as folder:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
                try:
                    return read_all(descriptor)
                finally:
                    os.close(descriptor)
        except FileNotFoundError as error:
            raise NotFoundError(f"content {ref.id} has been erased or was never kept") from error
        except OSError as error:
            raise StoreError(f".crewctl/content/{ref.id}: {error.strerror}") from error

    def erase(self, run_id: str) -> int:
        """Remove every content of a run and return how many there were; its events stay."""
        checked_run(run_id)
        try:
            with opened_folder(self._root, *_FOLDERS, run_id) as folder:
                names = os.listdir(folder)  # noqa: PTH208 - a pathlib path cannot be a descriptor
                for name in names:
                    os.unlink(name, dir_fd=folder)
                return len(names)
        except FileNotFoundError:
            return 0


def capped(content: bytes, largest: int) -> bytes:
    """Return `content`, or its beginning and a last line that says how much was cut off."""
    if len(content) <= largest:
        return content
    end = largest
    while end > 0 and content[end] & 0xC0 == 0x80:  # noqa: PLR2004 - inside a UTF-8 character
        end -= 1
    return content[:end] + f"\n[crewctl kept {end} of {len(content)} bytes]\n".encode()


def _write_new(folder: int, name: str, content: bytes) -> None:
    descriptor = os.open(name, NEW_FILE, FILE_MODE, dir_fd=folder)
    try:
        write_all(descriptor, content)
    except BaseException:
        os.unlink(name, dir_fd=folder)  # half a content would be worse than none
        raise
    finally:
        os.close(descriptor)
