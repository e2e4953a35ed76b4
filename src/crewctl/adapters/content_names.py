"""What contents are called: ``<run>/<random>`` tells whose it is, and nothing of what it holds."""

from __future__ import annotations

import re

from crewctl.audit.fact import ContentRef
from crewctl.errors import NotFoundError, StoreError

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_ID = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,127})/([0-9a-f]{32})")


def checked_run(run_id: str) -> str:
    """Return the run's id if it can be part of a content's; StoreError if not."""
    if not _RUN.fullmatch(run_id):
        raise StoreError(f"{run_id!r} cannot be the id of a run")
    return run_id


def place_of(ref: ContentRef) -> tuple[str, str]:
    """Return the run and the name of a content; NotFoundError for what is no content's id."""
    match = _ID.fullmatch(ref.id)
    if match is None:
        raise NotFoundError(f"{ref.id!r} is not the id of any content")
    return match.group(1), match.group(2)
