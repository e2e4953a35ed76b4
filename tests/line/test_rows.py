"""The keys of `-o json` are promised in the reference page, and are what commands really give."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.cli.row_keys import ROW_KEYS

Call = Callable[..., Any]
BROKEN = "description: x\nprocess: sequential\ntasks: [nope]\n"


def _keys(out: str) -> list[tuple[str, ...]]:
    return [tuple(row) for row in json.loads(out)]


@pytest.mark.parametrize(
    "words", [words for words in ROW_KEYS if words.startswith(("list", "doctor", "explain", "schema"))]
)
def test_a_listing_has_the_promised_keys(call: Call, project: Path, words: str) -> None:
    (project / "tools").mkdir(exist_ok=True)
    (project / "tools" / "look_up.py").write_text("")

    rows = _keys(call(*words.split(), "-o", "json", cwd=project).out)

    assert rows
    assert set(rows) == {ROW_KEYS[words]}


def test_problems_have_the_promised_keys(call: Call, project: Path) -> None:
    (project / "crews" / "company-brief.yaml").write_text(BROKEN)

    assert set(_keys(call("check", "-o", "json", cwd=project).out)) == {ROW_KEYS["check"]}


def test_check_gives_the_same_data_by_either_option(call: Call, project: Path) -> None:
    (project / "crews" / "company-brief.yaml").write_text(BROKEN)

    rows = json.loads(call("check", "-o", "json", cwd=project).out)

    assert rows
    assert rows == json.loads(call("check", "--format", "json", cwd=project).out)


def test_what_was_written_has_the_promised_keys(call: Call, tmp_path: Path) -> None:
    started = call("init", "-o", "json", cwd=tmp_path)
    added = call("new", "crew", "digest", "-o", "json", cwd=tmp_path)
    exported = call("export", "digest", "plain", "-o", "json", cwd=tmp_path)

    assert set(_keys(started.out)) == {ROW_KEYS["init"]}
    assert set(_keys(added.out)) == {ROW_KEYS["new"]}
    assert set(_keys(exported.out)) == {ROW_KEYS["export"]}


def test_approvals_have_the_promised_keys(call: Call, project: Path) -> None:
    given = call("approve", "outreach-email", "--reason", "read every prompt", "-o", "json", cwd=project)
    listed = call("approvals", "-o", "json", cwd=project)
    taken_back = call("revoke", "outreach-email", "--reason", "given by mistake", "-o", "json", cwd=project)

    assert tuple(json.loads(given.out)) == ROW_KEYS["approve"]
    assert set(_keys(listed.out)) == {ROW_KEYS["approvals"]}
    assert set(_keys(taken_back.out)) == {ROW_KEYS["revoke"]}
