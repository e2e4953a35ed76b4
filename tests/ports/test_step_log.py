"""What a step prints is kept without secrets and within bounds, and never stops the step."""

from __future__ import annotations

from pathlib import Path

from crewctl.adapters.step_log import LAST, StepLog
from crewctl.audit.redaction import Redaction

KEY = "sk-hush-hush-hush"


def kept(tmp_path: Path, *printed: bytes, largest: int = 1_000) -> tuple[str, StepLog]:
    file = tmp_path / "log.txt"
    with StepLog(file, Redaction([KEY]), largest=largest) as log:
        for part in printed:
            log.take(part)
    return file.read_text(), log


def test_a_key_that_comes_in_two_pieces_is_taken_out(tmp_path: Path) -> None:
    text, log = kept(tmp_path, b"the key is sk-hu", b"sh-hush-hush, I think\n")
    assert text == "the key is [redacted], I think\n"
    assert log.last(1) == "the key is [redacted], I think"


def test_the_beginning_and_the_end_of_too_much_are_kept(tmp_path: Path) -> None:
    text, log = kept(tmp_path, b"a" * 600, b"b" * 600, b"c" * (LAST + 300), b"\nthe end")
    head, note, tail = text.partition("\n[crewctl left out 508 bytes here]\n")
    assert head == "a" * 600 + "b" * 400
    assert note
    assert len(tail) == LAST
    assert tail.endswith("c\nthe end")
    assert log.last(1) == "the end"


def test_a_little_too_much_is_kept_whole(tmp_path: Path) -> None:
    text, _ = kept(tmp_path, b"a" * 600, b"b" * 600)
    assert text == "a" * 600 + "b" * 600


def test_only_the_owner_may_read_it_and_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    kept(tmp_path, b"mine")
    assert (tmp_path / "log.txt").stat().st_mode & 0o777 == 0o600
    assert kept(tmp_path, b"another's")[0] == "mine"


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    with StepLog(tmp_path / "absent" / "log.txt", Redaction()) as log:
        log.take(b"said all the same\n")
        log.close()
    assert log.last(1) == "said all the same"
