"""What a simulated model says: a text or tool calls, and about how many tokens that took."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from crewctl.adapters.offline_prompt import Messages, content_of

CHARACTERS_PER_TOKEN = 4
"""How tokens are estimated: there is no tokenizer to ask."""


@dataclass(frozen=True)
class Call:
    """One tool call to make."""

    name: str
    arguments: Mapping[str, JsonValue]

    @property
    def wire(self) -> dict[str, str]:
        """The call as models write it: the arguments are JSON text."""
        return {"name": self.name, "arguments": json.dumps(dict(self.arguments), ensure_ascii=False)}


@dataclass(frozen=True)
class Said:
    """An answer: `text`, or tool `calls` to make first. Tokens are estimates."""

    text: str
    calls: tuple[Call, ...]
    prompt_tokens: int
    completion_tokens: int


def said(
    messages: Messages,
    tools: Sequence[Mapping[str, Any]],
    text: str,
    calls: tuple[Call, ...] = (),
    most_tokens: int | None = None,
) -> Said:
    """Return an answer cut to `most_tokens`, with an honest estimate of what it took."""
    if most_tokens is not None:
        text = text[: most_tokens * CHARACTERS_PER_TOKEN]
    spoken = text if not calls else json.dumps([call.wire for call in calls], ensure_ascii=False)
    tokens = estimate(spoken) if most_tokens is None else min(estimate(spoken), most_tokens)
    return Said(text, calls, tokens_of(messages, tools), tokens)


def estimate(text: str) -> int:
    """Return about how many tokens `text` has; at least one."""
    return max(1, -(-len(text) // CHARACTERS_PER_TOKEN))


def tokens_of(messages: Messages, tools: Sequence[Mapping[str, Any]] = ()) -> int:
    """Return about how many tokens a request has, tools included."""
    asked = sum(estimate(content_of(message)) for message in messages)
    offered = [function_of(tool) for tool in tools]
    return asked + (estimate(json.dumps(offered, default=str)) if offered else 0)


def function_of(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the function inside a tool's description, whichever form it came in."""
    inner = tool.get("function", tool)
    return inner if isinstance(inner, Mapping) else {}
