"""A model server on loopback that behaves as scripted and keeps its own log of every request."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from crewctl.testing import model_server_wire as wire
from crewctl.testing.model_server_behaviours import Behaviour, chosen, named, names
from crewctl.testing.model_server_exchange import Answer, Asked, Drop, Failure, Garbage, Hang, Received, Reply

CALL_PATHS = ("/v1/chat/completions", "/v1/responses")


class ModelServer:
    """OpenAI-compatible, on a free port of 127.0.0.1, from entering until leaving.

    A model behaves as registered with `behave`, else as its name says (`model_server_behaviours.named`;
    what follows a colon in a name is ignored), else as `default`, else it is a 404 that lists the names.
    `requests` is an account independent of its clients: everything received, also what was never answered.
    """

    def __init__(self, default: Behaviour | None = None) -> None:
        self._table: dict[str, Behaviour] = named()
        self._default = default
        self._log: list[Received] = []
        self._counts: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._http = _Http(self)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.hang_up()
        self._http.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        """The address that a client takes as its base URL."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    @property
    def requests(self) -> tuple[Received, ...]:
        """Every request so far, in the order of arrival."""
        with self._changed:
            return tuple(self._log)

    @property
    def calls(self) -> tuple[Received, ...]:
        """Only the requests for an answer: what a provider would count as model calls."""
        return tuple(one for one in self.requests if one.method == "POST" and one.path in CALL_PATHS)

    def behave(self, model: str, behaviour: Behaviour) -> None:
        """Make `model` answer as `behaviour` says from now on."""
        self._table[model] = behaviour

    def wait_for_calls(self, number: int, timeout: float = 10.0) -> None:
        """Return once so many calls have arrived; TimeoutError after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.calls) >= number, timeout):
                raise TimeoutError(f"{len(self.calls)} of {number} calls arrived within {timeout} s")

    def reply_to(self, path: str, body: Mapping[str, Any]) -> tuple[Asked, Reply]:
        """Return the request as its behaviour saw it and what that behaviour says."""
        model = str(body.get("model", ""))
        with self._changed:
            self._counts[model] += 1
            asked = Asked(path, body, self._counts[model])
            behaviour = chosen(self._table, model) or self._default
            if behaviour is None:
                known = ", ".join(names(self._table))
                return asked, Failure(404, f"no model {model!r}; there are: {known}", code="model_not_found")
            # Under the lock: a behaviour may count, and may be asked from several connections.
            return asked, behaviour(asked)

    def note(self, method: str, path: str, body: Mapping[str, Any], authorization: str = "") -> int:
        """Log a request the moment it has arrived; return its line."""
        with self._changed:
            model = str(body.get("model", ""))
            self._log.append(Received(time.time(), method, path, model, body, None, authorization))
            self._changed.notify_all()
            return len(self._log) - 1

    def note_status(self, line: int, status: int) -> None:
        """Log how a request was answered."""
        with self._changed:
            self._log[line] = replace(self._log[line], status=status)

    def pause(self, seconds: float | None) -> None:
        """Wait so long, None for ever, but no longer than the server is open."""
        self._closing.wait(seconds)


class _Http(ThreadingHTTPServer):
    """Threads that never hold up the end: open connections are cut when the server closes."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, owner: ModelServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that was killed in the middle of an answer is what tests do."""

    def hang_up(self) -> None:
        """Cut every connection that is still open."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Print nothing: the log is `ModelServer.requests`."""

    def do_GET(self) -> None:
        """List the models."""
        line = self.server.owner.note("GET", self.path, {})
        self._json(line, 200, {"object": "list", "data": []})

    def do_POST(self) -> None:
        """Answer as the model's behaviour says."""
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        body = _body(raw)
        line = self.server.owner.note("POST", self.path, body, self.headers.get("authorization", ""))
        if self.path not in CALL_PATHS:
            self._json(line, 404, {"error": {"message": f"no such path: {self.path}"}})
            return
        asked, reply = self.server.owner.reply_to(self.path, body)
        self._give(line, asked, reply)

    def _give(self, line: int, asked: Asked, reply: Reply) -> None:
        if isinstance(reply, Answer):
            self._answer(line, asked, reply)
        elif isinstance(reply, Failure):
            after = reply.retry_after
            extra = {} if after is None else {"retry-after": f"{after:g}"}
            extra |= {"location": reply.location} if reply.location else {}
            self._json(line, reply.status, wire.error_body(reply), extra)
        elif isinstance(reply, Garbage):
            self._send(line, 200, reply.content, {"content-type": "application/json"})
        elif isinstance(reply, Hang):
            self._hang(line, reply)
        else:
            self._drop(line, asked, reply)

    def _answer(self, line: int, asked: Asked, answer: Answer) -> None:
        if answer.delay:
            self.server.owner.pause(answer.delay)
        if asked.path == "/v1/responses":
            self._json(line, 200, wire.responses_body(answer, asked))
        elif asked.body.get("stream"):
            self._stream(line, asked, answer)
        else:
            self._json(line, 200, wire.chat_body(answer, asked))

    def _stream(self, line: int, asked: Asked, answer: Answer) -> None:
        self._head(200, {"content-type": "text/event-stream", "connection": "close"})
        self.server.owner.note_status(line, 200)
        for chunk in wire.chat_chunks(answer, asked):
            self.wfile.write(chunk)
            if answer.pause:
                self.server.owner.pause(answer.pause)
        self.close_connection = True

    def _hang(self, line: int, hang: Hang) -> None:
        if hang.after_headers:
            self._head(200, {"content-type": "application/json", "content-length": "1000"})
            self.wfile.write(b'{"id": "chatcmpl-1", "choices": [')
            self.server.owner.note_status(line, 200)
        self.server.owner.pause(None)
        self.close_connection = True

    def _drop(self, line: int, asked: Asked, drop: Drop) -> None:
        self.close_connection = True
        if asked.body.get("stream"):
            # A length that never comes: without one, a cut stream would look like a finished one.
            self._head(200, {"content-type": "text/event-stream", "content-length": "1000000"})
            chunks = list(wire.chat_chunks(drop.answer, asked))
            self.wfile.write(b"".join(chunks[: len(chunks) // 2]) + b'data: {"cho')
        else:
            content = json.dumps(wire.chat_body(drop.answer, asked)).encode()
            self._head(200, {"content-type": "application/json", "content-length": str(len(content))})
            self.wfile.write(content[: len(content) // 2])
        self.server.owner.note_status(line, 200)

    def _json(self, line: int, status: int, body: Any, extra: Mapping[str, str] | None = None) -> None:
        headers = {"content-type": "application/json", **(extra or {})}
        self._send(line, status, json.dumps(body).encode(), headers)

    def _send(self, line: int, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        # Logged before the last byte goes out: who has read an answer finds its status in the log.
        self.server.owner.note_status(line, status)
        self._head(status, {**headers, "content-length": str(len(content))})
        self.wfile.write(content)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()


def _body(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        return {"unreadable": raw.decode("utf-8", "replace")}
    return body if isinstance(body, Mapping) else {"unreadable": body}
