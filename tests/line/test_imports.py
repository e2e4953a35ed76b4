"""What a command pays for at its start: only what it needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.file_content_store import FileContentStore
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.testing.account_samples import Teller, sample_plan

Call = Callable[..., Any]

LOADED = (
    "import json, sys\nfrom crewctl.cli.main import run\n"
    "code = run(sys.argv[1:])\n"
    "tops = sorted({name.split('.')[0] for name in sys.modules} | {n for n in sys.modules if n.startswith('crewctl.')})\n"
    "print('\\n' + json.dumps([code, tops]), file=sys.stderr)"
)
WITHOUT_CREWAI = [
    ["--help"],
    ["list"],
    ["check"],
    ["show", "researcher"],
    ["plan", "company-brief", "-i", "company=Acme"],
    ["approve", "outreach-email", "--reason", "looked at it with care"],
    ["approvals"],
    ["runs"],
    ["report", "nothing"],
    ["trace", "nothing"],
    ["logs", "nothing"],
    ["schema", "crew"],
    ["new", "agent", "somebody"],
    ["explain", "4"],
    ["doctor"],
    ["completion", "bash"],
    ["stop", "nothing"],
    ["schedule"],
    ["schedule", "next"],
    ["schedule", "starts"],
]
FORBIDDEN = {
    *("crewai", "crewai_tools", "crewai_core", "litellm", "openai", "chromadb"),
    *("dbos", "sqlalchemy", "psycopg"),
    *("rich", "jinja2"),
}


def _loaded(spawn: Call, project: Path, *words: str) -> tuple[int, set[str]]:
    done = spawn(*words, code=LOADED, cwd=project)
    code, loaded = json.loads(done.err.strip().splitlines()[-1])
    return code, set(loaded)


@pytest.mark.parametrize("words", WITHOUT_CREWAI, ids=lambda words: words[0])
def test_a_command_that_runs_nothing_imports_neither_crewai_nor_rich(
    spawn: Call, project: Path, words: list[str]
) -> None:
    code, loaded = _loaded(spawn, project, *words)

    assert code != 70
    assert loaded & FORBIDDEN == set()


def test_the_help_text_costs_click_and_nothing_else(spawn: Call, project: Path) -> None:
    _, loaded = _loaded(spawn, project, "--help")

    assert loaded & {"pydantic", "pydantic_core", "yaml", "sqlite3", "asyncio"} == set()


@pytest.mark.parametrize(
    "words", [["kickoff", "-h"], ["plan", "-h"], ["approve", "-h"], ["check", "-h"], ["list", "-h"]]
)
def test_a_commands_help_text_costs_no_model_and_no_yaml(
    spawn: Call, project: Path, words: list[str]
) -> None:
    _, loaded = _loaded(spawn, project, *words)

    assert loaded & {"pydantic", "yaml", "sqlite3"} == set()


@pytest.mark.parametrize("words", [["check"], ["list"], ["list", "agents", "-o", "json"]], ids=" ".join)
def test_an_unchanged_project_is_told_without_reading_yaml_or_building_models(
    spawn: Call, project: Path, words: list[str]
) -> None:
    _loaded(spawn, project, "check")

    code, loaded = _loaded(spawn, project, *words)

    assert code == 0
    assert loaded & {"pydantic", "pydantic_core", "yaml"} == set()


@pytest.mark.parametrize("words", [["list"], ["check"]], ids=" ".join)
def test_list_and_check_import_no_plan_and_no_event(spawn: Call, project: Path, words: list[str]) -> None:
    _, loaded = _loaded(spawn, project, *words)

    rooms = ("crewctl.planning", "crewctl.audit", "crewctl.approval", "crewctl.running", "crewctl.adapters")
    assert [name for name in sorted(loaded) if name.startswith(rooms)] == []


@pytest.mark.parametrize(
    "words", [["runs"], ["runs", "show", "last"], ["report", "last"], ["trace"], ["logs"]], ids=" ".join
)
def test_an_account_is_read_without_crewai(spawn: Call, project: Path, words: list[str]) -> None:
    teller = Teller(
        SqlRunStore(SqliteDatabase(project / ".crewctl" / "crewctl.db")),
        FileContentStore(project),
        "20260101-000000-aaaa",
    )
    teller.begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
    teller.ends("1.research", "notes").closes(output="a brief")

    code, loaded = _loaded(spawn, project, *words)

    assert code == 0
    assert loaded & FORBIDDEN == set()


@pytest.mark.parametrize("library", ["yaml", "pydantic", "click", "sqlite3"])
def test_a_file_of_the_project_never_stands_in_for_a_library(
    spawn: Call, project: Path, library: str
) -> None:
    (project / f"{library}.py").write_text("open('sprung', 'w').close()\n", encoding="utf-8")

    done = spawn("plan", "company-brief", "-i", "company=Acme", cwd=project)

    assert (done.code, done.err.count("bug")) == (0, 0)
    assert not (project / "sprung").exists()
