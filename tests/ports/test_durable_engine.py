"""What the engine does not do by itself: pickles refused, dead processes' runs, older shapes, forgetting."""

from __future__ import annotations

import base64
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters import dbos_versions
from crewctl.adapters.dbos_database import sqlite_place
from crewctl.adapters.dbos_engine import DurableEngine
from crewctl.adapters.dbos_steps import DbosSteps
from crewctl.audit.fact import ContentRef
from crewctl.errors import EngineError
from crewctl.running.port import StepResult, Suspended

Host = Callable[[str, Any], dict[str, Any]]


def done(text: str = "x") -> StepResult:
    return StepResult(outcome="done", output=ContentRef(id=text, size=1))


def never() -> StepResult:
    raise AssertionError("a finished step was done again")


class Engines:
    """Opens engines one after the other on one database, each as a process of its own would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "engine.db"
        self._open: DurableEngine | None = None

    def __call__(
        self, host: Host, executor: str = "second", *, slots: int = 0, crewai: str = ""
    ) -> DurableEngine:
        self.close()
        place, log = sqlite_place(self.folder), self.folder / "engine.log"
        packages = {"crewai": crewai} if crewai else {}
        self._open = DurableEngine(place, executor, host, log=log, packages=packages, slots=slots)
        return self._open

    def sql(self, statement: str, *values: object) -> list[Any]:
        with sqlite3.connect(self.file) as connection:
            return connection.execute(statement, values).fetchall()

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[Engines]:
    made = Engines(tmp_path)
    yield made
    made.close()


def waiting(_run: str, _argument: Any) -> dict[str, Any]:
    DbosSteps().do("1.research", lambda: done("notes"), StepResult)
    return {"how": "waiting"}


FIRST_PROCESS = """
import sys, time
from pathlib import Path
from crewctl.adapters.dbos_database import sqlite_place
from crewctl.adapters.dbos_engine import DurableEngine
from crewctl.adapters.dbos_steps import DbosSteps
from crewctl.audit.fact import ContentRef
from crewctl.running.port import StepResult

def host(run, argument):
    steps = DbosSteps()
    steps.do("1.research", lambda: StepResult(outcome="done", output=ContentRef(id="notes", size=1)), StepResult)
    print("finished the first", flush=True)
    steps.do("2.write", lambda: time.sleep(60) or StepResult(outcome="done"), StepResult)
    return {"how": "finished"}

folder = Path(sys.argv[1])
DurableEngine(sqlite_place(folder), "first", host, log=folder / "engine.log").begin("run-1", {"n": 1})
"""


def _wait_until(what: Callable[[], object]) -> None:
    give_up = time.monotonic() + 60
    while not what():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.05)


def killed_in_its_second_step(folder: Path) -> None:
    command = [sys.executable, "-c", FIRST_PROCESS, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"finished the first\n"
        time.sleep(0.2)
        os.kill(process.pid, signal.SIGKILL)


def test_a_killed_processs_run_is_taken_back_and_only_what_was_cut_off_is_done_again(
    engines: Engines,
) -> None:
    killed_in_its_second_step(engines.folder)

    def host(_run: str, argument: Any) -> dict[str, Any]:
        steps = DbosSteps()
        first = steps.do("1.research", never, StepResult)
        steps.do("2.write", done, StepResult)
        return {"how": "finished", "first": first.output.id if first.output else "", "n": argument["n"]}

    engine = engines(host)

    assert engine.executors() == ("first",)
    assert engine.take_up("run-1") is None  # the engine still thinks that somebody has it
    assert engine.take_back("first") == ("run-1",)
    assert engine.take_back("first") == ()
    assert engine.take_up("run-1") == {"how": "finished", "first": "notes", "n": 1}
    assert engine.take_up("run-1") is None


def test_no_pickle_is_read_whoever_wrote_it(engines: Engines, tmp_path: Path) -> None:
    engines(waiting).begin("run-1", {})
    engines.close()
    trace = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {trace}",)

    evil = base64.b64encode(pickle.dumps(Evil())).decode()
    for table, column in (
        ("workflow_status", "output"),
        ("workflow_input", "inputs"),
        ("operation_outputs", "output"),
    ):
        columns = {row[1] for row in engines.sql(f"PRAGMA table_info({table})")}
        tagged = ", serialization='py_pickle'" if "serialization" in columns else ""
        if column in columns:
            engines.sql(f"UPDATE {table} SET {column}=?{tagged}", evil)  # noqa: S608 - names from above
    engines.sql("UPDATE workflow_status SET serialization='py_pickle'")

    def host(_run: str, _argument: Any) -> dict[str, Any]:
        DbosSteps().do("1.research", done, StepResult)
        return {"how": "finished"}

    engine = engines(host)
    engine.known(["run-1"])
    assert engine.wake("run-1")
    with pytest.raises(Exception, match="pickle"):
        engine.take_up("run-1")
    assert not trace.exists()


def test_a_run_of_an_older_shape_goes_on_with_its_finished_steps(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines(waiting).begin("run-1", {})
    engines.close()
    engines.sql("UPDATE workflow_status SET application_version='crewctl-flow-0', status='ENQUEUED'")
    monkeypatch.setitem(dbos_versions.EARLIER, "crewctl-flow-0", {"1.research": "1.look-up"})
    engine = engines(lambda *_: {"first": DbosSteps().do("1.look-up", never, StepResult).model_dump()})

    assert engine.take_up("run-1") is None
    assert engine.adopt(lambda _: True, lambda _: True) == ("run-1",)
    assert engine.take_up("run-1") == {"first": done("notes").model_dump()}


def test_a_run_of_an_older_shape_that_a_living_process_has_is_left_to_it(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_in_its_second_step(engines.folder)
    engine = engines(waiting)
    engines.sql("UPDATE workflow_status SET application_version='crewctl-flow-0'")
    monkeypatch.setitem(dbos_versions.EARLIER, "crewctl-flow-0", {})

    assert engine.adopt(lambda executor: executor != "first", lambda _: True) == ()
    assert engine.adopt(lambda executor: executor == "first", lambda _: True) == ("run-1",)


def test_a_run_of_an_unknown_shape_is_left_to_whoever_knows_it(engines: Engines) -> None:
    engines(waiting).begin("run-1", {})
    engines.close()
    engines.sql("UPDATE workflow_status SET application_version='crewctl-flow-99'")
    engine = engines(waiting)

    assert engine.adopt(lambda _: True, lambda _: True) == ()
    with pytest.raises(EngineError, match="another shape"):
        engine.wake("run-1")


def test_a_run_goes_to_a_process_with_its_packages_only(engines: Engines) -> None:
    done_by: list[str] = []

    def host(run: str, _argument: Any) -> dict[str, Any]:
        done_by.append(run)
        return {"how": "finished"}

    engines(host, crewai="1.0").put_on_queue("run-1", {})
    other = engines(host, "third", slots=1, crewai="2.0")
    other.put_on_queue("run-2", {})
    _wait_until(lambda: not other.unfinished())
    time.sleep(1)  # looks at the queue five times
    assert done_by == ["run-2"]
    assert other.adopt(lambda _: True, lambda _: False) == ()
    its_own = engines(host, "fourth", slots=1, crewai="1.0")
    _wait_until(lambda: not its_own.unfinished())
    assert done_by == ["run-2", "run-1"]


def test_a_dead_processs_run_is_taken_back_by_anybody_for_one_with_its_packages(engines: Engines) -> None:
    killed_in_its_second_step(engines.folder)
    engines.sql("UPDATE workflow_status SET application_version='crewctl-flow-1+crewai=1.0'")

    other = engines(waiting, crewai="2.0")
    assert other.take_back("first") == ("run-1",)
    assert other.unfinished() == 0
    assert engines(waiting, crewai="1.0").unfinished() == 1
    assert engines.sql("SELECT status, application_version FROM workflow_status") == [
        ("ENQUEUED", "crewctl-flow-1+crewai=1.0")
    ]


def test_a_run_that_was_begun_before_packages_were_told_apart_goes_on_where_it_fits(engines: Engines) -> None:
    engines(waiting).put_on_queue("run-1", {})
    engine = engines(waiting, crewai="2.0")

    assert engine.adopt(lambda _: True, lambda run: run != "run-1") == ()
    assert engine.adopt(lambda _: True, lambda run: run == "run-1") == ("run-1",)
    assert engine.unfinished() == 1
    assert engine.take_up("run-1") == {"how": "waiting"}


def test_what_has_been_over_for_long_is_forgotten(engines: Engines) -> None:
    engine = engines(waiting)
    engine.begin("run-1", {})
    engine.begin("run-2", {})
    soon = datetime.now(UTC) + timedelta(hours=1)

    assert engine.ended_before(datetime.now(UTC) - timedelta(hours=1)) == ()
    assert set(engine.ended_before(soon)) == {"run-1", "run-2"}
    engine.forget(["run-1"])

    assert engine.known(["run-1", "run-2"]) == {"run-2": "SUCCESS"}
    assert engines.sql("SELECT DISTINCT workflow_uuid FROM operation_outputs") == [("run-2",)]


def test_what_a_wait_raises_leaves_nothing_behind(engines: Engines) -> None:
    def host(_run: str, _argument: Any) -> dict[str, Any]:
        with pytest.raises(Suspended):
            DbosSteps().wait("after.1", "run-1.1", lambda: None, StepResult)
        return {"how": "waiting"}

    engines(host).begin("run-1", {})

    assert engines.sql("SELECT count(*) FROM operation_outputs") == [(0,)]


def test_the_engines_database_is_nobody_elses_to_read(engines: Engines) -> None:
    engines(waiting).begin("run-1", {})

    assert engines.file.stat().st_mode & 0o777 == 0o600
    assert engines.sql("PRAGMA journal_mode") == [("wal",)]


def test_each_worker_has_as_many_slots_as_it_was_given(engines: Engines) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def host(_run: str, _argument: Any) -> dict[str, Any]:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.5)
        with lock:
            now[0] -= 1
        return {"how": "finished"}

    for slots in (2, 1, 3):
        most[0] = 0
        engine = engines(host, f"with-{slots}", slots=slots)
        for number in range(4):
            engine.put_on_queue(f"run-{slots}-{number}", {})
        _wait_until(lambda: not engine.unfinished())  # noqa: B023 - waited for at once
        assert most[0] == slots
