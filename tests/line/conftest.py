"""The command line as a user has it: real processes, and a faster way in the same process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from crewctl.cli.fresh_project import TEMPLATE
from crewctl.cli.main import run
from crewctl.cli.session import Session

CREWCTL = [sys.executable, "-m", "crewctl"]


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str


Call = Callable[..., Done]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as the template has it."""
    return Path(shutil.copytree(TEMPLATE, tmp_path / "project"))


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Run a command in this process."""

    def made(*words: str, cwd: Path | None = None, session: Session | None = None) -> Done:
        monkeypatch.chdir(cwd or tmp_path)
        capsys.readouterr()
        code = run(words, session)
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return made


@pytest.fixture
def spawn(tmp_path: Path) -> Call:
    """Run a command as a process of its own."""

    def made(*words: str, cwd: Path | None = None, code: str | None = None, **environ: str) -> Done:
        start = CREWCTL if code is None else [sys.executable, "-c", code]
        done = subprocess.run(
            [*start, *words],
            cwd=cwd or tmp_path,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return made
