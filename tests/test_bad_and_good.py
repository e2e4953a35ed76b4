"""Projects that are wrong in one way and what is said about each; projects that are right, and silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.load import load_catalogue
from crewctl.catalogue.rules import RULES
from crewctl.diagnostics.render import render

HERE = Path(__file__).resolve().parent
BAD = sorted(path for path in (HERE / "bad").iterdir() if path.is_dir())
GOOD = sorted(path for path in (HERE / "good").iterdir() if path.is_dir())


def _said(catalogue: Catalogue) -> str:
    return render(catalogue.problems, catalogue.contents, "text")


@pytest.mark.parametrize("project", BAD, ids=lambda path: path.name)
def test_a_bad_project_is_told_what_is_wrong_and_where(project: Path, *, update_golden: bool) -> None:
    catalogue = load_catalogue(project)
    said = _said(catalogue)
    expected = project / "expected.txt"
    if update_golden:
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
    rule = project.name.partition("--")[0]
    assert rule in {problem.rule for problem in catalogue.problems}


@pytest.mark.parametrize("project", GOOD, ids=lambda path: path.name)
def test_a_good_project_is_met_with_silence(project: Path) -> None:
    catalogue = load_catalogue(project)
    assert _said(catalogue) == ""
    assert catalogue.crews
    assert catalogue.agents


def test_every_rule_that_has_an_example_has_a_folder() -> None:
    folders = {project.name.partition("--")[0] for project in BAD}
    assert {rule for rule, doc in RULES.items() if doc.bad} - folders == set()
    assert folders - set(RULES) == set()


def test_there_are_enough_of_both() -> None:
    assert len(BAD) >= 20
    assert len(GOOD) >= 10
