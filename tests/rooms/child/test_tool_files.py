"""Tool files are imported from the plan's own text, whatever else lies in the working folder."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crewctl.adapters.tool_files import is_of_tools, write_sources
from crewctl.errors import EngineError

SOURCES = {
    "tools/count.py": "from tools.deep.words import WORDS\nfrom . import letters\nCOUNT = len(WORDS)\n",
    "tools/letters.py": "from pathlib import Path\nNOTE = (Path(__file__).parent / 'note.txt').read_text()\n",
    "tools/deep/words.py": "WORDS = ('a', 'b')\n",
    "tools/note.txt": "noted\n",
}


@pytest.fixture(autouse=True)
def _as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield
    for module in [module for module in sys.modules if is_of_tools(module)]:
        del sys.modules[module]


def test_tool_files_import_each_other_and_read_what_lies_beside_them(tmp_path: Path) -> None:
    write_sources(SOURCES, tmp_path)

    module = importlib.import_module("tools.count")

    assert (module.COUNT, module.letters.NOTE) == (2, "noted\n")
    assert module.__file__ == str(tmp_path / "tools/count.py")


def test_what_is_written_over_a_tool_file_is_not_what_runs(tmp_path: Path) -> None:
    write_sources(SOURCES, tmp_path)
    (tmp_path / "tools/deep/words.py").unlink()
    (tmp_path / "tools/deep/words.py").write_text("raise SystemExit('not approved')\n")

    assert importlib.import_module("tools.deep.words").WORDS == ("a", "b")


@pytest.mark.parametrize("file", ["tools/more.py", "tools/more/__init__.py", "tools/deep/more.py", "more.py"])
def test_what_lies_beside_the_tool_files_is_never_imported(tmp_path: Path, file: str) -> None:
    write_sources(SOURCES, tmp_path)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("raise SystemExit('not approved')\n")

    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."))


def test_an_encoding_line_does_not_turn_the_text_that_was_reviewed_into_another(tmp_path: Path) -> None:
    write_sources({"tools/sly.py": "# coding: utf-7\nSAID = 'x'\n#+AAo-SAID = 'not approved'\n"}, tmp_path)

    assert importlib.import_module("tools.sly").SAID == "x"


def test_a_tool_file_cannot_be_opened_for_writing(tmp_path: Path) -> None:
    write_sources(SOURCES, tmp_path)

    assert not (tmp_path / "tools/note.txt").stat().st_mode & 0o222


@pytest.mark.parametrize("file", ["../x.py", "/x.py", "tools/../x.py", "x.py"])
def test_a_file_outside_the_folder_is_refused(tmp_path: Path, file: str) -> None:
    with pytest.raises(EngineError, match="outside tools/"):
        write_sources({file: ""}, tmp_path)
