"""What is read of a folder of ours is a file, or refused: it waits for nobody, and follows nothing out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from crewctl.adapters.private_folder import bytes_in, opened_folder
from crewctl.errors import StoreError


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0" * 300_000)
    with opened_folder(tmp_path) as folder:
        assert bytes_in(folder, "a") == b"\0" * 300_000
        with pytest.raises(FileNotFoundError):
            bytes_in(folder, "b")


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, lambda path: path.symlink_to("/etc/passwd"), Path.mkdir],
    ids=["pipe", "link", "folder"],
)
def test_anything_else_is_refused_at_once_and_named(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a")
    with opened_folder(tmp_path) as folder, pytest.raises(StoreError, match=f"{tmp_path}/a is not a file"):
        bytes_in(folder, "a")
