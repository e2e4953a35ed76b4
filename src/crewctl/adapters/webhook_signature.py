"""Signs requests to the webhook, and tells which signatures are right and fresh."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

WINDOW = 300.0
"""Seconds by which a request's time may differ from this machine's."""

_LONGEST_TIMESTAMP = 12
PREFIX = "sha256="


@dataclass(frozen=True)
class Signed:
    """What a request brings; the signature covers everything else in it that decides what is started."""

    timestamp: str
    path: str
    key: str
    body: bytes
    signature: str


def signature_of(secret: bytes, timestamp: str, path: str, key: str, body: bytes) -> str:
    """Return the header ``X-Crewctl-Signature``: HMAC-SHA256 over timestamp, path, key and body.

    The three lines before the body end with a newline each, so that none can pass for part of another.
    """
    head = f"{timestamp}\n{path}\n{key}\n".encode()
    return PREFIX + hmac.new(secret, head + body, hashlib.sha256).hexdigest()


def refusal_of(signed: Signed, secret: bytes, now: float) -> str:
    """Say why the request is not believed; nothing when it is. What was wrong is told in no more detail.

    The signature is compared first and in constant time, so that nobody learns anything by guessing.
    """
    right = signature_of(secret, signed.timestamp, signed.path, signed.key, signed.body)
    if not hmac.compare_digest(right.encode(), signed.signature.encode("utf-8", "surrogateescape")):
        return "the signature is missing or not right"
    stamp = signed.timestamp
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= _LONGEST_TIMESTAMP):
        return "X-Crewctl-Timestamp is not a time in whole seconds since 1970"
    if abs(now - int(stamp)) > WINDOW:
        return f"the request is more than {WINDOW:.0f} seconds old, or from the future"
    return ""
