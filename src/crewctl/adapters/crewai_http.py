"""The second net under model calls: every HTTP request that generates text needs a grant of its own."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, NamedTuple

import httpx

from crewctl.adapters.crewai_exchange_http import (
    answer_of,
    asking,
    body_of,
    json_of,
    no_answer,
    question_of,
    response_of,
)
from crewctl.adapters.crewai_turns import CALL, OpenCall, Prompt, Turns, Usage, prompt_of
from crewctl.adapters.crewai_usage import usage_in
from crewctl.audit.exchange_content import Json
from crewctl.audit.exchange_digest import CAPS, NESTED_CAPS
from crewctl.errors import EngineError

GENERATES = re.compile(
    r"/(?:chat/completions|completions|responses|messages|api/chat|api/generate)$"
    r"|:(?:streamG|g)enerateContent$"
)
"""The paths by which providers generate text; other requests, such as for a list of models, are free."""
LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer as it comes over the wire; where no deadline is set, an endless one must end too."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _Turn(NamedTuple):
    """The request as it is sent, what to do with the usage in its answer, and with the answer itself.

    With a recorded answer nothing is sent.
    """

    request: httpx.Request
    done: Callable[[Usage | None, BaseException | None], None]
    record: Callable[[Json], None]
    recorded: Json | None = None


def install(turns: Turns) -> None:
    """Meter every generating request that any httpx client of this process makes. Not to be undone."""
    one, other = httpx.HTTPTransport, httpx.AsyncHTTPTransport
    one.handle_request = _metered(turns, one.handle_request)  # type: ignore[method-assign] # this is the net
    other.handle_async_request = _ametered(turns, other.handle_async_request)  # type: ignore[method-assign] # as above


def _metered(turns: Turns, send: Callable[..., httpx.Response]) -> Callable[..., httpx.Response]:
    def handle(self: Any, request: httpx.Request) -> httpx.Response:
        if not _generates(request):
            return send(self, request)
        turn = _take(turns, request)
        if turn.recorded is not None:
            return _again(turn)
        try:
            response = send(self, turn.request)
        except BaseException as error:
            _lost(turn, error)
            raise
        _stay(response)
        response.stream = _Tee(response, turn)
        return response

    return handle


def _ametered(
    turns: Turns, send: Callable[..., Coroutine[Any, Any, httpx.Response]]
) -> Callable[..., Coroutine[Any, Any, httpx.Response]]:
    async def handle(self: Any, request: httpx.Request) -> httpx.Response:
        if not _generates(request):
            return await send(self, request)
        turn = await asyncio.to_thread(_take, turns, request)
        if turn.recorded is not None:
            return _again(turn)
        try:
            response = await send(self, turn.request)
        except BaseException as error:
            _lost(turn, error)
            raise
        _stay(response)
        response.stream = _AsyncTee(response, turn)
        return response

    return handle


def _stay(response: httpx.Response) -> None:
    """Have no client follow a redirect: a prompt goes to the endpoint that the plan names, or nowhere."""
    if response.has_redirect_location:
        del response.headers["location"]


def _generates(request: httpx.Request) -> bool:
    return request.method == "POST" and GENERATES.search(request.url.path) is not None


def _take(turns: Turns, request: httpx.Request) -> _Turn:
    """Use the running call's grant for its first request; ask anew for any other, unless it is recorded."""
    body = json_of(request.content)
    call, outer = CALL.get(), CALL.get()
    if call is not None:
        call.requests += 1
    own = call is not None and call.requests == 1
    if call is None or not own:
        call = turns.begin(outer and outer.instance, _prompt(body), turns.purpose(), _wanted(body))
    done = _first_usage(call) if own else _settling(turns, call)
    asked = asking(turns.exchanges, request, body, call.question.agent, call.question.model)
    answer = turns.exchanges.answer_to(asked, question_of(request, body))
    if answer is not None:
        call.replayed = True
        return _Turn(request, done, _nothing, answer)
    turns.grant(call)
    sent = clamped(request, call.cap)
    question = question_of(sent, json_of(sent.content))
    return _Turn(sent, done, lambda answer: turns.exchanges.record(asked, question, answer))


def _again(turn: _Turn) -> httpx.Response:
    """Give the recorded answer instead of sending the request."""
    answer = turn.recorded or {}
    try:
        response = response_of(answer, turn.request)
    except httpx.TransportError as error:
        turn.done(_unsent(error), error)
        raise
    kind = response.headers.get("content-type", "")
    turn.done(usage_in(body_of(answer), response.status_code, kind), None)
    return response


def _lost(turn: _Turn, error: BaseException) -> None:
    """Note that a request came to nothing."""
    turn.record(no_answer(error))
    turn.done(_unsent(error), error)


def _nothing(_: Json) -> None:
    """Record nothing: it is recorded already."""


def _settling(turns: Turns, call: OpenCall) -> Callable[[Usage | None, BaseException | None], None]:
    def done(usage: Usage | None, error: BaseException | None) -> None:
        call.tracked = usage
        turns.end(call, error=error)

    return done


def _first_usage(call: OpenCall) -> Callable[[Usage | None, BaseException | None], None]:
    def done(usage: Usage | None, _: BaseException | None) -> None:
        call.first = usage

    return done


def _unsent(error: BaseException) -> Usage | None:
    return Usage(0, 0) if isinstance(error, _NEVER_SENT) else None


def _prompt(body: Json) -> Prompt:
    """Take the whole body for the bound, whatever the provider calls its parts."""
    messages = body.get("messages")
    if isinstance(messages, list) and all(isinstance(message, dict) for message in messages):
        rest = {key: value for key, value in body.items() if key != "messages"}
        return prompt_of(messages, [rest], None)
    return prompt_of([{"role": "user", "content": body}], (), None)


def _wanted(body: Json) -> int | None:
    return next((body[key] for key in CAPS if isinstance(body.get(key), int)), None)


def clamped(request: httpx.Request, cap: int) -> httpx.Request:
    """Return the request with its cap on the answer's tokens at most `cap`; one is added if none is there."""
    body = json_of(request.content)
    if not body:
        return request
    if not _lower(body, cap):
        body["max_output_tokens" if "input" in body else "max_tokens"] = cap
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = [(key, value) for key, value in request.headers.raw if key.lower() != b"content-length"]
    return httpx.Request(
        request.method, request.url, headers=headers, content=content, extensions=request.extensions
    )


def _lower(body: Json, cap: int) -> bool:
    """Lower the cap that the body carries; say whether it carries, or now got, one."""
    for outer, inner in NESTED_CAPS:
        if isinstance(body.get(outer), dict) or (outer == "generationConfig" and "contents" in body):
            nested = body.setdefault(outer, {})
            nested[inner] = min(nested.get(inner) or cap, cap)
            return True
    found = [key for key in CAPS if isinstance(body.get(key), int)]
    for key in found:
        body[key] = min(body[key], cap)
    return bool(found)


class _Record:
    """Keeps what passes, and once, when the stream is closed, records it and reads the usage from it."""

    def __init__(self, response: httpx.Response, turn: _Turn) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._status = response.status_code
        self._headers = response.headers
        self._encoding = response.headers.get("content-encoding", "")
        self._turn = turn
        self._open = True
        self._broke: BaseException | None = None

    def keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > LONGEST_ANSWER:
            raise EngineError(f"the model's endpoint answered with more than {LONGEST_ANSWER:,} bytes")
        self._parts.append(part)

    def broke(self, error: BaseException) -> None:
        if not isinstance(error, GeneratorExit):  # which only says that nobody reads on
            self._broke = error

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        body = self._decoded(b"".join(self._parts))
        self._turn.record(answer_of(self._status, self._headers, body, self._broke))
        self._turn.done(usage_in(body, self._status, self._headers.get("content-type", "")), None)

    def _decoded(self, body: bytes) -> bytes:
        if not self._encoding:
            return body
        try:
            return httpx.Response(200, headers={"content-encoding": self._encoding}, content=body).content
        except httpx.DecodingError:
            return b""


class _Tee(httpx.SyncByteStream):
    def __init__(self, response: httpx.Response, turn: _Turn) -> None:
        self._stream, self._record = response.stream, _Record(response, turn)

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._stream:  # type: ignore[union-attr] # a sync transport has a sync stream
                self._record.keep(part)
                yield part
        except BaseException as error:
            self._record.broke(error)
            raise

    def close(self) -> None:
        self._stream.close()  # type: ignore[union-attr] # as above
        self._record.close()


class _AsyncTee(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response, turn: _Turn) -> None:
        self._stream, self._record = response.stream, _Record(response, turn)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:  # type: ignore[union-attr] # an async transport has an async stream
                self._record.keep(part)
                yield part
        except BaseException as error:
            self._record.broke(error)
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()  # type: ignore[union-attr] # as above
        self._record.close()
