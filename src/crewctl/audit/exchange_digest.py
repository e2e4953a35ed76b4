"""Digest a question to a model or a tool so that it is the same in every attempt that asks the same."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

CAPS = ("max_completion_tokens", "max_output_tokens", "max_tokens")
"""What providers call the cap on an answer: it is lowered to what a run has left, and no part of the question."""
NESTED_CAPS = (("generationConfig", "maxOutputTokens"), ("options", "num_predict"))
"""The same where it stands inside another part of a request."""

_IDS = ("tool_call_id", "tool_use_id", "toolUseId", "call_id")
_CALLS = frozenset({"function", "function_call", "tool_use", "tool_call"})
_TODAY = re.compile(r"(\n\nCurrent Date: )[^\n]*")
"""What CrewAI writes at the end of a prompt for an agent with ``inject_date``."""


def request_digest(method: str, path: str, body: Any) -> str:
    """Digest an HTTP request to a model: `body` is its JSON, or its text where it is none.

    Left out are the cap on the answer, the host, and what nobody chose: ids of tool calls count by
    their order, and the date that CrewAI writes into a prompt does not count.
    """
    return _sha256({"method": method, "path": path, "body": _lasting(_uncapped(body))})


def call_digest(messages: Any, beside: Any) -> str:
    """Digest a call of a model that speaks no HTTP; `beside` are the schemas of tools and of the answer."""
    return _sha256({"messages": _lasting(messages), "beside": _lasting(beside)})


def tool_digest(tool: str, arguments: str) -> str:
    """Digest a call of a tool by its name in the plan and its arguments, a JSON text; spacing does not count."""
    try:
        given = json.loads(arguments)
    except ValueError:
        given = arguments
    return _sha256({"tool": tool, "arguments": given})


def talk_digest(body: Any) -> str:
    """Name the conversation that a question belongs to: by its first two messages, short."""
    said = body if isinstance(body, dict) else {}
    messages = next((said[key] for key in ("messages", "input", "contents") if key in said), body)
    first = messages[:2] if isinstance(messages, list) else messages
    return _sha256([_lasting(said.get("system")), _lasting(first)])[:16]


def _uncapped(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    rest = {key: value for key, value in body.items() if key not in CAPS}
    for outer, inner in NESTED_CAPS:
        if isinstance(rest.get(outer), dict):
            rest[outer] = {key: value for key, value in rest[outer].items() if key != inner}
            if not rest[outer]:
                del rest[outer]
    return rest


def _lasting(value: Any) -> Any:
    names: dict[str, str] = {}

    def name_of(number: Any) -> str:
        return names.setdefault(str(number), f"#{len(names) + 1}")

    def kept(part: Any) -> Any:
        if isinstance(part, str):
            return _TODAY.sub(r"\1*", part)
        if isinstance(part, list | tuple):
            return [kept(item) for item in part]
        if not isinstance(part, dict):
            return part
        kind = part.get("type")
        is_call = "function" in part or (isinstance(kind, str) and kind in _CALLS)
        return {
            str(key): name_of(item)
            if isinstance(item, str) and (key in _IDS or (key == "id" and is_call))
            else kept(item)
            for key, item in part.items()
        }

    return kept(value)


def _sha256(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
