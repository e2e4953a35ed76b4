"""Breakers and kickoff keys in the machine state: shared by processes, and right when two come at once."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from crewctl.adapters.sql_breakers import BREAKERS, SqlBreakers
from crewctl.adapters.sql_kickoff_keys import SqlKickoffKeys
from crewctl.audit.events_faults import BreakerOpened
from crewctl.errors import StoreError
from crewctl.planning.plan import PlannedBreaker
from crewctl.running.breaker import Breaker
from crewctl.testing.fake_store import FakeRunStore

Place = Any
RULE = PlannedBreaker(failures=3, within=60.0, open_for=0.5)
OTHERS = """
import os, sys
from pathlib import Path
from crewctl.adapters.sql_breakers import SqlBreakers
from crewctl.adapters.sql_kickoff_keys import SqlKickoffKeys
from crewctl.planning.plan import PlannedBreaker
from crewctl.running.breaker import Breaker
from crewctl.testing.fake_store import FakeRunStore
from crewctl.wiring.database import open_database

database = open_database(Path(sys.argv[1]), os.environ)
sys.stdin.readline()
if sys.argv[2] == "fail":
    rule = PlannedBreaker(failures=3, within=60.0, open_for=60.0)
    Breaker(SqlBreakers(database), rule, "other", FakeRunStore()).failed("model x")
elif sys.argv[2] == "ask":
    rule = PlannedBreaker(failures=3, within=60.0, open_for=60.0)
    print(Breaker(SqlBreakers(database), rule, "other", FakeRunStore()).closed_until("model x") is None)
else:
    keys = SqlKickoffKeys(database)
    print(*(keys.claim("brief", f"key-{n}", f"{sys.argv[2]}-{n}") for n in range(20)))
"""


def at_once(place: Place, *words: str) -> list[str]:
    """Run one process a word, all let go together; return what each printed."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OTHERS, str(place.root), word],
            env=place.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for word in words
    ]
    time.sleep(1.0)
    for each in started:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    said = [each.communicate(timeout=60)[0].strip() for each in started]
    assert [each.returncode for each in started] == [0] * len(words)
    return said


def test_failures_of_several_processes_open_one_breaker(place: Place) -> None:
    at_once(place, "fail", "fail", "fail")

    [left_alone] = SqlBreakers(place.database()).open_now()
    assert (left_alone.target, left_alone.failures) == ("model x", 3)


def test_of_several_processes_that_ask_at_once_one_may_probe(place: Place) -> None:
    breaker = Breaker(SqlBreakers(place.database()), RULE, "run", FakeRunStore())
    for _ in range(3):
        breaker.failed("model x")

    assert at_once(place, "ask", "ask", "ask").count("True") == 1


def test_a_breaker_opens_once_and_comes_back(place: Place) -> None:
    store = FakeRunStore()
    breaker = Breaker(SqlBreakers(place.database()), RULE, "run", store)
    assert breaker.closed_until("model x") is None
    for _ in range(5):
        breaker.failed("model x")

    [opened] = [event for event in store.events("run") if isinstance(event, BreakerOpened)]
    assert breaker.closed_until("model x") == opened.until
    assert breaker.closed_until("model y") is None
    time.sleep(0.6)
    assert breaker.closed_until("model x") is None
    assert breaker.closed_until("model x") is not None
    breaker.worked("model x")
    assert breaker.closed_until("model x") is None
    assert not SqlBreakers(place.database()).is_known("model x")


def test_asking_makes_no_file(place: Place) -> None:
    breakers = SqlBreakers(place.database())

    assert breakers.open_now() == ()
    assert not breakers.is_known("model x")
    assert SqlKickoffKeys(place.database()).run_of("brief", "k") is None
    assert list(place.root.rglob("*.db")) == []


def test_what_another_program_wrote_is_no_breaker(place: Place) -> None:
    database = place.database()
    breakers = SqlBreakers(database)
    Breaker(breakers, RULE, "run", FakeRunStore()).failed("model x")
    with database.writing(BREAKERS, about="test") as db:
        db.execute("UPDATE breakers SET state = ?", ("nonsense",))
    with pytest.raises(StoreError, match="cannot be read"):
        breakers.is_known("model x")


def test_a_key_stands_for_one_run_however_many_ask_at_once(place: Place) -> None:
    said = at_once(place, "a", "b", "c")

    assert len(set(said)) == 1
    runs = said[0].split()
    assert len(runs) == 20
    keys = SqlKickoffKeys(place.database())
    assert [keys.claim("brief", f"key-{n}", "late") for n in range(20)] == runs
    assert keys.claim("other", "key-0", "late") == "late"
    assert keys.run_of("brief", "key-0") == runs[0]
