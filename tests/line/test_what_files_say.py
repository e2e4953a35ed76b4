"""What a registration and the descriptions in files are for: people read them where they decide."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
INPUTS = ("-i", "company=Acme Corp", "-i", "first_name=Elena")


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("field", "before", "after", "said"),
    [
        ("owner", "sales-ops@example.eu", "ada@example.eu", "ada@example.eu"),
        ("business_risk", "medium", "hardly any", "hardly any"),
        ("data_categories", "[company_data, contact_data]", "[rumours]", ["rumours"]),
    ],
)
def test_what_the_registry_says_of_a_crew_stands_in_its_plan_and_is_part_of_what_is_approved(
    call: Call, project: Path, field: str, before: str, after: str, said: Any
) -> None:
    first = json.loads(call("plan", "outreach-email", *INPUTS, "-o", "json", cwd=project).out)

    change(project / "registry/entries/outreach-email.yaml", before, after)

    second = json.loads(call("plan", "outreach-email", *INPUTS, "-o", "json", cwd=project).out)
    assert second["risk"][field] == said
    assert (after.strip("[]")) in call("plan", "outreach-email", *INPUTS, cwd=project).out
    assert second["crew_digest"] != first["crew_digest"]


def test_a_crews_description_stands_in_the_list_and_in_its_plan(call: Call, project: Path) -> None:
    change(project / "crews/company-brief.yaml", "description: ", "description: Made for a test. ")
    plan = call("plan", "company-brief", "-i", "company=Acme Corp", cwd=project).out
    rows = json.loads(call("list", "-o", "json", cwd=project).out)
    assert "Made for a test. " in plan
    assert any(row["description"].startswith("Made for a test. ") for row in rows)


def test_a_rubrics_description_stands_in_the_list(call: Call, project: Path) -> None:
    change(project / "registry/rubrics/outreach-email.yaml", "What makes", "For a test, what makes")
    (row,) = json.loads(call("list", "rubrics", "-o", "json", cwd=project).out)
    assert row["description"].startswith("For a test, what makes")


def test_a_display_field_of_an_agent_and_of_a_crew_is_listed_as_ignored(call: Call, project: Path) -> None:
    change(project / "config/agents.yaml", "researcher:\n", "researcher:\n  verbose: true\n")
    change(project / "crews/company-brief.yaml", "process:", "verbose: true\nprocess:")
    said = call("check", "-v", cwd=project).err
    assert "config/agents.yaml" in said
    assert "crews/company-brief.yaml" in said
    assert said.count("'verbose'") == 2


def test_one_approval_is_what_can_be_required_so_far(call: Call, project: Path) -> None:
    assert call("check", cwd=project).code == 0
    change(project / "registry/entries/outreach-email.yaml", "approvals_required: 1", "approvals_required: 2")
    done = call("check", cwd=project)
    assert done.code == 3
    assert "approvals_required: 2" in done.out + done.err
    assert "[not-yet]" in done.out + done.err
