"""The cache makes a second check fast, and never says anything that the files do not say."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from crewctl.catalogue import read_cache
from crewctl.catalogue.load import load_catalogue
from crewctl.catalogue.read_cache import ReadCache
from crewctl.catalogue.read_yaml import Reading

Make = Callable[..., Path]
CREW = "description: A brief\nprocess: sequential\ninputs: {company: {example: Acme}}\ntasks: [write]\n"


@pytest.fixture
def root(make: Make) -> Path:
    return make({f"crews/crew-{i}.yaml": CREW + f"limits: {{max_turns: {i + 1}}}\n" for i in range(30)})


@pytest.fixture
def cache(root: Path) -> Path:
    path = root / ".crewctl" / "cache"
    load_catalogue(root, cache=path)
    assert path.is_file()
    return path


def test_a_second_load_parses_nothing_and_says_the_same(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = load_catalogue(root)

    def parse(file: str, content: bytes) -> Reading:
        raise AssertionError(file, content)

    monkeypatch.setattr(read_cache, "read_yaml", parse)
    cached = load_catalogue(root, cache=cache)
    assert cached.crews == plain.crews
    assert cached.problems == plain.problems == ()


def test_an_edit_within_one_tick_of_the_clock_and_of_the_same_length_is_seen(root: Path, cache: Path) -> None:
    file = root / "crews" / "crew-3.yaml"
    before = file.stat()
    file.write_text(file.read_text().replace("max_turns: 4", "max_turns: 9"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    limits = load_catalogue(root, cache=cache).crews["crew-3"].limits
    assert limits is not None
    assert limits.max_turns == 9


def test_places_are_right_for_a_file_that_came_from_the_cache(root: Path, cache: Path) -> None:
    (root / "config" / "tasks.yaml").write_text(
        "other: {description: x, expected_output: y, agent: writer}\n"
    )
    cached = load_catalogue(root, cache=cache)
    assert cached.problems == load_catalogue(root).problems
    assert cached.problems[0].span.line == 4


@pytest.mark.parametrize("damage", [b"", b"junk", b"crewctl catalogue cache\n" + b"\x00" * 40, None])
def test_a_damaged_cache_is_ignored_and_made_anew(root: Path, cache: Path, damage: bytes | None) -> None:
    content = cache.read_bytes()
    cache.write_bytes(content[:-7] + b"garbage" if damage is None else damage)
    assert load_catalogue(root, cache=cache).problems == ()
    assert cache.read_bytes() == content


def test_a_file_with_a_problem_is_never_remembered(root: Path, cache: Path) -> None:
    (root / "crews" / "twice.yaml").write_text(CREW + "process: sequential\n")
    for _ in range(2):
        rules = {problem.rule for problem in load_catalogue(root, cache=cache).problems}
        assert rules == {"duplicate-key"}


def test_renamed_keys_stay_renamed(root: Path, cache: Path) -> None:
    (root / "crews" / "old.yaml").write_text(CREW + "limits: {maxTurns: 7}\n")
    for _ in range(2):
        limits = load_catalogue(root, cache=cache).crews["old"].limits
        assert limits is not None
        assert limits.max_turns == 7


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = ReadCache(tmp_path / "file" / "cache")
    for i in range(30):
        cache.read(f"f{i}.yaml", f"a: {i}".encode())
    cache.save()
    assert (tmp_path / "file").read_text() == ""
