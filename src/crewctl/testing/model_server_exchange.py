"""What passes between a model server and its behaviours: a request seen, and the reply to give."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

CHARACTERS_PER_TOKEN = 4


def estimate(value: Any) -> int:
    """Return a token count in the order of a real one; at least 1."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return max(1, len(text) // CHARACTERS_PER_TOKEN)


@dataclass(frozen=True)
class Asked:
    """One request for an answer. `count` is 1 for the first request to this model name."""

    path: str
    body: Mapping[str, Any]
    count: int

    @property
    def model(self) -> str:
        """The model's name as the client sent it."""
        return str(self.body.get("model", ""))

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        """The conversation, in the form of chat completions."""
        given = self.body.get("messages", self.body.get("input", []))
        if isinstance(given, str):
            return [{"role": "user", "content": given}]
        return [message for message in given if isinstance(message, Mapping)]

    @property
    def tools(self) -> Sequence[Mapping[str, Any]]:
        """The functions offered: name, description, parameters."""
        offered = [tool.get("function", tool) for tool in self.body.get("tools") or []]
        return [tool for tool in offered if isinstance(tool, Mapping)]

    @property
    def tool_results(self) -> Sequence[str]:
        """What tools have answered in this conversation so far."""
        return [str(message.get("content")) for message in self.messages if message.get("role") == "tool"]

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """The JSON Schema that the answer must have, if one was asked for."""
        wanted = self.body.get("response_format") or (self.body.get("text") or {}).get("format") or {}
        schema = (wanted.get("json_schema") or wanted).get("schema")
        return schema if isinstance(schema, Mapping) else None

    @property
    def text(self) -> str:
        """Everything said so far, for behaviours that look for a word."""
        return "\n".join(str(message.get("content") or "") for message in self.messages)

    @property
    def output_cap(self) -> int | None:
        """The most tokens that the client wants back."""
        names = ("max_completion_tokens", "max_tokens", "max_output_tokens")
        return next((int(self.body[name]) for name in names if self.body.get(name)), None)


@dataclass(frozen=True)
class ToolCall:
    """One call that the model asks for."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Usage:
    """What the server says was used; `cached` of the prompt's tokens came from a cache."""

    prompt: int
    completion: int


@dataclass(frozen=True)
class Answer:
    """A good answer. `usage` None is an honest estimate; "missing" leaves it out.

    `delay` seconds pass before the first byte, `pause` between the pieces of a stream.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | Literal["missing"] | None = None
    delay: float = 0.0
    pause: float = 0.0


@dataclass(frozen=True)
class Failure:
    """An HTTP error in the form that OpenAI gives it; `retry_after` is in seconds.

    `location` is where a redirect (a `status` of 307, say) points to.
    """

    status: int
    message: str = "scripted failure"
    retry_after: float | None = None
    code: str = ""
    location: str = ""


@dataclass(frozen=True)
class Garbage:
    """Status 200 and bytes that are no answer."""

    content: bytes = b"\x00\xff<html>not json"


@dataclass(frozen=True)
class Hang:
    """Accept the request and never answer; with `after_headers`, begin an answer and never end it."""

    after_headers: bool = False


@dataclass(frozen=True)
class Drop:
    """Close the connection in the middle of the answer's body."""

    answer: Answer = field(default_factory=lambda: Answer(text="an answer that is cut off half-way"))


Reply = Answer | Failure | Garbage | Hang | Drop


@dataclass(frozen=True)
class Received:
    """One line of the server's log; `status` is None as long as, or because, nothing was answered.

    `authorization` is the header of that name.
    """

    time: float
    method: str
    path: str
    model: str
    body: Mapping[str, Any]
    status: int | None
    authorization: str = ""
