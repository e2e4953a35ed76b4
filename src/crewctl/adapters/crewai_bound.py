"""An upper bound on the tokens of a prompt, without a tokenizer."""

from __future__ import annotations

import hashlib
import json
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_PER_MESSAGE = 16
"""Tokens a chat template may put around a message, a tool or a tool call."""
_PER_PROMPT = 64
_MOST_PREFIXES = 4096


def text_bound(value: Any) -> int:
    """Return a number of tokens that no known tokenizer exceeds for `value`.

    Every token covers at least one byte of what the tokenizer reads; some read the NFKC form,
    which can be longer than the text.
    """
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    size = len(text.encode("utf-8", "surrogatepass"))
    if text.isascii():
        return size
    return max(size, len(unicodedata.normalize("NFKC", text).encode("utf-8", "surrogatepass")))


def as_messages(messages: Any) -> list[dict[str, Any]]:
    """Return a prompt as a list of plain messages; a string is one message from the user."""
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    return [dict(message) for message in messages or ()]


def _as_json(part: Any) -> Any:
    return part.model_dump() if hasattr(part, "model_dump") else part


def _message_bound(message: Mapping[str, Any]) -> int:
    size = _PER_MESSAGE + text_bound(message.get("content") or "")
    for call in message.get("tool_calls") or ():
        size += _PER_MESSAGE + text_bound(_as_json(call))
    for key in ("name", "tool_call_id"):
        size += text_bound(message.get(key) or "")
    return size


class PromptBound:
    """Bounds prompts, using the provider's exact count of every prefix it has already counted."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._lock = threading.Lock()

    def of(self, model: str, messages: Sequence[Mapping[str, Any]], extras: Sequence[Any]) -> tuple[int, str]:
        """Return the bound, and the key under which `learn` may later tell the exact count.

        `extras` are tool schemas and an answer's schema: whatever is sent beside the messages.
        """
        chain = _chain(model, messages, extras)
        start, size = 0, _PER_PROMPT + sum(_PER_MESSAGE + text_bound(extra) for extra in extras)
        with self._lock:
            for length in range(len(messages), 0, -1):
                if chain[length] in self._known:
                    start, size = length, self._known[chain[length]]
                    break
        return size + sum(_message_bound(message) for message in messages[start:]), chain[-1]

    def learn(self, key: str, tokens: int) -> None:
        """Remember that the prompt with `key` was counted as `tokens` by the provider."""
        with self._lock:
            if tokens > 0 and len(self._known) < _MOST_PREFIXES:
                self._known[key] = tokens


def _chain(model: str, messages: Sequence[Mapping[str, Any]], extras: Sequence[Any]) -> list[str]:
    """Return a digest for every prefix of the messages, each resting on the one before."""
    beside = json.dumps([model, list(extras)], sort_keys=True, default=str)
    digests = [hashlib.sha256(beside.encode()).hexdigest()]
    for message in messages:
        plain = {k: [_as_json(c) for c in v] if k == "tool_calls" and v else v for k, v in message.items()}
        text = digests[-1] + json.dumps(plain, sort_keys=True, default=str)
        digests.append(hashlib.sha256(text.encode()).hexdigest())
    return digests
