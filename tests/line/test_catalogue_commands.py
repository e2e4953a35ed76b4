from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Call = Callable[..., Any]

KINDS = ("crews", "agents", "tasks", "models", "tools", "rubrics")
PROCESSES = ("sequential", "hierarchical", "market")


def test_a_fresh_project_is_without_a_problem_and_ignores_machine_state(call: Call, tmp_path: Path) -> None:
    made = call("init", "fresh", cwd=tmp_path)
    checked = call("check", cwd=tmp_path / "fresh")

    assert made.code == 0
    assert "crewctl rehearse company-brief" in made.err
    assert (checked.code, checked.out) == (0, "")
    assert {".crewctl/", "registry/reports/"} <= set((tmp_path / "fresh/.gitignore").read_text().splitlines())


def test_init_says_every_file_that_it_wrote(call: Call, tmp_path: Path) -> None:
    made = call("init", "fresh", "-o", "name", cwd=tmp_path)

    written = {
        p.relative_to(tmp_path / "fresh").as_posix() for p in (tmp_path / "fresh").rglob("*") if p.is_file()
    }
    assert set(made.out.split()) == written


def test_init_never_overwrites_and_then_writes_nothing_at_all(call: Call, tmp_path: Path) -> None:
    mine = tmp_path / "config" / "agents.yaml"
    mine.parent.mkdir()
    mine.write_text("mine: {}\n")

    done = call("init", cwd=tmp_path)

    assert done.code == 2
    assert "config/agents.yaml would be overwritten" in done.err
    assert mine.read_text() == "mine: {}\n"
    assert [p.name for p in tmp_path.iterdir()] == ["config"]


def test_init_adds_to_a_gitignore_that_is_there(call: Call, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine")

    call("init", cwd=tmp_path)

    assert (tmp_path / ".gitignore").read_text() == "mine\n.crewctl/\nregistry/reports/\n"


@pytest.mark.parametrize("process", PROCESSES)
def test_a_new_crew_of_any_process_can_be_planned_at_once(call: Call, project: Path, process: str) -> None:
    made = call("new", "crew", "weekly-digest", "--process", process, cwd=project)
    checked = call("check", cwd=project)
    planned = call("plan", "weekly-digest", "-i", "topic=rain", "-o", "json", cwd=project)

    assert (made.code, checked.code, checked.out) == (0, 0, "")
    assert json.loads(planned.out)["process"] == process


@pytest.mark.parametrize("process", PROCESSES)
def test_a_new_crew_needs_no_more_of_the_models_than_a_default(
    call: Call, project: Path, process: str
) -> None:
    (project / "config" / "models.yaml").write_text("default: offline\n")
    agents, crews = project / "config" / "agents.yaml", project / "crews"
    agents.write_text(re.sub("llm: .*", "llm: default", agents.read_text()))

    call("new", "crew", "weekly-digest", "--process", process, cwd=project)

    assert call("check", cwd=project).out == ""
    assert "the crew weekly-digest is for" in (crews / "weekly-digest.yaml").read_text()


@pytest.mark.parametrize(
    ("kind", "name", "file"),
    [
        ("agent", "rain_reader", "config/agents.yaml"),
        ("task", "read_rain", "config/tasks.yaml"),
        ("rubric", "rain", "registry/rubrics/rain.yaml"),
    ],
)
def test_a_new_thing_is_without_a_problem(call: Call, project: Path, kind: str, name: str, file: str) -> None:
    before = (project / file).read_text() if (project / file).exists() else ""

    made = call("new", kind, name, "-o", "json", cwd=project)

    assert json.loads(made.out) == [{"file": file, "added": name}]
    assert (project / file).read_text().startswith(before)
    assert call("check", cwd=project).code == 0


def test_an_entry_is_only_for_a_crew_that_is_there(call: Call, project: Path) -> None:
    refused = call("new", "entry", "nobody", cwd=project)
    call("new", "crew", "digest", cwd=project)
    made = call("new", "entry", "digest", cwd=project)

    assert refused.code == 2
    assert "crewctl new crew nobody" in refused.err
    assert made.code == 0
    assert call("check", cwd=project).code == 0


def test_new_keeps_every_character_that_was_there_carriage_returns_and_comments_too(
    call: Call, project: Path
) -> None:
    agents = project / "config" / "agents.yaml"
    before = b"# mine\r\nx_agent:   # odd\r\n  role: R\r\n  goal: G\r\n  backstory: B"
    agents.write_bytes(before)

    call("new", "agent", "y_agent", cwd=project)

    after = agents.read_bytes()
    assert after.startswith(before + b"\r\n\r\ny_agent:\r\n")
    assert list(yaml.safe_load(after)) == ["x_agent", "y_agent"]


@pytest.mark.parametrize("taken", ["researcher"])
def test_a_name_that_is_taken_is_refused(call: Call, project: Path, taken: str) -> None:
    before = (project / "config/agents.yaml").read_bytes()

    done = call("new", "agent", taken, cwd=project)

    assert done.code == 2
    assert f"'{taken}' is in config/agents.yaml already" in done.err
    assert (project / "config/agents.yaml").read_bytes() == before


def test_a_crew_that_clashes_in_one_part_writes_no_part(call: Call, project: Path) -> None:
    call("new", "agent", "digest_first", cwd=project)
    before = {p: p.read_bytes() for p in project.rglob("*.yaml")}

    done = call("new", "crew", "digest", cwd=project)

    assert done.code == 2
    assert {p: p.read_bytes() for p in project.rglob("*.yaml")} == before


@pytest.mark.parametrize("name", ["../evil", "Upper", "a b", ".hidden", "-x", ""])
def test_a_name_that_could_leave_its_folder_is_refused(call: Call, project: Path, name: str) -> None:
    assert call("new", "crew", "--", name, cwd=project).code == 2


def test_a_file_that_is_not_a_block_of_names_is_left_alone(call: Call, project: Path) -> None:
    flow = "{a_agent: {role: R, goal: G, backstory: B}}\n"
    (project / "config/agents.yaml").write_text(flow)

    done = call("new", "agent", "b_agent", cwd=project)

    assert done.code == 3
    assert (project / "config/agents.yaml").read_text() == flow


@pytest.mark.parametrize("kind", KINDS)
def test_list_gives_every_kind_in_every_form(call: Call, project: Path, kind: str) -> None:
    rows = json.loads(call("list", kind, "-o", "json", cwd=project).out)
    lines = call("list", kind, "-o", "jsonl", cwd=project).out.splitlines()
    names = call("list", kind, "-o", "name", cwd=project).out.split()
    table = call("list", kind, cwd=project).out.splitlines()

    assert yaml.safe_load(call("list", kind, "-o", "yaml", cwd=project).out) == rows
    assert [json.loads(line) for line in lines] == rows
    assert names == [row["name"] for row in rows]
    assert len(table) == len(rows) + 1
    assert table[0].startswith("NAME")


def test_list_names_the_crews_and_their_risk(call: Call, project: Path) -> None:
    rows = {row["name"]: row for row in json.loads(call("list", "-o", "json", cwd=project).out)}

    assert set(rows) == {"company-brief", "due-diligence", "outreach-email"}
    assert rows["outreach-email"]["process"] == "market"
    assert rows["outreach-email"]["risk"] == "limited"


def test_list_says_when_a_file_cannot_be_read(call: Call, project: Path) -> None:
    (project / "crews" / "broken.yaml").write_text("process: [")

    done = call("list", cwd=project)

    assert done.code == 0
    assert "crewctl check" in done.err


def test_list_has_no_such_note_where_there_are_only_warnings(call: Call, project: Path) -> None:
    (project / "registry" / "entries" / "company-brief.yaml").write_text(
        "owner: ada\nrisk_level: minimal\nhuman_oversight_required: false\nlimits: {timeout: 30d}\n"
    )

    assert "warning" in call("check", cwd=project).err
    assert "crewctl check" not in call("list", cwd=project).err


def test_list_gives_a_tool_the_tags_that_its_plan_has(call: Call, project: Path) -> None:
    agents = project / "config" / "agents.yaml"
    agents.write_text(
        agents.read_text().replace("  llm: standard\n", "  llm: standard\n  tools: [FileReadTool]\n", 1)
    )
    (project / "registry" / "policy.yaml").unlink()  # what is known of CrewAI's own tools holds without it

    (listed,) = json.loads(call("list", "tools", "-o", "json", cwd=project).out)
    plan = json.loads(call("plan", "company-brief", "-o", "json", cwd=project).out)

    assert listed["tags"] == plan["tools"][0]["tags"] == ["reads_files"]


def test_show_finds_a_thing_by_its_name_and_says_where_it_stands(call: Call, project: Path) -> None:
    shown = json.loads(call("show", "researcher", "-o", "json", cwd=project).out)
    line = int(shown["place"].rpartition(":")[2])

    assert shown["kind"] == "agent"
    assert (project / "config/agents.yaml").read_text().splitlines()[line - 1].startswith("researcher:")
    assert "agent researcher" in call("show", "researcher", cwd=project).out


def test_show_answers_a_slip_with_the_near_word(call: Call, project: Path) -> None:
    done = call("show", "reseacher", cwd=project)

    assert done.code == 9
    assert "crewctl show researcher" in done.err


def test_show_asks_which_one_when_two_kinds_share_a_name(call: Call, project: Path) -> None:
    call("new", "agent", "research_x", cwd=project)
    call("new", "task", "research_x", cwd=project)

    done = call("show", "research_x", cwd=project)

    assert done.code == 2
    assert "--kind agent or --kind task" in done.err
    assert (
        json.loads(call("show", "research_x", "--kind", "task", "-o", "json", cwd=project).out)["kind"]
        == "task"
    )


def test_check_ends_with_3_and_shows_the_place_the_hint_and_the_summary(call: Call, project: Path) -> None:
    crew = project / "crews" / "company-brief.yaml"
    crew.write_text(crew.read_text().replace("inputs:", "input:"))

    done = call("check", cwd=project)

    assert done.code == 3
    assert "crews/company-brief.yaml:4:1: unknown key 'input'" in done.out
    assert "[unknown-key]" in done.out
    assert "did you mean 'inputs'?" in done.out
    assert "problem" in done.err


@pytest.mark.parametrize("shape", ["text", "concise", "json", "github"])
def test_check_says_the_same_problems_in_every_shape(call: Call, project: Path, shape: str) -> None:
    (project / "crews" / "company-brief.yaml").write_text(
        "description: x\nprocess: sequential\ntasks: [nope]\n"
    )

    done = call("check", "--format", shape, cwd=project)

    assert done.code == 3
    assert "nope" in done.out
    if shape == "json":
        assert json.loads(done.out)[0]["file"] == "crews/company-brief.yaml"
    if shape == "github":
        assert done.out.startswith("::error file=crews/company-brief.yaml,line=3")


def test_check_lists_ignored_display_fields_only_when_asked(call: Call, project: Path) -> None:
    agents = project / "config" / "agents.yaml"
    agents.write_text(agents.read_text().replace("researcher:\n", "researcher:\n  verbose: true\n", 1))

    assert "verbose" not in call("check", cwd=project).err
    assert "'verbose'" in call("check", "-v", cwd=project).err


def test_a_second_check_says_the_same_without_validating_anew(call: Call, project: Path) -> None:
    (project / "crews" / "company-brief.yaml").write_text(
        "description: x\nprocess: sequential\ntasks: [nope]\n"
    )

    first, second = call("check", cwd=project), call("check", cwd=project)

    assert (project / ".crewctl" / "overview.json").exists()
    assert (first.code, first.out, first.err) == (second.code, second.out, second.err)


def test_a_check_never_believes_its_memory_after_a_change(call: Call, project: Path) -> None:
    crew = project / "crews" / "company-brief.yaml"
    good = crew.read_text()
    assert call("check", cwd=project).code == 0

    crew.write_text(good.replace("tasks: [research", "tasks: [reserch"))
    broken = call("check", cwd=project)
    crew.write_text(good)

    assert broken.code == 3
    assert "reserch" in broken.out
    assert call("check", cwd=project).code == 0


@pytest.mark.parametrize("damage", ["", "garbage", "{key}\n[]", "{key}\n{{}}", '{key}\n{{"problems": 3}}'])
def test_a_damaged_memory_is_no_memory(call: Call, project: Path, damage: str) -> None:
    call("check", cwd=project)
    memory = project / ".crewctl" / "overview.json"
    key = memory.read_text().splitlines()[0]
    memory.write_text(damage.format(key=key))

    assert call("check", cwd=project).code == 0


def test_a_link_out_of_the_project_is_checked_anew_each_time(
    call: Call, project: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("description: x\nprocess: sequential\ntasks: [research]\n")
    (project / "crews" / "linked.yaml").symlink_to(outside)

    first, second = call("check", cwd=project), call("check", cwd=project)

    assert first.code == second.code == 3
    assert "link out of the project" in second.out
    assert not (project / ".crewctl" / "overview.json").exists()


def test_schemas_are_listed_printed_and_written(call: Call, project: Path) -> None:
    names = call("schema", "-o", "name").out.split()
    crew = json.loads(call("schema", "crew").out)
    call("schema", "--write", cwd=project)

    assert {"agents", "tasks", "models", "crew", "entry", "policy", "rubric"} <= set(names)
    assert "$schema" in crew
    assert json.loads((project / "registry/schema/crew.json").read_text()) == crew
    assert call("schema", "crw").code == 9


def test_show_means_the_crew_when_its_rubric_bears_the_same_name(call: Call, project: Path) -> None:
    done = call("show", "outreach-email", "-o", "json", cwd=project)

    assert json.loads(done.out)["kind"] == "crew"
    assert "--kind rubric" in done.err
    assert json.loads(call("show", "outreach-email", "--kind", "rubric", "-o", "json", cwd=project).out)[
        "criteria"
    ]


def test_nothing_is_remembered_through_a_link_out_of_the_project(
    call: Call, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project / ".crewctl").symlink_to(tmp_path / "elsewhere")

    assert call("check", cwd=project).code == 0
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_amounts_are_shown_as_the_file_says_them(call: Call, project: Path) -> None:
    shown = json.loads(call("show", "outreach-email", "-o", "json", cwd=project).out)
    task = call("show", "research", cwd=project).out

    assert shown["entry"]["limits"]["max_cost"] == "0.50 USD"
    assert shown["entry"]["limits"]["timeout"] == "30m"
    assert re.search(r"timeout +10m$", task, re.MULTILINE)
