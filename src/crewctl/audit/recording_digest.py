"""Digest what a run recorded of one of its models, so that nobody can exchange an answer unseen."""

from __future__ import annotations

import hashlib
import json

from crewctl.audit.exchanges import ExchangeBook, ExchangeContents
from crewctl.audit.port import ContentStore
from crewctl.audit.replayed import counting


def recording_digest(book: ExchangeBook, contents: ContentStore, model: str) -> str | None:
    """Return the digest of every exchange with this model that can be given again; None without one.

    NotFoundError where one of them has been erased.
    """
    reader = ExchangeContents(contents, book)
    lines = []
    for step in sorted(book.steps):
        for order, attempt in enumerate(counting(book, step)):
            for place, exchange in enumerate(book.of(step, attempt.number)):
                kept = reader.of(exchange)
                if exchange.what == "model" and kept.get("model") == model:
                    answer = json.dumps(kept["answer"], sort_keys=True)
                    lines.append(json.dumps([step, order, place, exchange.asked_sha256, answer]))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else None
