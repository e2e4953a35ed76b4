"""The second net under model calls: every HTTP request that generates text needs a grant of its own."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple

import httpx
from crewai.types.usage_metrics import UsageMetrics

from crewctl.adapters.crewai_turns import CALL, OpenCall, Prompt, Turns, Usage, credible, prompt_of
from crewctl.errors import EngineError

GENERATES = re.compile(
    r"/(?:chat/completions|completions|responses|messages|api/chat|api/generate)$"
    r"|:(?:streamG|g)enerateContent$"
)
"""The paths by which providers generate text; other requests, such as for a list of models, are free."""
_CAPS = ("max_completion_tokens", "max_output_tokens", "max_tokens")
_NESTED_CAPS = (("generationConfig", "maxOutputTokens"), ("options", "num_predict"))
_FIRST_WITHOUT_AN_ANSWER = 300
LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer as it comes over the wire; where no deadline is set, an endless one must end too."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _Turn(NamedTuple):
    """The request as it is sent, and what to do with the usage in its answer."""

    request: httpx.Request
    done: Callable[[Usage | None, BaseException | None], None]


def install(turns: Turns) -> None:
    """Meter every generating request that any httpx client of this process makes. Not to be undone."""
    send, asend = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def handle(self: Any, request: httpx.Request) -> httpx.Response:
        if not _generates(request):
            return send(self, request)
        turn = _take(turns, request)
        try:
            response = send(self, turn.request)
        except BaseException as error:
            turn.done(_unsent(error), error)
            raise
        _stay(response)
        response.stream = _Tee(response, turn)
        return response

    async def ahandle(self: Any, request: httpx.Request) -> httpx.Response:
        if not _generates(request):
            return await asend(self, request)
        turn = await asyncio.to_thread(_take, turns, request)
        try:
            response = await asend(self, turn.request)
        except BaseException as error:
            turn.done(_unsent(error), error)
            raise
        _stay(response)
        response.stream = _AsyncTee(response, turn)
        return response

    httpx.HTTPTransport.handle_request = handle  # type: ignore[method-assign] # this is the net
    httpx.AsyncHTTPTransport.handle_async_request = ahandle  # type: ignore[method-assign] # and its twin


def _stay(response: httpx.Response) -> None:
    """Have no client follow a redirect: a prompt goes to the endpoint that the plan names, or nowhere."""
    if response.has_redirect_location:
        del response.headers["location"]


def _generates(request: httpx.Request) -> bool:
    return request.method == "POST" and GENERATES.search(request.url.path) is not None


def _take(turns: Turns, request: httpx.Request) -> _Turn:
    """Use the running call's grant for its first request; ask anew for any other."""
    call = CALL.get()
    if call is not None:
        call.requests += 1
        if call.requests == 1:
            return _Turn(clamped(request, call.cap), _first_usage(call))
    body = _body(request)
    asked = turns.begin(call and call.instance, _prompt(body), turns.purpose(), _wanted(body))

    def done(usage: Usage | None, error: BaseException | None) -> None:
        asked.tracked = usage
        turns.end(asked, error=error)

    return _Turn(clamped(request, asked.cap), done)


def _first_usage(call: OpenCall) -> Callable[[Usage | None, BaseException | None], None]:
    def done(usage: Usage | None, _: BaseException | None) -> None:
        call.first = usage

    return done


def _unsent(error: BaseException) -> Usage | None:
    return Usage(0, 0) if isinstance(error, _NEVER_SENT) else None


def _body(request: httpx.Request) -> dict[str, Any]:
    try:
        body = json.loads(request.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _prompt(body: dict[str, Any]) -> Prompt:
    """Take the whole body for the bound, whatever the provider calls its parts."""
    messages = body.get("messages")
    if isinstance(messages, list) and all(isinstance(message, dict) for message in messages):
        rest = {key: value for key, value in body.items() if key != "messages"}
        return prompt_of(messages, [rest], None)
    return prompt_of([{"role": "user", "content": body}], (), None)


def _wanted(body: dict[str, Any]) -> int | None:
    return next((body[key] for key in _CAPS if isinstance(body.get(key), int)), None)


def clamped(request: httpx.Request, cap: int) -> httpx.Request:
    """Return the request with its cap on the answer's tokens at most `cap`; one is added if none is there."""
    body = _body(request)
    if not body:
        return request
    if not _lower(body, cap):
        body["max_output_tokens" if "input" in body else "max_tokens"] = cap
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = [(key, value) for key, value in request.headers.raw if key.lower() != b"content-length"]
    return httpx.Request(
        request.method, request.url, headers=headers, content=content, extensions=request.extensions
    )


def _lower(body: dict[str, Any], cap: int) -> bool:
    """Lower the cap that the body carries; say whether it carries, or now got, one."""
    for outer, inner in _NESTED_CAPS:
        if isinstance(body.get(outer), dict) or (outer == "generationConfig" and "contents" in body):
            nested = body.setdefault(outer, {})
            nested[inner] = min(nested.get(inner) or cap, cap)
            return True
    found = [key for key in _CAPS if isinstance(body.get(key), int)]
    for key in found:
        body[key] = min(body[key], cap)
    return bool(found)


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


class _Record:
    """Keeps what passes, and reads the usage from it once, when the stream is closed."""

    def __init__(self, response: httpx.Response, turn: _Turn) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._status = response.status_code
        self._type = response.headers.get("content-type", "")
        self._encoding = response.headers.get("content-encoding", "")
        self._turn = turn
        self._open = True

    def keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > LONGEST_ANSWER:
            raise EngineError(f"the model's endpoint answered with more than {LONGEST_ANSWER:,} bytes")
        self._parts.append(part)

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        body = b"".join(self._parts)
        self._turn.done(usage_in(self._decoded(body), self._status, self._type), None)

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
        for part in self._stream:  # type: ignore[union-attr] # a sync transport has a sync stream
            self._record.keep(part)
            yield part

    def close(self) -> None:
        self._stream.close()  # type: ignore[union-attr] # as above
        self._record.close()


class _AsyncTee(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response, turn: _Turn) -> None:
        self._stream, self._record = response.stream, _Record(response, turn)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:  # type: ignore[union-attr] # an async transport has an async stream
            self._record.keep(part)
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()  # type: ignore[union-attr] # as above
        self._record.close()
