"""A project that has worked is moved to PostgreSQL: what it can show is the same, and it goes on there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crewctl.cli.fresh_project import TEMPLATE
from crewctl.cli.main import run
from crewctl.cli.session import Session
from crewctl.testing.postgres_server import PostgresServer
from crewctl.wiring import Project
from crewctl.wiring.clockwork import Clockwork
from crewctl.wiring.database import VARIABLE
from crewctl.wiring.moving import TO_VARIABLE

pytestmark = pytest.mark.real

Shown = Callable[[], dict[str, Any]]
BEFORE = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 2, 5, 0, 1, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 5, 0, 31, tzinfo=UTC)


class Desk:
    """A terminal at a project's folder, with or without the variable that names the database."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ: dict[str, str] = {}

    def __call__(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command."""
        done = subprocess.run(
            [sys.executable, "-m", "crewctl", *words],
            cwd=self.root,
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def data(self, *words: str) -> Any:
        """Return what a command gives as JSON."""
        return json.loads(self(*words, "-o", "json").stdout)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root = Path(shutil.copytree(TEMPLATE, tmp_path / "project"))
    entry = root / "registry/entries/company-brief.yaml"
    schedule = 'schedule: {cron: "0 5 2 3 *", timezone: UTC, overlap: allow, inputs: {company: Acme}}\n'
    entry.write_text(entry.read_text(encoding="utf-8") + schedule, encoding="utf-8")
    return Desk(root)


@pytest.fixture
def shown(desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Return a function that gives whatever can be shown of what has happened."""

    def said(*words: str) -> str:
        capsys.readouterr()
        assert run(words, Session(project=desk.root)) == 0, words
        return capsys.readouterr().out

    def everything() -> dict[str, Any]:
        for name in (VARIABLE, TO_VARIABLE):
            monkeypatch.setenv(name, desk.environ.get(name, ""))
        runs = [row["run"] for row in json.loads(said("runs", "-o", "json"))]
        markets = [row["run"] for row in json.loads(said("runs", "--crew", "outreach-email", "-o", "json"))]
        return {
            "runs": runs,
            "rows": said("runs", "-o", "json"),
            "reports": [said("report", each, "-o", "json") for each in runs],
            "events": [said("logs", each, "-o", "json") for each in runs],
            "traces": [said("trace", each) for each in runs],
            "verified": [said("verdict", "verify", each) for each in markets],
            "diff": said("report", markets[0], "--diff", markets[1], "-o", "json"),
            "approvals": said("approvals", "-o", "json"),
            "starts": said("schedule", "starts", "-o", "json"),
            "next": [row["utc"] for row in json.loads(said("schedule", "next", "-o", "json"))],
        }

    return everything


def test_what_happened_can_be_shown_the_same_after_the_move_and_work_goes_on(
    desk: Desk, shown: Shown, postgres_server: PostgresServer, postgres_url: str
) -> None:
    for crew in ("outreach-email", "company-brief"):
        desk("approve", crew, "--reason", "reviewed for this very test", "--max-runs", "3")
    for name in ("Elena", "Marie"):
        desk("kickoff", "outreach-email", "-i", "company=Acme Corp", "-i", f"first_name={name}", "--quiet")
    clockwork = Clockwork(Project(desk.root))
    clockwork.tick(BEFORE)
    assert [start.state for start in clockwork.tick(DUE)] == ["started"]
    refused = desk("database", "copy", "--to", postgres_url, code=1)
    assert "1 run is not over" in refused.stderr
    desk("worker", "--until-idle")
    before = shown()
    assert len(before["runs"]) == 3
    assert len(before["verified"]) == 2

    desk.environ = {TO_VARIABLE: postgres_url}
    copied = desk("database", "copy")
    assert postgres_server.password not in copied.stdout + copied.stderr
    left = desk("kickoff", "company-brief", "-i", "company=Acme", code=1)
    assert "the machine state was moved to PostgreSQL database" in left.stderr

    desk.environ = {VARIABLE: postgres_url}
    assert shown() == before
    assert Clockwork(Project(desk.root)).tick(LATER) == []
    # The third use of three, and the fourth, which there is no yes for.
    desk("kickoff", "outreach-email", "-i", "company=Acme", "-i", "first_name=Ada", "--quiet")
    desk("kickoff", "outreach-email", "-i", "company=Acme", "-i", "first_name=Ada", "--quiet", code=4)
    assert len(desk.data("runs")) == 5
    files = [path for path in desk.root.rglob("*") if path.is_file()]
    assert not any(postgres_server.password.encode() in path.read_bytes() for path in files)


def test_a_copy_at_a_terminal_that_is_killed_is_begun_again(desk: Desk, postgres_url: str) -> None:
    desk("rehearse", "company-brief", "-i", "company=Acme Corp", "--quiet")
    contents = desk.root / ".crewctl/content/20260101-000000-aaaa"
    contents.mkdir()
    for number in range(4000):
        (contents / f"{number:032x}").write_bytes(os.urandom(2000))
    before = desk.data("runs")
    desk.environ = {TO_VARIABLE: postgres_url}
    with psycopg.connect(postgres_url, autocommit=True) as watching:
        copying = subprocess.Popen(
            [sys.executable, "-m", "crewctl", "database", "copy"],
            cwd=desk.root,
            env={**os.environ, **desk.environ},
        )
        while watching.execute("SELECT to_regclass('crewctl.contents')").fetchall() == [(None,)]:
            assert copying.poll() is None
            time.sleep(0.005)
        copying.send_signal(signal.SIGKILL)
        assert copying.wait(60) == -signal.SIGKILL
        assert watching.execute("SELECT count(*) FROM crewctl.contents").fetchall() == [(0,)]

    assert desk.data("runs") == before
    data = desk.data("database", "copy")

    assert data["again"] is False
    assert data["contents"] > 4000
    desk.environ = {VARIABLE: postgres_url}
    assert desk.data("runs") == before
    assert desk.data("database", "status")["contents"] == data["contents"]
