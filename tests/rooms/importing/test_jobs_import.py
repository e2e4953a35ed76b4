"""Jobs become registrations; what an entry cannot promise is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from crewctl.adapters.imported_project import Imported
from crewctl.adapters.jobs_import import import_jobs
from crewctl.catalogue.specs.registry_specs import EntrySpec
from crewctl.errors import InvalidError, NotFoundError

JOB: dict[str, Any] = {
    "id": "outreach-email",
    "name": "Outreach e-mail",
    "schedule": "0 6 * * 1-5",
    "enabled": False,
    "model": "gpt-4o",
    "maxTurns": 50,
    "maxTimeout": 1800,
    "risk_level": "medium",
    "data_categories": ["company_data"],
    "human_oversight_required": True,
    "approved_by": "ann",
    "approved_at": "2025-01-01T00:00:00Z",
}


def brought(folder: Path, content: Any, crews: tuple[str, ...] = ()) -> Imported:
    file = folder / "jobs.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
    return import_jobs(file, crews)


def entry(imported: Imported, name: str = "outreach-email") -> EntrySpec:
    return EntrySpec.model_validate(yaml.safe_load(imported.files[f"registry/entries/{name}.yaml"]))


def test_a_job_becomes_an_entry(tmp_path: Path) -> None:
    made = entry(brought(tmp_path, [JOB]))

    assert (made.business_risk, made.risk_level) == ("medium", None)
    assert made.limits is not None
    assert (made.limits.max_turns, made.limits.timeout) == (50, 1800.0)
    assert (made.data_categories, made.human_oversight_required) == (["company_data"], True)


def test_what_is_not_carried_is_said_with_its_line(tmp_path: Path) -> None:
    told = [str(note) for note in brought(tmp_path, {"jobs": [JOB]}).notes]

    assert any(note.startswith("jobs.json:16: the approval by ann is not carried") for note in told)
    assert any(note.startswith("jobs.json:6: the schedule") for note in told)
    assert any("the job was switched off" in note for note in told)
    assert any("the model 'gpt-4o' is not carried" in note for note in told)
    assert any("'medium' is no risk level" in note for note in told)
    assert any("there is no crew 'outreach-email' yet" in note for note in told)


def test_nothing_of_an_approval_reaches_a_file(tmp_path: Path) -> None:
    files = brought(tmp_path, [JOB]).files

    assert list(files) == ["registry/entries/outreach-email.yaml"]
    assert "ann" not in files["registry/entries/outreach-email.yaml"]


@pytest.mark.parametrize("level", ["minimal", "limited", "high", "prohibited"])
def test_a_risk_level_of_the_act_stays_one(level: str, tmp_path: Path) -> None:
    assert entry(brought(tmp_path, [{**JOB, "risk_level": level}])).risk_level == level


@pytest.mark.parametrize("value", ["many", 0, -1, True, 1.5, [], 10**9])
def test_turns_that_are_no_number_of_turns_are_left_out(value: Any, tmp_path: Path) -> None:
    imported = brought(tmp_path, [{**JOB, "maxTurns": value}])
    limits = entry(imported).limits

    assert limits is not None
    assert limits.max_turns is None
    assert any("maxTurns is" in note.text for note in imported.notes)


def test_names_are_made_fit_and_seconds_of_one_name_left_out(tmp_path: Path) -> None:
    imported = brought(
        tmp_path, [{"id": "Über Brief!"}, {"id": "ber-brief"}, {"id": "!!"}, {"name": "only name", "x": 1}]
    )

    assert imported.crews == ("ber-brief", "only-name")
    assert [note.text for note in imported.notes if "left out" in note.text] == [
        "a second job is called 'ber-brief'; left out",
        "this job has neither an id nor a name that a crew could have; left out",
        "'x' is not known here; left out",
    ]


def test_an_entry_for_a_crew_that_exists_needs_no_word(tmp_path: Path) -> None:
    assert not any("no crew" in note.text for note in brought(tmp_path, [{"id": "a"}], ("a",)).notes)


def test_a_name_cannot_smuggle_lines_into_the_file(tmp_path: Path) -> None:
    made = entry(
        brought(tmp_path, [{**JOB, "name": "x\nrisk_level: minimal", "risk_level": "a\nrisk_level: minimal"}])
    )

    assert (made.risk_level, made.business_risk) == (None, "a\nrisk_level: minimal")


@pytest.mark.parametrize("content", ["{", '{"jobs": 3}', "[1]", '"text"', "[" * 100_000])
def test_what_is_no_list_of_jobs_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidError):
        brought(tmp_path, content)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        import_jobs(tmp_path / "none.json")
