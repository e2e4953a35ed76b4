"""What a tool's file costs to be read, whatever stands in it, and that ordinary long files are followed whole."""

from __future__ import annotations

import time

import pytest

from crewctl.catalogue.tool_bindings import Is
from crewctl.catalogue.tool_code import ToolCode, ToolFiles

IMPORT = b"from crewai.tools import tool\n"
TOOL = b'@tool\ndef it(text: str) -> str:\n    """Say it."""\n    return text\n'
LARGE = 280_000
SECONDS = 15
"""Of the processor's time. The largest takes one; it took from 6 to some hundreds."""


def _lines(line: str) -> bytes:
    """Return lines that are numbered, as many as make a large file."""
    times = LARGE // len(line.format(10_000, 10_000))
    return "".join(line.format(n, n + 1) for n in range(times)).encode()


HOSTILE = {
    "each function calls the next": _lines("def f{1}(): f{0}()\nx{0} = f{1}()\n"),
    "a long value that many names get": b"a=" * 50_000 + b"f(" + b"b," * 50_000 + b")\n",
    "many imports and unknown decorators": _lines("import m{0}\n@q\ndef f{0}(): 0\n"),
    "a long decorator that is used often": b"def d(): "
    + b"b;" * 50_000
    + b"\n"
    + _lines("@d\ndef f{0}(): 0\n"),
    "all of another file, often": b"from tools.beside import *\n" * 2_000,
}


def _read(content: bytes) -> ToolCode:
    code = ToolFiles({"tools/it.py": IMPORT + content, "tools/beside.py": _lines("x{0} = 1\n")}).code(
        "tools/it.py"
    )
    assert code is not None
    return code


@pytest.mark.parametrize("case", HOSTILE)
def test_a_file_made_to_take_long_is_read_soon(case: str) -> None:
    before = time.process_time()

    _read(HOSTILE[case])

    assert time.process_time() - before < SECONDS


def test_a_file_that_is_not_followed_to_its_end_is_no_file_without_a_tool() -> None:
    assert _read(HOSTILE["each function calls the next"] + TOOL).open_ended == "it is too long to be followed"


def test_a_long_file_that_somebody_might_write_is_followed_whole() -> None:
    code = _read(
        _lines("def f{0}(text):\n    return text.strip().lower()\nX{0} = f{0}('a')\n")[:100_000].rpartition(
            b"def"
        )[0]
        + TOOL
    )

    assert (code.bound["it"].is_tool, code.open_ended) == (Is.YES, "")
