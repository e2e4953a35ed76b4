"""A run that is only just being begun is not lost: a look at it closes nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crewctl.adapters.asking_process import LONGEST, is_about_to_begin
from crewctl.audit.events import KickoffRequested, RunClosed
from crewctl.audit.events_work import RunEnqueued, RunTaken
from crewctl.testing.fake_store import FakeRunStore
from crewctl.wiring.attended import is_attended
from crewctl.wiring.project import Project

HERE = socket.gethostname()


def asked(pid: int, host: str = HERE) -> KickoffRequested:
    """Return a request by a process."""
    return KickoffRequested(crew="brief", by="ada", host=host, pid=pid)


@pytest.fixture
def ended_pid() -> int:
    """The id of a process that is over."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait(timeout=30)
    return done.pid


def test_only_a_living_asker_on_this_machine_is_about_to_begin(ended_pid: int) -> None:
    store = FakeRunStore(lambda: datetime.now(UTC))
    assert not is_about_to_begin(store.events_of("none"))
    for run_id, request in (
        ("lives", asked(os.getpid())),
        ("ended", asked(ended_pid)),
        ("elsewhere", asked(os.getpid(), "another-machine")),
    ):
        store.append(run_id, request)
        assert is_about_to_begin(store.events_of(run_id)) is (run_id == "lives")


def test_an_asker_that_has_given_it_up_does_not_keep_it_for_ever() -> None:
    store = FakeRunStore(lambda: datetime.now(UTC) - LONGEST)
    store.append("r", asked(os.getpid()))
    assert not is_about_to_begin(store.events_of("r"))


@pytest.mark.parametrize("begun", [RunEnqueued(), RunTaken(executor="w", host=HERE, pid=1, epoch=1)])
def test_once_it_was_begun_its_asker_does_not_matter_any_more(begun: RunEnqueued | RunTaken) -> None:
    store = FakeRunStore(lambda: datetime.now(UTC))
    store.append("r", asked(os.getpid()))
    store.append("r", begun)
    assert not is_about_to_begin(store.events_of("r"))


def test_looking_does_not_close_a_run_whose_asker_is_about_to_begin_it(
    tmp_path: Path, ended_pid: int
) -> None:
    project = Project(tmp_path)
    project.store.append("begins", asked(os.getpid()))
    project.store.append("lost", asked(ended_pid))
    assert project.close_lost_runs() == ("lost",)
    assert is_attended(project, "begins")
    assert not any(isinstance(record.event, RunClosed) for record in project.store.events_of("begins"))
