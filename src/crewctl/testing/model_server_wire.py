"""Replies in the wire formats of OpenAI's chat completions, as JSON or as a stream of events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from crewctl.testing.model_server_exchange import Answer, Asked, Failure, Usage, estimate

PIECE = 24
"""Characters in one piece of a stream."""

CREATED = 1_700_000_000


def usage_of(answer: Answer, asked: Asked) -> dict[str, int] | None:
    """Return what the answer says it used, or None where it says nothing."""
    if answer.usage == "missing":
        return None
    used = answer.usage or _honest(answer, asked)
    total = used.prompt + used.completion
    return {"prompt_tokens": used.prompt, "completion_tokens": used.completion, "total_tokens": total}


def chat_body(answer: Answer, asked: Asked) -> dict[str, Any]:
    """Return the JSON body of a whole chat completion."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.tool_calls:
        message["tool_calls"] = _tool_calls(answer, asked)
    else:
        message["content"] = answer.text
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer, asked)}
    body = {**_head(asked, "chat.completion"), "choices": [choice]}
    usage = usage_of(answer, asked)
    return body if usage is None else {**body, "usage": usage}


def chat_chunks(answer: Answer, asked: Asked) -> Iterator[bytes]:
    """Yield a chat completion as server-sent events, usage last where the client wants it."""
    head = _head(asked, "chat.completion.chunk")
    for delta in _deltas(answer, asked):
        yield _event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    last = {"index": 0, "delta": {}, "finish_reason": _finish(answer, asked)}
    yield _event({**head, "choices": [last]})
    usage = usage_of(answer, asked)
    if usage is not None and (asked.body.get("stream_options") or {}).get("include_usage"):
        yield _event({**head, "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def responses_body(answer: Answer, asked: Asked) -> dict[str, Any]:
    """Return the JSON body of a whole answer on the responses endpoint."""
    if answer.tool_calls:
        output = [
            {"type": "function_call", "id": f"fc_{n}", "call_id": call["id"], "status": "completed"}
            | call["function"]
            for n, call in enumerate(_tool_calls(answer, asked))
        ]
    else:
        text = {"type": "output_text", "text": answer.text, "annotations": []}
        output = [
            {"type": "message", "id": "msg_0", "role": "assistant", "status": "completed", "content": [text]}
        ]
    body = {"id": f"resp_{asked.count}", "object": "response", "created_at": CREATED, "model": asked.model}
    body |= {"status": "completed", "output": output, "parallel_tool_calls": False, "tools": []}
    usage = usage_of(answer, asked)
    if usage is None:
        return body
    counts = {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {**body, "usage": {**counts, **details, "total_tokens": usage["total_tokens"]}}


def error_body(failure: Failure) -> dict[str, Any]:
    """Return the JSON body of an error."""
    return {"error": {"message": failure.message, "type": "scripted", "code": failure.code or None}}


def _honest(answer: Answer, asked: Asked) -> Usage:
    said = estimate(answer.text) if not answer.tool_calls else estimate(_tool_calls(answer, asked))
    cap = asked.output_cap
    return Usage(estimate([*asked.messages, *asked.tools]), said if cap is None else min(said, cap))


def _finish(answer: Answer, asked: Asked) -> str:
    if answer.tool_calls:
        return "tool_calls"
    cap = asked.output_cap
    return "length" if cap is not None and estimate(answer.text) >= cap else "stop"


def _head(asked: Asked, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{asked.count}", "object": kind, "created": CREATED, "model": asked.model}


def _tool_calls(answer: Answer, asked: Asked) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{asked.count}_{number}",
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
        }
        for number, call in enumerate(answer.tool_calls)
    ]


def _deltas(answer: Answer, asked: Asked) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for number, call in enumerate(_tool_calls(answer, asked) if answer.tool_calls else []):
        arguments = call["function"].pop("arguments")
        opening = {**call, "function": {**call["function"], "arguments": ""}}
        yield {"tool_calls": [{"index": number, **opening}]}
        yield {"tool_calls": [{"index": number, "function": {"arguments": arguments}}]}
    if not answer.tool_calls:
        for start in range(0, len(answer.text), PIECE):
            yield {"content": answer.text[start : start + PIECE]}


def _event(data: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
