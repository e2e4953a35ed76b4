"""The tables that documentation, schemas and messages are made from agree with each other and with the code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from crewctl.catalogue.crewai_fields import CREWAI_FIELDS, crewai_fields_page
from crewctl.catalogue.crewai_tools_names import names_in, tool_names
from crewctl.catalogue.load import load_catalogue
from crewctl.catalogue.not_yet import OWN_KEYS
from crewctl.catalogue.read_yaml import read_yaml
from crewctl.catalogue.rules import RULES, files_of, rules_page
from crewctl.catalogue.schemas import schemas
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew, MarketCrew, SequentialCrew
from crewctl.catalogue.specs.task_spec import TaskSpec

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "src" / "crewctl"
Make = Callable[..., Path]

SPECS = {
    "agent": set(AgentSpec.model_fields),
    "task": set(TaskSpec.model_fields),
    "crew": {*SequentialCrew.model_fields, *HierarchicalCrew.model_fields, *MarketCrew.model_fields},
}
OURS = {
    "agent": {"retry", "fallback"},
    "task": {"timeout", "retry", "fallback", "on_failure"},
    "crew": {"description", "inputs", "limits", "manager", "market", "retry"},
}


@pytest.mark.parametrize("kind", ["agent", "task", "crew"])
def test_what_the_table_calls_honoured_is_what_a_spec_takes(kind: str) -> None:
    fields = next(fields for known, fields in CREWAI_FIELDS.items() if known == kind)
    taken = {name for name, field in fields.items() if field.status in ("honoured", "display")}
    assert taken == SPECS[kind] - OURS[kind]


def test_every_field_has_a_reason_and_says_what_to_do_instead() -> None:
    for fields in CREWAI_FIELDS.values():
        for field in fields.values():
            assert field.reason
            if field.status == "taken_over":
                assert field.instead


def test_nothing_that_a_spec_takes_is_called_unbuilt() -> None:
    for kind, keys in OWN_KEYS.items():
        assert not set(keys) & SPECS.get(kind, set())


def test_the_pages_of_the_reference_are_what_the_tables_say() -> None:
    reference = ROOT / "docs" / "reference"
    assert (reference / "rules.md").read_text(encoding="utf-8") == rules_page()
    assert (reference / "crewai-fields.md").read_text(encoding="utf-8") == crewai_fields_page()


@pytest.mark.parametrize("file", sorted(schemas()))
def test_the_committed_schema_is_the_one_of_the_specs(file: str) -> None:
    committed = json.loads((ROOT / "registry" / "schema" / file).read_text(encoding="utf-8"))
    assert committed == schemas()[file]
    jsonschema.Draft202012Validator.check_schema(committed)


def _emitted_rules() -> set[str]:
    """Find every rule that some code names: the second thing a Problem is given, or a field called rule."""
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for room in ("catalogue", "planning")
        for path in (PACKAGE / room).rglob("*.py")
        if "rule_docs" not in path.parts
    )
    quoted = set(re.findall(r'"([a-z][a-z0-9]*(?:-[a-z0-9]+)+)"', text))
    return quoted - {"utf-8", "crewai-tools", "google-genai", "azure-ai-inference"}


def test_every_rule_that_is_emitted_is_explained_and_nothing_else_is() -> None:
    emitted = _emitted_rules()
    assert emitted - set(RULES) == set()
    assert set(RULES) - emitted - {"blank"} == set()


EXAMPLES = sorted(rule for rule, doc in RULES.items() if doc.bad)


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rules_bad_example_breaks_it_and_the_good_one_breaks_none(rule: str, make: Make) -> None:
    bad = load_catalogue(make(files_of(RULES[rule].bad), "bad"))
    good = load_catalogue(make(files_of(RULES[rule].good), "good"))
    assert rule in {problem.rule for problem in bad.problems}
    assert good.problems == ()


def _kind(file: str) -> str | None:
    table = {
        "config/agents.yaml": "agents.json",
        "config/tasks.yaml": "tasks.json",
        "config/models.yaml": "models.json",
        "registry/policy.yaml": "policy.json",
    }
    folders = {"crews": "crew.json", "registry/entries": "entry.json", "registry/rubrics": "rubric.json"}
    return table.get(file) or folders.get(file.rpartition("/")[0])


def _verdict(file: str, data: Any) -> bool:
    kind = _kind(file)
    assert kind is not None
    return jsonschema.Draft202012Validator(schemas()[kind]).is_valid(data)


GOOD = sorted((ROOT / "tests" / "good").iterdir())


@pytest.mark.parametrize("project", GOOD, ids=lambda path: path.name)
def test_an_editor_finds_nothing_wrong_where_check_does_not(project: Path) -> None:
    for file, source in load_catalogue(project).sources.items():
        # As an editor reads it: the words of the file, before older spellings were renamed.
        data = read_yaml(file, source.content).source.data
        if not _has_only_null_switches(file, data):
            assert _verdict(file, data), file


def _has_only_null_switches(file: str, data: Any) -> bool:
    """A field of CrewAI's that is null is harmless, and no editor needs to offer it."""
    return file == "config/agents.yaml" and any("max_rpm" in agent for agent in data.values())


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("crews/x.yaml", {"description": "d", "process": "sequential", "tasks": ["t"], "max_turns": 3}),
        ("crews/x.yaml", {"description": "d", "process": "sequential", "tasks": []}),
        ("crews/x.yaml", {"description": "d", "process": "debate", "tasks": ["t"]}),
        ("crews/x.yaml", {"description": "d", "process": "sequential", "tasks": ["t"], "memory": True}),
        ("registry/entries/x.yaml", {"limits": {"timeout": 30}}),
        ("registry/entries/x.yaml", {"limits": {"max_turns": 3, "maxTurns": 3}}),
        ("registry/entries/x.yaml", {"approvals_required": 2}),
        ("registry/rubrics/x.yaml", {"criteria": {"a b": {"says": "x"}}}),
        ("config/models.yaml", {"house": {"model": "openai/x", "api_key": "sk-1"}}),
        ("config/agents.yaml", {"x": {"role": "r", "goal": "g", "backstory": " "}}),
    ],
)
def test_an_editor_marks_what_check_refuses(file: str, data: Any) -> None:
    assert not _verdict(file, data)


def test_an_editor_knows_the_older_spellings() -> None:
    assert _verdict("registry/entries/x.yaml", {"limits": {"maxTurns": 3, "maxTimeout": 90}})


def test_tools_are_known_without_importing_them() -> None:
    import sys  # noqa: PLC0415 - what is loaded is the point of this test

    assert "FileReadTool" in tool_names()
    assert "MCPServerAdapter" not in tool_names()
    assert len(tool_names()) > 80
    assert "crewai_tools" not in sys.modules
    assert names_in("x = 1") == frozenset()
