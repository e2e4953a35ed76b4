"""What a PostgreSQL URL says, what may be shown of it, and how crewctl connects with it."""

from __future__ import annotations

import hashlib
import os
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from crewctl.errors import LostDatabaseError, StoreError, UsageError

_SCHEMA = "crewctl"
_AWAY = (
    "refused",
    "timeout expired",
    "timed out",
    "No such file",
    "starting up",
    "shutting down",
    "not yet accepting",
    "in recovery mode",
    "closed the connection",
    "too many clients",
    "connection slots",
)
_SETTINGS = {
    "search_path": _SCHEMA,
    "lock_timeout": "30s",
    # A worker that freezes inside a transaction must not hold up the others for long.
    "idle_in_transaction_session_timeout": "15s",
    # Both ends notice within half a minute that the other machine is gone, and its locks with it.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_CLIENT = {
    "connect_timeout": 10,
    "application_name": "crewctl",
    "client_encoding": "utf8",
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class ServerUrl:
    """A ``postgresql://`` URL; its text and `options` hold the password and are never shown."""

    def __init__(self, text: str) -> None:
        try:
            parts = conninfo_to_dict(text)
        except psycopg.Error:
            # Not even what the parser says of it is shown: it quotes pieces of the URL.
            raise _unreadable() from None
        if _holds_a_password(parts):
            raise _unreadable()
        self.text = text
        given = str(parts.get("options") or "")
        settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        self.options: dict[str, Any] = {**_CLIENT, **parts, "options": f"{settings} {given}".strip()}
        self.name = _name(parts)
        self.secrets = _secrets(str(parts.get("password") or os.environ.get("PGPASSWORD", "")))

    def unreachable(self, error: psycopg.Error, *, lost: bool) -> StoreError:
        """Say that the server cannot be connected to, and why; `lost` when it could be before.

        A server that is away may come back, so that is a LostDatabaseError too; a wrong password stays wrong.
        """
        lines = [line for line in str(error).splitlines() if line and not line.startswith("\t")]
        why = lines[-1].rpartition("failed: ")[2].strip() if lines else "no answer"
        for secret in self.secrets:
            why = why.replace(secret, "***")
        kind = LostDatabaseError if lost or any(sign in why for sign in _AWAY) else StoreError
        return kind(f"{self.name} cannot be reached: {why}", help=_next_step(why))


def _unreadable() -> UsageError:
    return UsageError(
        "the URL of the PostgreSQL database cannot be read",
        help="write it as postgresql://USER:PASSWORD@HOST/DATABASE, special characters as %40",
    )


def _holds_a_password(parts: dict[str, Any]) -> bool:
    """Tell whether a part that is shown may be the end of a password with a sign that was not escaped."""
    port = str(parts.get("port") or "").replace(",", "")
    shown = (str(parts.get(name) or "")[1:] for name in ("host", "dbname"))
    return any("@" in part for part in shown) or not (port.isdecimal() or not port)


def key_of(kind: str, name: str) -> int:
    """Return the number of an advisory lock: 64 bits of a digest, so that no two names meet."""
    digest = hashlib.sha256(f"crewctl/{kind}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _name(parts: dict[str, Any]) -> str:
    host = str(parts.get("host") or parts.get("hostaddr") or os.environ.get("PGHOST") or "the local socket")
    port = f":{parts['port']}" if parts.get("port") else ""
    database = parts.get("dbname") or os.environ.get("PGDATABASE") or parts.get("user") or "its default"
    return f"PostgreSQL database {database} at {host}{port}"


def _secrets(password: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((password, quote(password, safe="")))) if password else ()


def _next_step(why: str) -> str:
    if "authentication" in why or "password" in why:
        return "check the user and the password in CREWCTL_DATABASE"
    if "does not exist" in why:
        return "make the database, or correct its name in CREWCTL_DATABASE"
    if "too many" in why or "connection slots" in why:
        return "raise max_connections of the server, or run fewer workers"
    return "see that the server runs and that this machine may connect to it"
