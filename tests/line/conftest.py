"""The command line as a user has it: real processes, and a faster way in the same process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from crewctl.adapters.file_content_store import FileContentStore
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.cli.fresh_project import TEMPLATE
from crewctl.cli.main import run
from crewctl.cli.session import Session
from crewctl.judging.verdict import Verdict
from crewctl.testing.sample_verdicts import WRITERS, tell_market

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
def root(tmp_path: Path) -> Path:
    """A project without anything in it."""
    (tmp_path / "crews").mkdir()
    (tmp_path / "config").mkdir()
    return tmp_path


@pytest.fixture
def store(root: Path) -> Iterator[SqlRunStore]:
    """The accounts of the empty project."""
    made = SqlRunStore(SqliteDatabase(root / ".crewctl" / "crewctl.db"))
    yield made
    made.close()


@pytest.fixture
def tell(root: Path, store: SqlRunStore) -> Callable[..., None]:
    """Tell markets that came to these verdicts as runs of the empty project."""

    def told(verdict: Verdict | None, drafts: Mapping[str, str | None] = WRITERS) -> None:
        tell_market(store, FileContentStore(root), verdict, drafts)

    return told


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
