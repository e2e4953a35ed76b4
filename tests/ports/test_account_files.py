"""Locks, logs and report files of runs, and what is done about runs whose process died."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crewctl.adapters.file_content_store import FileContentStore
from crewctl.adapters.file_locks import FileLocks
from crewctl.adapters.lost_runs import close_lost_runs
from crewctl.adapters.report_files import ReportFiles, report_path
from crewctl.adapters.run_logs import RunLogs, WatchedRunStore
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.audit.build_report import build_report
from crewctl.audit.events import RunClosed, RunStarted
from crewctl.audit.events_work import RunEnqueued
from crewctl.audit.report import RunReport
from crewctl.audit.run_state import fold_run
from crewctl.errors import StoreError
from crewctl.testing.account_samples import Teller, sample_plan
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlRunStore]:
    made = SqlRunStore(SqliteDatabase(tmp_path / ".crewctl" / "crewctl.db"))
    yield made
    made.close()


@pytest.fixture
def contents(tmp_path: Path) -> FileContentStore:
    return FileContentStore(tmp_path)


def _report(run_id: str = "r1", output: str = "a text") -> RunReport:
    store, contents = FakeRunStore(), FakeContentStore()
    Teller(store, contents, run_id).begins(sample_plan()).closes(output=output)
    return build_report(store.events_of(run_id), contents)


# The lock


def test_a_run_lives_while_its_lock_is_held(tmp_path: Path) -> None:
    with FileLocks(tmp_path).hold("run:r1"):
        assert FileLocks(tmp_path).is_held("run:r1")
    assert not FileLocks(tmp_path).is_held("run:r1")


def test_a_run_that_never_had_a_lock_is_dead_and_looking_leaves_nothing(tmp_path: Path) -> None:
    assert not FileLocks(tmp_path).is_held("run:r1")
    assert list(tmp_path.iterdir()) == []


def test_only_one_can_work_on_a_run(tmp_path: Path) -> None:
    with FileLocks(tmp_path).hold("run:r1"):
        assert not FileLocks(tmp_path).acquire("run:r1", patience=0.02)
        with FileLocks(tmp_path).hold("run:r2"):
            assert FileLocks(tmp_path).is_held("run:r2")


def test_those_who_look_do_not_take_each_other_for_the_run(tmp_path: Path) -> None:
    with FileLocks(tmp_path).hold("run:r1"):
        pass
    seen: list[bool] = []

    def look() -> None:
        seen.extend(FileLocks(tmp_path).is_held("run:r1") for _ in range(50))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [False] * 200


HOLDER = textwrap.dedent("""
    import subprocess, sys, time
    from pathlib import Path
    from crewctl.adapters.file_locks import FileLocks
    held = FileLocks(Path(sys.argv[1])).acquire("run:r1")
    heir = subprocess.Popen(["sleep", "30"])
    print(heir.pid, flush=True)
    time.sleep(30)
""")


def test_a_killed_holder_is_dead_even_if_its_child_lives_on(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    heir = int(holder.stdout.readline())
    try:
        assert FileLocks(tmp_path).is_held("run:r1")
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=10)
        os.kill(heir, 0)
        assert not FileLocks(tmp_path).is_held("run:r1")
    finally:
        os.kill(heir, signal.SIGKILL)
        holder.stdout.close()


# Report files


def test_a_report_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    path = ReportFiles(tmp_path).write(_report())

    assert path == "registry/reports/brief/r1.json" == report_path("brief", "r1")
    assert json.loads((tmp_path / path).read_text())["run_id"] == "r1"
    assert stat.S_IMODE((tmp_path / path).stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / path).parent.iterdir()] == ["r1.json"]
    assert ReportFiles(tmp_path).has("brief", "r1")
    assert not ReportFiles(tmp_path).has("brief", "r2")


def test_the_same_report_may_be_written_again_but_never_over_another(tmp_path: Path) -> None:
    files = ReportFiles(tmp_path)
    path = tmp_path / files.write(_report())
    before = path.read_bytes()

    assert files.write(_report()) == "registry/reports/brief/r1.json"
    with pytest.raises(StoreError, match=r"brief/r1\.json holds another report"):
        files.write(_report(output="another text"))
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 1


def test_a_report_takes_the_place_of_one_that_it_follows_and_of_no_other(tmp_path: Path) -> None:
    files = ReportFiles(tmp_path)
    path = tmp_path / files.write(_report())
    later = _report(output="what people chose")

    with pytest.raises(StoreError, match=r"brief/r1\.json holds another report"):
        files.write(later, instead_of=(_report(output="yet another"),))
    files.write(later, instead_of=(_report(output="yet another"), _report()))

    assert json.loads(path.read_text())["output"] == "what people chose"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["r1.json"]


@pytest.mark.parametrize("linked", ["registry/reports", "registry/reports/brief"])
def test_a_link_on_the_way_to_a_report_is_not_followed(tmp_path: Path, linked: str) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    outside.mkdir()
    (project / linked).parent.mkdir(parents=True)
    (project / linked).symlink_to(outside)

    with pytest.raises(StoreError, match="it is a link or a file"):
        ReportFiles(project).write(_report())
    assert list(outside.iterdir()) == []


def test_a_link_in_place_of_a_report_is_not_written_through(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    place = tmp_path / report_path("brief", "r1")
    place.parent.mkdir(parents=True)
    place.symlink_to(target)

    with pytest.raises(StoreError):
        ReportFiles(tmp_path).write(_report())
    assert target.read_text() == "precious"


# Logs


def test_every_event_is_a_line_of_the_runs_log_and_hidden_characters_are_spelled_out(tmp_path: Path) -> None:
    logs = RunLogs(tmp_path)
    store = WatchedRunStore(FakeRunStore(), logs.write)
    Teller(store, FakeContentStore()).begins(sample_plan()).closes("failed", 1, error="bad\x1b[2J\nnews")

    log = tmp_path / ".crewctl" / "runs" / "r1" / "run.log"
    lines = log.read_text().splitlines()
    logs.close()

    assert len(lines) == len(store.events_of("r1"))
    assert (
        lines[0]
        == "2026-03-02T09:00:00.000Z    1 KickoffRequested kickoff of brief by ada on desk (process 7)"
    )
    assert lines[-1] == r"2026-03-02T09:00:05.000Z    6 RunClosed failed (exit 1): bad\x1b[2J\nnews"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    logs = RunLogs(tmp_path / "absent")
    store = WatchedRunStore(FakeRunStore(), logs.write)

    assert store.append("r1", RunStarted()).seq == 1
    assert store.run_ids() == store.open_run_ids() == ("r1",)


def test_watchers_hear_events_in_their_order_from_any_thread() -> None:
    heard: list[int] = []
    store = WatchedRunStore(FakeRunStore(), lambda record: heard.append(record.seq))
    threads = [
        threading.Thread(target=lambda: [store.append("r1", RunStarted()) for _ in range(30)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert heard == list(range(1, 121))


# Lost runs


def test_a_run_whose_process_died_is_closed_as_lost_with_a_report(
    tmp_path: Path, store: SqlRunStore, contents: FileContentStore
) -> None:
    teller = Teller(store, contents).begins(sample_plan()).starts("1.research", "researcher")
    teller.ends("1.research", "notes").starts("2.write", "writer")
    teller.asks("2.write", "writer")

    assert close_lost_runs(tmp_path, store, contents, FileLocks(tmp_path)) == ("r1",)

    closing = store.events_of("r1")[-1].event
    assert isinstance(closing, RunClosed)
    assert (closing.outcome, closing.exit_code) == ("lost", 1)
    assert closing.error == "the process that worked on the run died during 2.write; finished: 1.research"
    report = json.loads((tmp_path / report_path("brief", "r1")).read_text())
    assert report["outcome"] == "lost"
    assert report["tasks"][0]["output"] == "notes"
    assert report["bill"]["total"]["unsettled_turns"] == 1
    assert close_lost_runs(tmp_path, store, contents, FileLocks(tmp_path)) == ()


def test_a_living_run_is_left_alone(tmp_path: Path, store: SqlRunStore, contents: FileContentStore) -> None:
    Teller(store, contents).begins(sample_plan())

    with FileLocks(tmp_path).hold("run:r1"):
        assert close_lost_runs(tmp_path, store, contents, FileLocks(tmp_path)) == ()
    assert store.open_run_ids() == ("r1",)


def test_a_run_that_a_worker_can_take_up_again_is_not_closed_by_looking(
    tmp_path: Path, store: SqlRunStore, contents: FileContentStore
) -> None:
    for run in ("r1", "r2", "r3"):
        Teller(store, contents, run).begins(sample_plan())
    store.take("r1", "w1")
    store.append("r2", RunEnqueued())

    assert close_lost_runs(tmp_path, store, contents, FileLocks(tmp_path)) == ("r3",)

    assert store.open_run_ids() == ("r1", "r2")
    assert fold_run(store.events_of("r1"), alive=False).status == "lost"
    assert fold_run(store.events_of("r2"), alive=False).status == "queued"


def test_two_commands_at_once_record_a_loss_once(
    tmp_path: Path, store: SqlRunStore, contents: FileContentStore
) -> None:
    runs = [f"r{number}" for number in range(12)]
    for run in runs:
        Teller(store, contents, run).begins(sample_plan())
    closed: list[str] = []
    start = threading.Barrier(4)

    def close() -> None:
        own = SqlRunStore(SqliteDatabase(tmp_path / ".crewctl" / "crewctl.db"))
        start.wait()
        closed.extend(close_lost_runs(tmp_path, own, contents, FileLocks(tmp_path)))
        own.close()

    threads = [threading.Thread(target=close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(closed) == sorted(runs)
    for run in runs:
        assert sum(isinstance(record.event, RunClosed) for record in store.events_of(run)) == 1


def test_a_command_that_looks_while_a_loss_is_being_recorded_does_not_call_the_run_alive(
    tmp_path: Path,
) -> None:
    with FileLocks(tmp_path).hold("run:r1"):
        pass

    with FileLocks(tmp_path).kept_free("run:r1") as dead:
        assert dead
        assert not FileLocks(tmp_path).is_held("run:r1")
        assert not FileLocks(tmp_path).acquire("run:r1", patience=0.02)


def test_a_rehearsal_and_a_run_that_never_started_leave_no_report(
    tmp_path: Path, store: SqlRunStore, contents: FileContentStore
) -> None:
    Teller(store, contents, "r1").begins(sample_plan(), rehearsal=True)
    store.append("r2", store.events_of("r1")[0].event)

    assert close_lost_runs(tmp_path, store, contents, FileLocks(tmp_path)) == ("r1", "r2")
    assert not (tmp_path / "registry").exists()
