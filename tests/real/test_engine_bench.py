"""The benchmark of the engine says what each of its figures means, and what it is held against."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.real

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCH))
    names = ("engine", "engine_worker", "interleaved")
    yield __import__("engine")
    for name in names:
        sys.modules.pop(name, None)


def test_every_column_is_printed_with_its_meaning(
    engine: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    engine._print("A title", [("SQLite", "185 ms")], ("database", "a run"))

    printed = capsys.readouterr().out
    assert f"  a run: {engine.MEANING['a run']}\n" in printed


def test_a_column_without_a_meaning_is_not_printed(
    engine: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyError, match="a mystery"):
        engine._print("A title", [("7",)], ("a mystery",))

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--help"], 0, "--waiting N  runs that wait for people (default: 1,000)"),
        (["--runs", "0"], 2, "'0' is no number of at least 1"),
        (["--quick", "--runs", "3"], 2, "give it alone, or the numbers"),
    ],
)
def test_its_options_explain_themselves(words: list[str], code: int, said: str) -> None:
    command = [sys.executable, str(BENCH / "engine.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr


def test_it_does_runs_over_the_engine_and_in_memory(
    engine: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what it rests on cannot change without it."""
    monkeypatch.setattr(engine, "HERE", 1)
    times: dict[str, list[float]] = {"steps in memory": [], "durable engine": []}
    with engine._project(None) as project:
        engine._alone(project, times)

    assert all(len(each) == 1 and each[0] > 0 for each in times.values())


def test_its_workers_empty_a_queue(engine: ModuleType) -> None:
    with engine._project(None) as project, engine._workers(project, 1):
        assert engine._throughput(project, 2) > 0
