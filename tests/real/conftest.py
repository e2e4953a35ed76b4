"""What tests over real CrewAI share: a model server, a warm zygote, and CrewAI in a Python apart or in this one."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.zygote_environment import zygote_environment
from crewctl.testing.fake_parent import FakeParent
from crewctl.testing.model_server import ModelServer


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as open_server:
        yield open_server


@pytest.fixture(scope="session")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeParent]:
    with FakeParent(tmp_path_factory.mktemp("parent")) as open_parent:
        yield open_parent


@pytest.fixture(scope="session")
def found_by() -> Callable[..., Any]:
    """Run a script of this folder in a Python apart; return the JSON that it wrote to its descriptor."""

    def run(folder: Path, script: str, *words: str, said: str | None = None) -> Any:
        result = folder / "found.json"
        with result.open("wb") as file:
            # CrewAI prints, so what was found comes back over a descriptor of its own.
            done = subprocess.run(
                [sys.executable, "-I", str(Path(__file__).with_name(script)), str(file.fileno()), *words],
                input=said,
                pass_fds=[file.fileno()],
                env=zygote_environment({}, folder),
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
                cwd=folder,
            )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(result.read_bytes())

    return run


@pytest.fixture(scope="module")
def crewai_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have CrewAI in this very process, with folders away from the developer's."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zygote_environment({}, tmp_path_factory.mktemp("home")).items():
            patch.setenv(name, value)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # importing CrewAI warns, which is not ours to mend
            importlib.import_module("crewai")
        yield
