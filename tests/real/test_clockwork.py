"""Workers that are killed at any moment start every time once; a tick costs next to nothing when nothing is due."""

from __future__ import annotations

import http.client
import json
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters import spool
from crewctl.adapters.os_identity import user_name
from crewctl.adapters.webhook_signature import signature_of
from crewctl.audit.events import KickoffRequested
from crewctl.audit.events_work import RunEnqueued
from crewctl.cli.fresh_project import TEMPLATE
from crewctl.wiring import Project
from crewctl.wiring.clockwork import Clockwork
from crewctl.wiring.database import VARIABLE
from crewctl.wiring.suspending import suspend

BASE = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
PACE = 120.0
"""Seconds of the workers' clock in one of ours."""

TICKS = f"""
import os, sys, time
from datetime import datetime, timedelta
from pathlib import Path
from crewctl.wiring import Project
from crewctl.wiring.clockwork import Clockwork
clockwork = Clockwork(Project(Path(sys.argv[1])))
base, began = datetime.fromisoformat(sys.argv[2]), float(sys.argv[3])
print("ticks", flush=True)
while True:
    clockwork.tick(base + timedelta(seconds=(time.time() - began) * {PACE}))
    time.sleep(0.05)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATE, tmp_path / "project"))


def entry(project: Path, crew: str, said: str) -> None:
    path = project / f"registry/entries/{crew}.yaml"
    path.write_text(path.read_text() + said)


def drop(project: Path, name: str, said: dict[str, Any]) -> None:
    folder = project / ".crewctl/spool/company-brief"
    folder.mkdir(parents=True, exist_ok=True)
    written = folder.parent.parent / "being-written"
    written.write_text(json.dumps(said))
    written.rename(folder / name)


def worker(project: Path, began: float) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", TICKS, project, BASE.isoformat(), str(began)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_every_time_and_every_file_is_started_once_whoever_is_killed_when(
    project: Path, database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three workers, killed with SIGKILL at random moments and begun again, twelve times."""
    if database == "postgres":
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("postgres_url"))
    entry(
        project,
        "company-brief",
        'schedule: {cron: "* * * * *", overlap: allow, missed: all, inputs: {company: Acme}}\n',
    )
    Clockwork(Project(project)).tick(BASE)
    began, chance = time.time(), random.Random(7)  # noqa: S311 - chance that can be repeated
    workers = [worker(project, began) for _ in range(3)]
    for number in range(12):
        drop(project, f"file-{number}.json", {"company": f"Company {number}"})
        time.sleep(chance.uniform(0.3, 1.5))
        victim = chance.randrange(3)
        workers[victim].kill()
        workers[victim].communicate(timeout=30)
        workers[victim] = worker(project, began)
    for each in workers:
        each.kill()
        each.communicate(timeout=30)
    monkeypatch.setattr(spool, "LEFT", 1.0)
    seen = Project(project)
    last = BASE + timedelta(seconds=(time.time() - began) * PACE)
    _finish(project, last)

    started = [each for each in seen.starts.latest("company-brief", 10_000) if each.kind == "schedule"]
    times = sorted(each.at for each in started)
    assert len(times) > 10
    assert times == [BASE + timedelta(minutes=n + 1) for n in range(len(times))]
    _each_has_one_run(seen)
    files = [each for each in seen.starts.latest("company-brief", 10_000) if each.kind == "spool"]
    assert sorted(each.name for each in files) == sorted(f"file-{n}.json" for n in range(12))
    assert len(list((project / ".crewctl/spool/company-brief/done").iterdir())) == 12


def _finish(project: Path, last: datetime) -> None:
    """Have one worker that nobody kills take up what the dead ones left, and look at nothing newer."""
    clockwork = Clockwork(Project(project))
    time.sleep(1.2)  # the last file counts as whole, and those that were taken as left
    for seconds in range(0, 240, 6):
        clockwork.tick(last + timedelta(seconds=seconds))
        unsettled = Project(project).starts.unsettled(held_before=_EVER, claimed_before=_EVER)
        if seconds > 60 and not unsettled:
            return
    raise AssertionError("something is left")


_EVER = datetime(2100, 1, 1, tzinfo=UTC)


def _each_has_one_run(project: Project) -> None:
    """Every start that is kept as started has a run on the queue, and no key has two."""
    starts = {each.key: each for each in project.starts.latest(None, 10_000)}
    assert Counter(each.state for each in starts.values()).keys() == {"started"}
    keys: Counter[str] = Counter()
    for run_id in project.store.run_ids():
        events = [record.event for record in project.store.events_of(run_id)]
        request = events[0]
        assert isinstance(request, KickoffRequested)
        assert request.key is not None
        assert any(isinstance(event, RunEnqueued) for event in events)
        assert starts[request.key].run == run_id
        keys[request.key] += 1
    assert keys.keys() == starts.keys()
    assert set(keys.values()) == {1}


def test_what_keeps_the_entries_from_being_read_is_told_and_keeps_no_file_waiting(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Path) -> None:
        raise ZeroDivisionError("a bug in reading")

    monkeypatch.setattr("crewctl.registry.schedule_book.load_catalogue", broken)
    drop(project, "order.json", {"company": "Acme Corp"})
    time.sleep(1.2)
    clockwork = Clockwork(Project(project))

    first, second = clockwork.tick(BASE), clockwork.tick(BASE + timedelta(seconds=1))

    assert [(start.state, start.note) for start in first] == [
        ("failed", "ZeroDivisionError: a bug in reading"),
        ("started", ""),
    ]
    assert second == []


CREW = "description: A brief\nprocess: sequential\ninputs: {company: {description: Company}}\ntasks: [research]\n"
TWO_HUNDRED = 200


def many_crews(project: Path, count: int) -> None:
    for number in range(count):
        (project / f"crews/crew-{number}.yaml").write_text(CREW)
        said = (
            f'schedule: {{cron: "{number % 60} 6 * * *", timezone: Europe/Rome, inputs: {{company: Acme}}}}\n'
        )
        if number % 4 == 0:
            said += 'on: {crew: company-brief, inputs: {company: "{output}"}}\n'
        (project / f"registry/entries/crew-{number}.yaml").write_text(f"risk_level: minimal\n{said}")
        (project / f".crewctl/spool/crew-{number}").mkdir(parents=True)


def test_a_tick_with_nothing_due_costs_little_with_two_hundred_crews(project: Path) -> None:
    many_crews(project, TWO_HUNDRED)
    clockwork = Clockwork(Project(project))
    now = BASE - timedelta(hours=3)
    clockwork.tick(now)
    costs = []
    for second in range(1, 61):
        before = time.process_time()
        assert clockwork.tick(now + timedelta(seconds=second)) == []
        costs.append(time.process_time() - before)

    assert statistics.median(costs) < 0.1


def test_many_crews_that_are_due_at_once_leave_the_worker_its_breath(project: Path) -> None:
    """A worker has to beat in between: a tick is over soon, and the next goes on where it left off."""
    many_crews(project, 60)
    for path in (project / "registry/entries").glob("crew-*.yaml"):
        path.write_text(re.sub(r"\d+ 6 \* \* \*", "0 6 * * *", path.read_text()))
    clockwork = Clockwork(Project(project))
    clockwork.tick(BASE - timedelta(minutes=1))
    started, took = [], []
    for _ in range(200):
        before = time.monotonic()
        started += [start.crew for start in clockwork.tick(BASE)]
        took.append(time.monotonic() - before)
        if len(started) == 60:
            break

    assert sorted(started) == sorted(f"crew-{number}" for number in range(60))
    assert max(took) < 10
    assert len(Project(project).store.run_ids()) == 60


def test_a_dropped_file_makes_a_run_and_its_end_sets_off_another_that_waits_for_a_yes(
    project: Path,
) -> None:
    """A real worker from the command line, a real run on the offline model, and a card at the gate."""
    said = 'on: {crew: company-brief, inputs: {company: "{inputs.company}", first_name: Elena}}\n'
    entry(project, "outreach-email", said)
    drop(project, "order.json", {"company": "Acme Corp"})
    words = [sys.executable, "-m", "crewctl", "worker"]
    running = subprocess.Popen(words, cwd=project, stderr=subprocess.PIPE, text=True)
    opened = Project(project)
    try:
        deadline = time.monotonic() + 120
        while not opened.store.open_cards() and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        running.send_signal(signal.SIGINT)
        told = running.communicate(timeout=60)[1]

    (card,) = opened.store.open_cards()
    assert (card.crew, card.source) == ("outreach-email", "approval"), told
    first, second = sorted(opened.store.run_ids())
    request = opened.store.events_of(second)[0].event
    assert isinstance(request, KickoffRequested)
    assert (request.source, request.of, request.by) == (
        "trigger",
        first,
        user_name(),  # whose file it is; four eyes hold for what it sets off, too
    )
    asked = opened.store.events_of(first)[0].event
    assert isinstance(asked, KickoffRequested)
    assert (asked.source, asked.by) == ("spool", user_name())
    assert [start.run for start in opened.starts.latest(None, 9)] == [second, first]


SECRET = "a secret of a good length"


def test_a_worker_says_what_a_request_started_and_that_a_suspended_crew_was_not(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real worker with its webhook: one run by a signed request, and none of the crew that its end sets off."""
    said = 'on: {crew: company-brief, inputs: {company: "{inputs.company}", first_name: Elena}}\n'
    entry(project, "outreach-email", said)
    suspend(Project(project), "outreach-email", "it wrote to people who had said no")
    monkeypatch.setenv("CREWCTL_WEBHOOK_SECRET", SECRET)
    words = [sys.executable, "-u", "-m", "crewctl", "worker", "--webhook", "127.0.0.1:0"]
    running = subprocess.Popen(words, cwd=project, stderr=subprocess.PIPE, text=True)
    opened = Project(project)
    try:
        assert running.stderr is not None
        port = re.search(r"127\.0\.0\.1:(\d+)", running.stderr.readline())
        assert port is not None
        run_id = _ask(int(port.group(1)))["run"]
        deadline = time.monotonic() + 120
        while not opened.starts.latest("outreach-email", 1) and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        time.sleep(1)  # it is told just after it is written down
        running.send_signal(signal.SIGINT)
        told = running.communicate(timeout=60)[1]

    assert f" webhook of company-brief started: run {run_id}\n" in told
    assert " trigger company-brief finished of outreach-email skipped (suspended by " in told
    assert "UTC: it wrote to people who had said no)\n" in told
    assert list(opened.store.run_ids()) == [run_id]


def _ask(port: int) -> dict[str, Any]:
    path, body, now = "/kickoff/company-brief", b'{"company": "Acme Corp"}', str(int(time.time()))
    headers = {
        "X-Crewctl-Timestamp": now,
        "X-Crewctl-Signature": signature_of(SECRET.encode(), now, path, "", body),
    }
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", path, body, headers)
        return dict(json.loads(connection.getresponse().read()))
