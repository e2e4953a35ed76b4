"""The webhook over real sockets: only signed and fresh requests count, and no sender can tie it up."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from crewctl.adapters import webhook as module
from crewctl.adapters.webhook import LARGEST_BODY, MOST_AT_ONCE, Answer, Asked, Webhook
from crewctl.adapters.webhook_signature import WINDOW, signature_of
from crewctl.errors import StoreError, UsageError

SECRET = b"a secret of a good length"
NOW = 1_790_000_000.0
BODY = b'{"company": "Acme"}'
PATH = "/kickoff/brief"


@dataclass
class Door:
    """What stands behind the webhook, and how to reach it."""

    asked: list[Asked] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def kick_off(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        self.gate.wait(20)
        if asked.body == b"break":
            raise RuntimeError(asked.body.decode())
        return Answer(202, {"run": f"run-{len(self.asked)}"})

    def post(self, path: str = PATH, body: bytes = BODY, **changed: str) -> tuple[int, dict[str, object]]:
        """Send a request that is right but for what is changed."""
        headers = signed(path, body, changed.pop("key", ""))
        method = changed.pop("method", "POST")
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, {name: said for name, said in headers.items() if said})
            answer = connection.getresponse()
            said = answer.read()
        return answer.status, json.loads(said) if said else {}

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


def signed(path: str, body: bytes, key: str = "", at: float = NOW) -> dict[str, str]:
    stamp = str(int(at))
    headers = {
        "X-Crewctl-Timestamp": stamp,
        "X-Crewctl-Signature": signature_of(SECRET, stamp, path, key, body),
    }
    return headers | ({"Idempotency-Key": key} if key else {})


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    made.gate.set()
    webhook = Webhook("127.0.0.1:0", SECRET, made.kick_off, lambda: NOW)
    made.port = int(webhook.start().rpartition(":")[2])
    yield made
    webhook.stop()


def test_a_signed_request_is_let_in(door: Door) -> None:
    assert door.post() == (202, {"run": "run-1"})
    assert [(asked.crew, asked.body) for asked in door.asked] == [("brief", BODY)]


def test_the_very_same_request_has_the_very_same_key_and_a_given_key_is_kept(door: Door) -> None:
    door.post()
    door.post()
    door.post(key="order-7")

    keys = [asked.key for asked in door.asked]
    assert keys[0] == keys[1] != keys[2] == "order-7"
    assert keys[0].startswith("sent-")


@pytest.mark.parametrize(
    "changed",
    [
        {"X_Crewctl_Signature": ""},
        {"X_Crewctl_Signature": "sha256=" + "0" * 64},
        {"X_Crewctl_Signature": "sha256=ü"},
        {"X_Crewctl_Timestamp": str(int(NOW) + 1)},
        {"X_Crewctl_Timestamp": ""},
        {"Idempotency_Key": "another"},
    ],
)
def test_a_request_that_is_not_signed_as_it_is_comes_to_nothing(door: Door, changed: dict[str, str]) -> None:
    changed = {name: value.encode().decode("latin-1") for name, value in changed.items()}

    assert door.post(**changed) == (401, {"error": "the signature is missing or not right"})
    assert door.asked == []


def test_a_signature_for_one_crew_is_none_for_another(door: Door) -> None:
    stolen = signed(PATH, BODY)["X-Crewctl-Signature"]

    assert door.post("/kickoff/other", X_Crewctl_Signature=stolen)[0] == 401
    assert door.post(PATH, BODY + b" ", X_Crewctl_Signature=stolen)[0] == 401


@pytest.mark.parametrize(("age", "status"), [(WINDOW - 1, 202), (WINDOW + 2, 401), (-WINDOW - 2, 401)])
def test_a_request_is_believed_for_a_few_minutes(door: Door, age: float, status: int) -> None:
    fresh = signed(PATH, BODY, at=NOW - age)

    assert door.post(**{name.replace("-", "_"): said for name, said in fresh.items()})[0] == status


@pytest.mark.parametrize("path", ["/", "/kickoff", "/kickoff/a/b", "/kickoffs/brief", "/kickoff/../brief"])
def test_there_is_no_other_route(door: Door, path: str) -> None:
    assert door.post(path)[0] == 404
    assert door.asked == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_there_is_no_other_method(door: Door, method: str) -> None:
    status, said = door.post(method=method)

    assert (status, said) == (405, {"error": "only POST is answered"})
    assert door.asked == []


def test_a_body_is_small_and_whole(door: Door) -> None:
    assert door.post(body=b"x" * LARGEST_BODY)[0] == 202
    assert door.post(Content_Length=str(LARGEST_BODY + 1))[0] == 413
    assert door.post(Transfer_Encoding="chunked")[0] == 411
    assert door.post(Content_Length="-1")[0] == 411


def test_a_key_that_is_no_key_is_refused(door: Door) -> None:
    assert door.post(key="k" * 129)[0] == 400
    assert door.post(key="a\tb")[0] == 400


def test_a_fault_behind_it_is_not_told(door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    status, said = door.post(body=b"break")

    assert (status, said) == (500, {"error": "something went wrong here; see the worker's log"})
    assert capfd.readouterr() == ("", "")


def test_nothing_that_was_sent_is_written_anywhere(door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    door.post()
    door.post(X_Crewctl_Signature="sha256=guess")
    with door.raw() as broken:
        broken.sendall(b"\x16\x03\x01 not http\r\n\r\n")
        assert b"Acme" not in broken.recv(4096)

    assert capfd.readouterr() == ("", "")


def test_who_sends_drop_by_drop_is_cut_off(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 1.0)
    began = time.monotonic()
    with door.raw() as slow:
        slow.sendall(b"POST /kickoff/brief HTTP/1.1\r\n")
        try:
            while time.monotonic() - began < 15:
                slow.sendall(b"X-A: b\r\n")
                time.sleep(0.1)
        except OSError:
            pass  # cut off
    took = time.monotonic() - began

    assert took < 10
    assert door.post()[0] == 202


def test_who_holds_every_place_is_cut_off_and_others_are_told_to_come_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS", 3.0)
    silent = [door.raw() for _ in range(MOST_AT_ONCE)]
    time.sleep(0.5)
    with door.raw() as one_more:
        assert one_more.recv(100).startswith(b"HTTP/1.1 503 ")
    deadline = time.monotonic() + 20
    while (status := _status(door)) != 202 and time.monotonic() < deadline:
        time.sleep(0.2)

    assert status == 202
    for connection in silent:
        connection.close()


def _status(door: Door) -> int:
    try:
        return door.post()[0]
    except (OSError, http.client.HTTPException):
        return 503


def test_a_request_that_has_come_whole_is_not_cut_off(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.5)
    door.gate.clear()
    threading.Timer(1.5, door.gate.set).start()

    assert door.post()[0] == 202


@pytest.mark.parametrize("address", ["localhost", ":8787", "127.0.0.1:x", "127.0.0.1:99999", ""])
def test_an_address_is_a_host_and_a_port(address: str) -> None:
    with pytest.raises(UsageError):
        Webhook(address, SECRET, lambda _: Answer(202, {}), time.time)


@pytest.mark.parametrize(
    ("address", "local"),
    [("0", True), ("127.0.0.1:0", True), ("localhost:0", True), ("0.0.0.0:0", False)],
)
def test_a_port_alone_is_one_of_loopback(address: str, *, local: bool) -> None:
    webhook = Webhook(address, SECRET, lambda _: Answer(202, {}), time.time)

    assert webhook.is_loopback is local
    if address == "0":
        assert webhook.start().startswith("127.0.0.1:")
        webhook.stop()


def test_an_address_that_is_taken_is_said(door: Door) -> None:
    second = Webhook(f"127.0.0.1:{door.port}", SECRET, door.kick_off, time.time)

    with pytest.raises(StoreError, match="cannot listen"):
        second.start()


def test_after_its_end_nobody_answers() -> None:
    webhook = Webhook("127.0.0.1:0", SECRET, lambda _: Answer(202, {}), lambda: NOW)
    port = int(webhook.start().rpartition(":")[2])
    webhook.stop()
    webhook.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
