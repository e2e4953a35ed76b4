"""Reads what an answer over HTTP used, in the words of any provider."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from crewai.types.usage_metrics import UsageMetrics

from crewctl.adapters.crewai_turns import Usage, credible

_FIRST_WITHOUT_AN_ANSWER = 300


def usage_in(body: bytes, status: int, content_type: str) -> Usage | None:
    """Read what a provider says an answer used; no answer used nothing; None where it does not say."""
    if status >= _FIRST_WITHOUT_AN_ANSWER:
        return Usage(0, 0)
    found: Usage | None = None
    try:
        for piece in _pieces(body, content_type):
            found = _merged(found, _usage_of(piece))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None  # no answer that anybody could read: what it used is not known
    return found and credible(*found)


def _pieces(body: bytes, content_type: str) -> Iterator[Any]:
    texts = [body]
    if "event-stream" in content_type:
        texts = [line[5:] for line in body.split(b"\n") if line.startswith(b"data:")]
    for text in texts:
        try:
            yield json.loads(text)
        except ValueError:
            continue


def _usage_of(piece: Any) -> Usage | None:
    """Find the usage in one answer or one chunk, in the words of any provider."""
    if not isinstance(piece, dict):
        return None
    for holder in (piece, piece.get("message"), piece.get("response")):
        usage = holder.get("usage") if isinstance(holder, dict) else None
        if isinstance(usage, dict):
            metrics = UsageMetrics.from_provider_dict(usage)
            return metrics and Usage(metrics.prompt_tokens, metrics.completion_tokens)
    gemini = piece.get("usageMetadata")
    if isinstance(gemini, dict):
        answer = int(gemini.get("candidatesTokenCount") or 0) + int(gemini.get("thoughtsTokenCount") or 0)
        return Usage(int(gemini.get("promptTokenCount") or 0), answer)
    if "prompt_eval_count" in piece or "eval_count" in piece:
        return Usage(int(piece.get("prompt_eval_count") or 0), int(piece.get("eval_count") or 0))
    return None


def _merged(one: Usage | None, other: Usage | None) -> Usage | None:
    """Chunks repeat or complete what earlier chunks said, never take it back."""
    if one is None or other is None:
        return one or other
    return Usage(max(one.prompt, other.prompt), max(one.completion, other.completion))
