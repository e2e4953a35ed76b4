"""Files that are dropped: each is one worker's, read only when it is whole, and nothing hostile is followed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crewctl.adapters import os_identity
from crewctl.adapters import spool as module
from crewctl.adapters.os_identity import user_name
from crewctl.adapters.spool import LARGEST, LEFT, Spool
from crewctl.errors import StoreError
from crewctl.running.starts import Dropped

OLD = time.time() - 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / ".crewctl" / "spool" / "brief"
    made.mkdir(parents=True)
    return made


def drop(folder: Path, name: str, content: bytes = b"{}") -> Path:
    """Put a file there as another program does: written elsewhere, and renamed in."""
    elsewhere = folder.parent.parent / "being-written"
    elsewhere.write_bytes(content)
    os.utime(elsewhere, (OLD, OLD))
    return elsewhere.rename(folder / name)


def taken(root: Path) -> list[Dropped]:
    return list(Spool(root).take("brief"))


def test_a_file_is_taken_once_and_laid_aside(tmp_path: Path, folder: Path) -> None:
    drop(folder, "order-1.json", b'{"company": "Acme"}')
    spool = Spool(tmp_path)

    (dropped,) = spool.take("brief")
    assert (dropped.name, dropped.content, dropped.problem) == ("order-1.json", b'{"company": "Acme"}', "")
    assert list(spool.take("brief")) == []
    spool.done(dropped)

    assert [path.name for path in (folder / "done").iterdir()] == [dropped.taken_as]
    assert list((folder / "taken").iterdir()) == []


def test_one_that_failed_has_its_problem_beside_it_safe_for_a_terminal(tmp_path: Path, folder: Path) -> None:
    drop(folder, "x.json")
    spool = Spool(tmp_path)
    (dropped,) = spool.take("brief")

    spool.failed(dropped, "no such input \x1b[31m")

    assert {path.name for path in (folder / "failed").iterdir()} == {
        dropped.taken_as,
        f"{dropped.taken_as}.problem.txt",
    }
    assert (folder / "failed" / f"{dropped.taken_as}.problem.txt").read_text() == "no such input \\x1b[31m\n"


def test_the_same_file_dropped_again_is_another(tmp_path: Path, folder: Path) -> None:
    tokens = set()
    for _ in range(3):
        drop(folder, "x.json")
        tokens.add(taken(tmp_path)[0].token)

    assert len(tokens) == 3


def test_a_file_that_is_still_written_is_left_alone(tmp_path: Path, folder: Path) -> None:
    path = folder / "x.json"
    with path.open("wb") as writer:
        writer.write(b'{"company": "Ac')
        writer.flush()
        assert taken(tmp_path) == []  # just written
        os.utime(path, (OLD, OLD))
        assert taken(tmp_path) == []  # open to write, however old
        writer.write(b'me"}')
    os.utime(path, (OLD, OLD))

    assert [dropped.content for dropped in taken(tmp_path)] == [b'{"company": "Acme"}']


def test_a_folder_that_was_seen_empty_is_looked_into_again_when_something_comes(
    tmp_path: Path, folder: Path
) -> None:
    spool = Spool(tmp_path)
    os.utime(folder, (OLD, OLD))
    assert list(spool.take("brief")) == []
    assert list(spool.take("brief")) == []
    drop(folder, "x.json")
    assert [dropped.name for dropped in spool.take("brief")] == ["x.json"]
    drop(folder, "y.json")
    assert [dropped.name for dropped in spool.take("brief")] == ["y.json"]


def test_half_names_and_folders_are_left_alone(tmp_path: Path, folder: Path) -> None:
    for name in (".hidden.json", "x.json.tmp", "x.part", "x.json~"):
        drop(folder, name)
    (folder / "sub.json").mkdir()

    assert taken(tmp_path) == []
    assert len(list(folder.iterdir())) == 5


def test_links_pipes_and_giants_are_refused_unread(tmp_path: Path, folder: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("never to be read")
    (folder / "link.json").symlink_to(secret)
    os.mkfifo(folder / "pipe.json")
    drop(folder, "giant.json", b"x" * (LARGEST + 1))

    said = {dropped.name: (dropped.content, dropped.problem) for dropped in taken(tmp_path)}

    assert said["link.json"] == (b"", "link.json is a link")
    assert said["pipe.json"] == (b"", "pipe.json is no plain file")
    assert said["giant.json"] == (b"", "giant.json has 1,000,001 bytes, and at most 1,000,000 are read")
    assert secret.read_text() == "never to be read"


@pytest.mark.parametrize(
    "name", ["no-ending", "a b.json", "\x1b[2J.json", "-rf.json", "ü.json", "x" * 101 + ".json", "a\nb.json"]
)
def test_a_hostile_name_is_refused_and_goes_no_further(tmp_path: Path, folder: Path, name: str) -> None:
    drop(folder, name)
    spool = Spool(tmp_path)

    (dropped,) = spool.take("brief")
    spool.failed(dropped, dropped.problem)

    assert dropped.name == "unnamed"
    assert "is no name for a file here" in dropped.problem
    assert sorted(path.name for path in (folder / "failed").iterdir()) == [
        f"{dropped.token}-unnamed",
        f"{dropped.token}-unnamed.problem.txt",
    ]


def test_folders_that_are_no_crews_are_passed_over(tmp_path: Path, folder: Path) -> None:
    for name in ("..json", "Brief", "a b", ".git"):
        (folder.parent / name).mkdir()

    assert Spool(tmp_path).crews() == ["brief"]


def test_without_a_spool_there_is_nothing_and_nothing_is_made(tmp_path: Path) -> None:
    assert Spool(tmp_path).crews() == []
    assert list(Spool(tmp_path).take("brief")) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("which", ["spool", "crew", "taken"])
def test_a_folder_that_is_a_link_is_refused(tmp_path: Path, folder: Path, which: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = {"spool": folder.parent, "crew": folder, "taken": folder / "taken"}[which]
    if which != "taken":
        place.rename(tmp_path / "away")
    else:
        drop(folder, "x.json")
    place.symlink_to(elsewhere)

    with pytest.raises(StoreError):
        taken(tmp_path)
    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_everybody_may_write_to_is_refused(tmp_path: Path, folder: Path) -> None:
    drop(folder, "x.json")
    folder.chmod(0o777)

    with pytest.raises(StoreError, match="every user"):
        taken(tmp_path)
    assert (folder / "x.json").exists()


def test_what_a_worker_left_is_found_after_a_while_with_its_token(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, "x.json", b'{"a": 1}')
    drop(folder, "bad name.json")
    spool = Spool(tmp_path)
    before = {dropped.token: dropped for dropped in spool.take("brief")}
    assert list(spool.left("brief")) == []
    now = time.time() + LEFT + 1
    monkeypatch.setattr(module.time, "time", lambda: now)

    after = {dropped.token: dropped for dropped in spool.left("brief")}

    assert after.keys() == before.keys()
    assert {each.content for each in after.values()} == {b""}  # there may be many that are held back
    whole = [spool.read(each) for each in after.values()]
    assert [each.content for each in whole if not each.problem] == [b'{"a": 1}']
    assert {each.by for each in whole if not each.problem} == {user_name()}
    for dropped in after.values():
        spool.done(dropped)
        spool.done(dropped)  # somebody was faster
    assert list(spool.left("brief")) == []
    gone = next(each for each in whole if not each.problem)
    assert spool.read(gone).problem == "x.json cannot be read: No such file or directory"


def test_a_file_says_whose_it_is(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(folder, "x.json")
    assert [dropped.by for dropped in taken(tmp_path)] == [user_name()]

    def nobody(_: int) -> None:
        raise KeyError

    drop(folder, "y.json")
    monkeypatch.setattr(os_identity.pwd, "getpwuid", nobody)
    assert [dropped.by for dropped in taken(tmp_path)] == [f"uid {os.getuid()}"]


TAKE = """
import sys
from pathlib import Path
from crewctl.adapters.spool import Spool
spool = Spool(Path(sys.argv[1]))
for _ in range(40):
    for dropped in spool.take("brief"):
        print(dropped.name)
        spool.done(dropped)
"""


def test_processes_that_take_at_once_share_the_files_without_a_double(tmp_path: Path, folder: Path) -> None:
    for number in range(120):
        drop(folder, f"{number}.json")
    workers = [
        subprocess.Popen([sys.executable, "-c", TAKE, tmp_path], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    names = [name for worker in workers for name in worker.communicate(timeout=60)[0].split()]

    assert sorted(names) == sorted(f"{number}.json" for number in range(120))
    assert len(list((folder / "done").iterdir())) == 120
