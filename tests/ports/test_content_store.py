"""One contract for every content store, and what the one in files promises on top."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from crewctl.adapters.file_content_store import FileContentStore
from crewctl.adapters.sql_content_store import SqlContentStore
from crewctl.audit.fact import ContentRef
from crewctl.audit.port import ContentStore
from crewctl.errors import NotFoundError, StoreError
from crewctl.testing.fake_store import FakeContentStore

if TYPE_CHECKING:
    from conftest import Places

Store = FakeContentStore | FileContentStore | SqlContentStore


@pytest.fixture(params=["fake", "files", "postgres"])
def contents(request: pytest.FixtureRequest, places: Places, tmp_path: Path) -> Store:
    if request.param == "fake":
        return FakeContentStore()
    return (
        FileContentStore(tmp_path)
        if request.param == "files"
        else SqlContentStore(places("postgres").database())
    )


@pytest.fixture(params=["files", "postgres"])
def real(request: pytest.FixtureRequest, places: Places, tmp_path: Path) -> Callable[..., Store]:
    """Give a function that makes a store as its keywords say."""
    if request.param == "files":
        return lambda **options: FileContentStore(tmp_path, **options)
    return lambda **options: SqlContentStore(places("postgres").database(), **options)


@pytest.mark.parametrize("content", [b"", b"a draft", "żółw 🐢\r\n".encode(), bytes(range(256))])
def test_content_comes_back_byte_for_byte(contents: ContentStore, content: bytes) -> None:
    ref = contents.put("r1", content)

    assert contents.get(ref) == content
    assert ref.size == len(content)


def test_equal_contents_have_different_ids(contents: ContentStore) -> None:
    assert contents.put("r1", b"same").id != contents.put("r1", b"same").id


def test_an_unknown_reference_is_not_found(contents: ContentStore) -> None:
    with pytest.raises(NotFoundError, match="erased or was never kept"):
        contents.get(ContentRef(id="r1/" + "f" * 32, size=3))


def test_erasing_a_run_leaves_the_others(contents: Store) -> None:
    gone, stays = contents.put("r1", b"gone"), contents.put("r2", b"stays")
    contents.put("r1", b"gone too")

    assert contents.erase("r1") == 2
    with pytest.raises(NotFoundError):
        contents.get(gone)
    assert contents.get(stays) == b"stays"
    assert contents.erase("r1") == 0


# What follows holds for the files.


def test_only_the_owner_may_read_content(tmp_path: Path) -> None:
    ref = FileContentStore(tmp_path).put("r1", b"private")

    file = tmp_path / ".crewctl" / "content" / ref.id
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in list(file.parents)[:3]} == {0o700}


def test_content_that_is_too_long_says_how_much_was_kept(real: Callable[..., Store]) -> None:
    contents = real(largest=5)

    ref = contents.put("r1", "żółw and more".encode())

    assert contents.get(ref).decode() == "żó\n[crewctl kept 4 of 16 bytes]\n"
    assert ref.size == len(contents.get(ref))


@pytest.mark.parametrize("run_id", ["..", "../x", "", "a/b", "-r", ".hidden", "x" * 200, "a\0b"])
def test_a_runs_id_cannot_lead_out_of_the_folder(
    real: Callable[..., Store], tmp_path: Path, run_id: str
) -> None:
    with pytest.raises(StoreError, match="cannot be the id of a run"):
        real().put(run_id, b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ref_id", ["../../etc/passwd", "r1/../secret", "r1", "/etc/passwd", ""])
def test_a_reference_cannot_lead_out_of_the_folder(real: Callable[..., Store], ref_id: str) -> None:
    with pytest.raises(NotFoundError, match="is not the id of any content"):
        real().get(ContentRef(id=ref_id, size=1))


@pytest.mark.parametrize("linked", [".crewctl", ".crewctl/content", ".crewctl/content/r1"])
def test_links_below_the_project_are_not_followed(tmp_path: Path, linked: str) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    outside.mkdir()
    (project / linked).parent.mkdir(parents=True)
    (project / linked).symlink_to(outside)

    with pytest.raises(StoreError, match="it is a link or a file"):
        FileContentStore(project).put("r1", b"x")
    assert list(outside.iterdir()) == []


SECRET = 'sk-live/0123+"456'


@pytest.mark.parametrize(
    "disguise",
    [
        lambda secret: secret.encode(),
        lambda secret: json.dumps({"key": secret}).encode(),
        lambda secret: b"https://host/?key=" + quote(secret, safe="").encode(),
        lambda secret: base64.b64encode(b"user:" + secret.encode()),
        lambda secret: base64.b64encode(b"user1:" + secret.encode() + b" and more"),
        lambda secret: base64.urlsafe_b64encode(b"user12:" + secret.encode()),
    ],
    ids=["plain", "json", "url", "basic-auth", "base64", "base64url"],
)
def test_a_secret_is_never_kept(real: Callable[..., Store], disguise: Callable[[str], bytes]) -> None:
    hidden = disguise(SECRET)
    contents = real(secrets=[SECRET])

    kept = contents.get(contents.put("r1", b"before " + hidden + b" after"))

    assert b"[redacted]" in kept
    assert hidden not in kept
    assert kept.startswith(b"before ")
    assert kept.endswith(b" after")


def test_short_secrets_do_not_tear_holes_into_texts(real: Callable[..., Store]) -> None:
    contents = real(secrets=["test", ""])

    assert contents.get(contents.put("r1", b"this is a test")) == b"this is a test"
