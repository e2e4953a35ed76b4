from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.cli.session import Session
from crewctl.errors import CrewctlError, EngineError, InvalidError, NotApprovedError

Call = Callable[..., Any]


def _failing(error: BaseException) -> Session:
    def opener(_: Path | None) -> None:
        raise error

    return Session(opener=opener)


def test_an_error_is_one_message_with_its_next_step_and_its_exit_code(call: Call) -> None:
    done = call("list", session=_failing(NotApprovedError("no", help="ask first")))

    assert (done.code, done.out, done.err) == (4, "", "error: no\nhelp: ask first\n")


def test_an_error_without_a_next_step_is_one_line(call: Call) -> None:
    assert call("list", session=_failing(EngineError("it broke"))).err == "error: it broke\n"


def test_a_bug_is_one_line_with_the_path_of_a_log_and_never_a_traceback(call: Call, project: Path) -> None:
    done = call("list", cwd=project, session=_failing(ZeroDivisionError("by \x1b[31mnought")))

    assert (done.code, done.out) == (70, "")
    assert len(done.err.splitlines()) == 1
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err
    log = Path(done.err.rpartition(" ")[2].strip())
    assert log.parent == project / ".crewctl" / "logs"
    assert "ZeroDivisionError" in log.read_text()
    assert "crewctl" in log.read_text()


def test_a_bugs_log_goes_to_the_temporary_folder_outside_a_project(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    done = call("list", session=_failing(ZeroDivisionError("x")))

    assert list(tmp_path.glob("bug-*.log"))
    assert str(tmp_path) in done.err


def test_a_bugs_log_holds_no_argument_because_inputs_may_be_secret(spawn: Call, project: Path) -> None:
    code = (
        "import sys\nfrom crewctl.cli.main import run\nfrom crewctl.cli.session import Session\n"
        "def opener(_): raise RuntimeError('x')\n"
        "sys.exit(run(sys.argv[1:], Session(opener=opener)))"
    )
    done = spawn("plan", "c", "-i", "token=hunter2", code=code, cwd=project)

    assert done.code == 70
    log = next((project / ".crewctl" / "logs").glob("bug-*.log")).read_text()
    assert "command  plan" in log
    assert "hunter2" not in log


@pytest.mark.parametrize("error", [KeyboardInterrupt()])
def test_an_interruption_ends_with_130(call: Call, error: BaseException) -> None:
    done = call("list", session=_failing(error))

    assert done.code == 130
    assert "interrupted" in done.err


def test_a_file_that_cannot_be_written_is_said_with_its_name_and_is_no_bug(call: Call) -> None:
    done = call("list", session=_failing(PermissionError(13, "Permission denied", "some/file")))

    assert done.code == 1
    assert "some/file: Permission denied" in done.err


def test_what_an_error_says_cannot_drive_the_terminal(call: Call) -> None:
    done = call("list", session=_failing(CrewctlError("\x1b]0;owned\x07", help="\x1b[2J")))

    assert "\x1b" not in done.err
    assert "\\x1b]0;owned\\x07" in done.err


def test_an_error_repeats_no_password_of_an_address(call: Call) -> None:
    wrong = "asked at https://ada:hunter2-and-3@llm.example.eu/v1"
    done = call("list", session=_failing(CrewctlError(wrong, help="not ada:hunter2-and-3@host")))

    assert "hunter2" not in done.err
    assert "@llm.example.eu/v1" in done.err


def test_output_that_nobody_can_take_ends_quietly_with_141(project: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "crewctl", "list"],
        cwd=project,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (141, "")


def test_words_that_are_no_text_are_answered_like_any_other_slip() -> None:
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"crewctl", b"\xff\xfe"],
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert b"there is no command" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_terminal_that_lacks_a_letter_gets_its_number(spawn: Call) -> None:
    done = spawn("explain", "4", PYTHONIOENCODING="latin-1")

    assert done.code == 0
    assert "\\u2026" in done.out


def test_a_failure_while_a_failure_is_shown_is_a_bug_with_both_in_its_log(call: Call, project: Path) -> None:
    class UnreadableError(InvalidError):
        @property
        def problems(self) -> tuple[object, ...]:
            raise ZeroDivisionError("second")

    done = call("list", cwd=project, session=_failing(UnreadableError("first")))

    assert done.code == 70
    log = next((project / ".crewctl" / "logs").glob("bug-*.log")).read_text()
    assert "first" in log
    assert "second" in log
