"""An exchange with a model over HTTP as it is recorded, and a response made of a recorded one."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx

from crewctl.adapters.crewai_exchanges import Exchanges
from crewctl.adapters.exchange_player import Asked
from crewctl.audit.exchange_content import Json
from crewctl.audit.exchange_digest import request_digest, talk_digest

TO = "_to"
"""The part of a recorded question that names method and address; the others are the body's own."""

_HEADERS = ("content-type", "retry-after", "retry-after-ms", "x-request-id", "request-id")
"""Headers of a response that are kept; any other may hold what is nobody's business."""


def question_of(request: httpx.Request, body: Json) -> Json:
    """Return what is asked: the address without user, query and fragment, and the body as it is sent."""
    url = request.url.copy_with(username=None, password=None, query=None, fragment=None)
    return {TO: f"{request.method} {url}", **(body or _as_json(request.content))}


def asking(exchanges: Exchanges, request: httpx.Request, body: Json, agent: str, model: str) -> Asked:
    """Return the request as a question of `agent` to `model`."""
    said = body or _as_json(request.content)
    return exchanges.asking(
        "model",
        "http",
        request_digest(request.method, request.url.path, said),
        agent,
        model=model,
        talk=talk_digest(said),
    )


def answer_of(status: int, headers: httpx.Headers, body: bytes, broke: BaseException | None = None) -> Json:
    """Return the response as it is recorded; `broke` is what ended it before its end."""
    kept = {name: headers[name] for name in _HEADERS if name in headers}
    answer = {"status": status, "headers": kept, **_as_json(body)}
    return answer if broke is None else answer | {"broke": _error(broke)}


def no_answer(error: BaseException) -> Json:
    """Return as it is recorded that nothing came back."""
    return {"broke": _error(error)}


def response_of(answer: Json, request: httpx.Request) -> httpx.Response:
    """Return the recorded response, or raise what was raised instead of one."""
    broke = answer.get("broke")
    if "status" not in answer:
        raise _raised(broke or {}, request)
    return httpx.Response(
        answer["status"],
        headers=answer["headers"],
        stream=_Again(body_of(answer), broke and _raised(broke, request)),
        request=request,
    )


def body_of(answer: Json) -> bytes:
    """Return the recorded body, byte for byte."""
    if "base64" in answer:
        return base64.b64decode(answer["base64"])
    return str(answer.get("text", "")).encode()


class _Again(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, body: bytes, broke: Exception | None) -> None:
        self._body, self._broke = body, broke

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        if self._broke is not None:
            raise self._broke

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part


def _as_json(body: bytes) -> Json:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _error(error: BaseException) -> Json:
    return {"kind": type(error).__name__, "message": str(error)}


def _raised(error: Json, request: httpx.Request) -> Exception:
    """Return the error again: clients tell httpx's own by their class."""
    kind: Any = getattr(httpx, str(error.get("kind")), httpx.ReadError)
    if not (isinstance(kind, type) and issubclass(kind, httpx.TransportError)):
        kind = httpx.ReadError
    raised: Exception = kind(str(error.get("message")), request=request)
    return raised


def json_of(content: bytes) -> Json:
    """Return a body that is a JSON object; of any other, nothing."""
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
