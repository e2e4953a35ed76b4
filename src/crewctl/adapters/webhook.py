"""A small HTTP server with one route: a signed request kicks a crew off."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from crewctl.adapters.webhook_signature import Signed, refusal_of
from crewctl.errors import StoreError, UsageError

LARGEST_BODY = 262_144
"""Bytes of a body: inputs are prose for prompts."""

MOST_AT_ONCE = 8
"""Requests that are answered at once; whoever comes on top is told to come again."""

SECONDS = 10.0
"""A request that has not come whole by then is cut off, however slowly it drips in."""

ROUTE = "/kickoff/"
LOOPBACK = "127.0.0.1"
LONGEST_KEY = 128


@dataclass(frozen=True)
class Asked:
    """A request whose signature is right. `key` is the sender's, or made of the signature."""

    crew: str
    body: bytes
    key: str


@dataclass(frozen=True)
class Answer:
    """What is answered: a status of HTTP and JSON."""

    status: int
    said: dict[str, Any]


KickOff = Callable[[Asked], Answer]


class Webhook:
    """Listens from `start` to `stop`, in threads of its own. Never writes a body, a header or the secret anywhere.

    UsageError for an address that makes no sense, StoreError for one that cannot be listened on.
    """

    def __init__(self, address: str, secret: bytes, kick_off: KickOff, now: Callable[[], float]) -> None:
        self._host, self._port = _place(address)
        self._secret = secret
        self._kick_off = kick_off
        self._now = now
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen, and return the address, with the port that was free where 0 was asked for."""
        try:
            server = _Server((self._host, self._port), self._secret, self._kick_off, self._now)
        except OSError as error:
            raise StoreError(
                f"the webhook cannot listen on {self._host}:{self._port}: {error.strerror}",
                help="choose another address with --webhook, or end the program that has it",
            ) from error
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="webhook", daemon=True)
        self._thread.start()
        return f"{self._host}:{server.server_address[1]}"

    @property
    def is_loopback(self) -> bool:
        """Whether it can only be reached from this machine."""
        try:
            return ipaddress.ip_address(self._host).is_loopback
        except ValueError:
            return self._host == "localhost"

    def stop(self) -> None:
        """Listen no more; requests that are being answered are cut off."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None


def _place(address: str) -> tuple[str, int]:
    """Return the host and the port; a port alone is one of loopback."""
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if colon else LOOPBACK
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the highest port
        raise UsageError(f"'{address}' is no address", help="write it as in: --webhook 127.0.0.1:8787")
    return host, int(port)


_COME_AGAIN = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


class _Server(HTTPServer):
    """Gives each request a thread, of which there are few, and a time after which it is cut off."""

    allow_reuse_address = True
    request_queue_size = 32

    def __init__(
        self, place: tuple[str, int], secret: bytes, kick_off: KickOff, now: Callable[[], float]
    ) -> None:
        if ":" in place[0]:
            self.address_family = socket.AF_INET6
        self.secret = secret
        self.kick_off = kick_off
        self.now = now
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._cuts: dict[int, threading.Timer] = {}
        super().__init__(place, _Handler)

    def server_bind(self) -> None:
        """Bind without asking the name service what this machine is called."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, or not at all while too many are being answered."""
        if not self._free.acquire(blocking=False):
            _turn_away(request)
            self.shutdown_request(request)
            return
        threading.Thread(target=self._answer, args=(request, client_address), daemon=True).start()

    def _answer(self, request: socket.socket, client_address: Any) -> None:
        cut = threading.Timer(SECONDS, _cut_off, (request,))
        cut.daemon = True
        self._cuts[id(request)] = cut
        cut.start()
        try:
            with suppress(OSError):  # the other side went away, or was cut off
                self.finish_request(request, client_address)
        finally:
            self.has_come(request)
            self._free.release()
            self.shutdown_request(request)

    def has_come(self, request: Any) -> None:
        """Give the request all the time it needs: it is whole, and planning the crew may take a while."""
        cut = self._cuts.pop(id(request), None)
        if cut is not None:
            cut.cancel()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a trace could show what was sent."""


class _Handler(BaseHTTPRequestHandler):
    """Answers one request and closes the connection."""

    server: _Server
    server_version = "crewctl"
    sys_version = ""
    timeout = SECONDS
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a request to kick a crew off."""
        try:
            answer = self._answer_of()
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - the sender is told nothing, and a trace could show what was sent
            answer = _error(500, "something went wrong here; see the worker's log")
        self._say(answer)

    def _answer_of(self) -> Answer:
        length = self._length()
        if isinstance(length, Answer):
            return length
        body = self.rfile.read(length)
        self.server.has_come(self.request)
        if len(body) != length:
            return _error(400, "the body is shorter than its Content-Length says")
        key = self.headers.get("Idempotency-Key", "")
        if len(key) > LONGEST_KEY or not key.isprintable():
            return _error(400, f"an Idempotency-Key has at most {LONGEST_KEY} printable characters")
        signed = Signed(
            timestamp=self.headers.get("X-Crewctl-Timestamp", ""),
            path=self.path,
            key=key,
            body=body,
            signature=self.headers.get("X-Crewctl-Signature", ""),
        )
        refusal = refusal_of(signed, self.server.secret, self.server.now())
        if refusal:
            return _error(401, refusal)
        if not self.path.startswith(ROUTE) or "/" in self.path[len(ROUTE) :]:
            return _error(404, "there is nothing here but POST /kickoff/CREW")
        # Without a key of the sender's, the very same request sent again is still the same kickoff.
        return self.server.kick_off(
            Asked(self.path[len(ROUTE) :], body, key or f"sent-{signed.signature[-64:]}")
        )

    def _length(self) -> int | Answer:
        if self.headers.get("Transfer-Encoding"):
            return _error(411, "send the body whole, with a Content-Length")
        said = self.headers.get_all("Content-Length") or []
        if len(said) != 1 or not said[0].isascii() or not said[0].isdecimal():
            return _error(411, "send the body whole, with one Content-Length")
        if int(said[0]) > LARGEST_BODY:
            return _error(413, f"a body has at most {LARGEST_BODY} bytes")
        return int(said[0])

    def _say(self, answer: Answer) -> None:
        body = json.dumps(answer.said).encode() + b"\n"
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "POST")
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")
        self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is not even HTTP, without repeating any of it."""
        del message, explain
        self.command = self.command or ""
        self.request_version = "HTTP/1.1"
        unsupported = code == HTTPStatus.NOT_IMPLEMENTED
        self._say(
            _error(HTTPStatus.METHOD_NOT_ALLOWED, "only POST is answered")
            if unsupported
            else _error(code, "the request could not be understood")
        )

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Log nothing: what was asked for stands in the account, and headers hold signatures."""


def _error(status: int, said: str) -> Answer:
    return Answer(status, {"error": said})


def _turn_away(request: socket.socket) -> None:
    with suppress(OSError):  # whoever does not even read this need not be told
        request.settimeout(0.2)
        request.sendall(_COME_AGAIN)


def _cut_off(request: socket.socket) -> None:
    with suppress(OSError):  # it has just ended by itself
        request.shutdown(socket.SHUT_RDWR)
