"""A worker listens to signals for as long as it serves, and no longer."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from crewctl.cli.serving import serve
from crewctl.wiring import Project


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_a_worker_leave_and_what_it_meant_before_holds_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    project = Project(tmp_path)
    left: list[bool] = []

    def work(_slots: int, _tell: Any, must_leave: Any, **_: Any) -> None:
        left.append(must_leave())
        os.kill(os.getpid(), number)
        left.append(must_leave())

    monkeypatch.setattr(project, "work", work)
    assert serve(project, 1, until_idle=False) == 0
    assert left == [False, True]
    assert signal.getsignal(number) is before
