"""Loading a whole project: its files, its names, and what is said when some of it is broken."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crewctl.catalogue.ignored import ignored_fields
from crewctl.catalogue.load import load_catalogue
from crewctl.catalogue.project import find_project
from crewctl.diagnostics.problem import Severity
from crewctl.errors import NotFoundError

Files = dict[str, str | bytes]
Make = Callable[..., Path]
RulesOf = Callable[[Files], set[str]]


def test_a_right_project_is_loaded_in_silence(make: Make) -> None:
    catalogue = load_catalogue(make())
    assert catalogue.problems == ()
    assert catalogue.agents["writer"].role == "Writer"
    assert catalogue.crews["brief"].process == "sequential"
    assert set(catalogue.sources) == {"config/agents.yaml", "config/tasks.yaml", "crews/brief.yaml"}


def test_a_link_out_of_the_project_is_refused(make: Make, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("description: not yours\n")
    root = make()
    (root / "crews" / "evil.yaml").symlink_to(secret)
    problems = load_catalogue(root).problems
    assert [problem.rule for problem in problems] == ["unreadable-file"]
    assert "link out of the project" in problems[0].message
    assert "evil" not in load_catalogue(root).crews


def test_a_folder_that_is_a_link_out_of_the_project_is_refused(make: Make, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other.yaml").write_text("description: not yours\n")
    root = make()
    (root / "registry").mkdir()
    (root / "registry" / "entries").symlink_to(elsewhere)
    assert {problem.rule for problem in load_catalogue(root).problems} == {"unreadable-file"}


@pytest.mark.parametrize("folder", ["registry", "registry/entries", "registry/rubrics"])
@pytest.mark.parametrize("instead", ["file", "dangling link", "link to an empty folder outside"])
def test_a_folder_of_the_registry_that_cannot_be_looked_into_is_not_taken_for_an_empty_one(
    make: Make, tmp_path: Path, folder: str, instead: str
) -> None:
    root = make()
    (root / folder).parent.mkdir(exist_ok=True)
    (tmp_path / "outside").mkdir()
    if instead == "file":
        (root / folder).write_text("")
    elif instead == "dangling link":
        (root / folder).symlink_to("nowhere")
    else:
        (root / folder).symlink_to(tmp_path / "outside")
    problems = [problem for problem in load_catalogue(root).problems if problem.rule == "unreadable-file"]
    # Not below a folder whose files concern one crew: it stands in the way of all.
    assert problems
    assert all(problem.span.file in {"registry/entries", "registry/rubrics"} for problem in problems)


def test_a_tools_folder_that_is_a_link_out_of_the_project_is_not_looked_into(make: Make) -> None:
    root = make()
    (root / "tools").symlink_to("/")
    began = time.perf_counter()
    [problem] = load_catalogue(root).problems
    assert (problem.rule, problem.span.file) == ("unreadable-file", "tools")
    assert time.perf_counter() - began < 2


def test_links_that_go_in_a_circle_are_refused(make: Make) -> None:
    root = make()
    (root / "crews" / "a.yaml").symlink_to("b.yaml")
    (root / "crews" / "b.yaml").symlink_to("a.yaml")
    assert {problem.rule for problem in load_catalogue(root).problems} == {"unreadable-file"}


def test_a_pipe_in_place_of_a_file_is_refused_and_not_waited_for(make: Make) -> None:
    root = make()
    os.mkfifo(root / "crews" / "pipe.yaml")
    began = time.perf_counter()
    assert {problem.rule for problem in load_catalogue(root).problems} == {"unreadable-file"}
    assert time.perf_counter() - began < 2


def test_a_folder_named_like_a_crew_is_refused(make: Make) -> None:
    root = make()
    (root / "crews" / "folder.yaml").mkdir()
    assert {problem.rule for problem in load_catalogue(root).problems} == {"unreadable-file"}


def test_a_huge_file_is_refused_without_being_read_to_the_end(make: Make) -> None:
    root = make()
    with (root / "crews" / "huge.yaml").open("wb") as file:
        file.truncate(5 * 10**9)  # a sparse file
    assert {problem.rule for problem in load_catalogue(root).problems} == {"file-too-big"}


def test_a_file_that_cannot_be_read_makes_no_name_unknown(rules_of: RulesOf) -> None:
    """One broken file is one problem, and not a hundred about what it would have said."""
    assert rules_of({"config/agents.yaml": "writer: [\n"}) == {"yaml-syntax"}
    assert rules_of({"config/tasks.yaml": "a: &x 1\n"}) == {"no-anchors"}


def test_an_agent_with_a_problem_is_not_called_unknown_as_well(rules_of: RulesOf) -> None:
    assert rules_of({"config/agents.yaml": "writer: {role: W, goal: G}\n"}) == {"missing-key"}


def test_all_problems_come_in_one_pass_sorted_by_place(make: Make) -> None:
    root = make(
        {
            "config/agents.yaml": "writer: {role: W, gaol: G, backstory: B}\nx:\n",
            "crews/brief.yaml": "process: sequential\ntasks: [nothing]\nlimits: {timeout: 3}\n",
            "registry/policy.yaml": "approval: {high: never}\n",
        }
    )
    problems = load_catalogue(root).problems
    assert len({problem.rule for problem in problems}) >= 5
    assert [problem.span for problem in problems] == sorted(problem.span for problem in problems)


def test_a_crew_with_a_problem_is_not_in_the_catalogue(make: Make) -> None:
    root = make({"crews/brief.yaml": "description: x\nprocess: sequential\ntasks: [write]\nmemory: true\n"})
    assert load_catalogue(root).crews == {}


def test_warnings_alone_leave_no_error(make: Make) -> None:
    root = make({"config/tasks.yaml": "write: {description: x, expected_output: '', agent: writer}\n"})
    problems = load_catalogue(root).problems
    assert problems
    assert {problem.severity for problem in problems} == {Severity.WARNING}


def test_a_long_chain_of_contexts_is_checked_without_recursion_and_in_time(make: Make) -> None:
    tasks = "".join(
        f"t{i}: {{description: d, expected_output: e, agent: writer, context: [t{i + 1}, t{i + 2}]}}\n"
        for i in range(2_000)
    )
    began = time.perf_counter()
    load_catalogue(make({"config/tasks.yaml": tasks}))
    assert time.perf_counter() - began < 5


def test_a_long_chain_of_models_is_cut(rules_of: RulesOf) -> None:
    models = "".join(f"m{i}: m{i + 1}\n" for i in range(3_000)) + "m3000: offline\n"
    assert "model-circle" in rules_of({"config/models.yaml": models})


def test_tools_are_found_with_their_bytes_and_noise_is_not(make: Make) -> None:
    root = make(
        {
            "tools/send.py": "class Send: ...\n",
            "tools/inner/words.txt": "a\n",
            "tools/__pycache__/send.pyc": b"\x00",
            "tools/.hidden": "x",
        }
    )
    files = load_catalogue(root).tool_files
    assert dict(files) == {"tools/send.py": b"class Send: ...\n", "tools/inner/words.txt": b"a\n"}


def test_a_tool_file_that_is_no_text_is_refused(rules_of: RulesOf) -> None:
    assert rules_of({"tools/data.bin": b"\xff\xfe"}) == {"not-utf8"}


def test_the_collector_is_switched_on_again(make: Make) -> None:
    load_catalogue(make())
    assert gc.isenabled()


def test_the_second_spelling_has_its_own_place(make: Make) -> None:
    root = make(
        {"registry/entries/brief.yaml": "risk_level: limited\nlimits: {maxTurns: 0, maxTimeout: 90}\n"}
    )
    catalogue = load_catalogue(root)
    (problem,) = catalogue.problems
    assert (problem.span.line, problem.span.column) == (2, 20)
    assert (
        catalogue.sources["registry/entries/brief.yaml"].place(("limits", "timeout"), key=True).column == 23
    )


def test_a_bare_number_is_seconds_only_under_the_older_spelling(make: Make) -> None:
    root = make({"registry/entries/brief.yaml": "limits: {maxTimeout: 90}\n"})
    limits = load_catalogue(root).entries["brief"].limits
    assert limits is not None
    assert limits.timeout == 90
    assert rules_for(make, "limits: {timeout: 90}\n") == {"bad-value"}
    assert rules_for(make, "limits: {maxTimeout: true}\n") == {"bad-value"}


def rules_for(make: Make, entry: str) -> set[str]:
    root = make({"registry/entries/brief.yaml": entry}, "other")
    return {problem.rule for problem in load_catalogue(root).problems}


def test_prose_keeps_every_character(make: Make) -> None:
    prose = 'Say {"a": [1]}, { stray }, $ and \\n.\n\n  Indented.\n'
    block = "".join(f"    {line}\n" if line else "\n" for line in prose.split("\n")[:-1])
    root = make(
        {"config/tasks.yaml": f"write:\n  description: |\n{block}  expected_output: x\n  agent: writer\n"}
    )
    assert load_catalogue(root).tasks["write"].description == prose


def test_a_project_is_found_from_within_and_named_outright(make: Make, tmp_path: Path) -> None:
    root = make()
    assert find_project(root / "crews", None) == root
    assert find_project(tmp_path, root) == root
    with pytest.raises(NotFoundError):
        find_project(tmp_path, None)
    with pytest.raises(NotFoundError):
        find_project(root, tmp_path)


def test_what_is_no_folder_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_catalogue(tmp_path / "nothing")


def test_fields_without_effect_are_listed_with_their_places(make: Make) -> None:
    root = make(
        {
            "config/agents.yaml": "writer: {role: W, goal: G, backstory: B, verbose: true, memory: false}\n",
            "config/tasks.yaml": (
                "write: {description: 'x {company}', expected_output: y, agent: writer, input_files: null}\n"
            ),
        }
    )
    catalogue = load_catalogue(root)
    assert catalogue.problems == ()
    listed = ignored_fields(catalogue)
    assert [(found.field, found.owner) for found in listed] == [
        ("verbose", "agent 'writer'"),
        ("memory", "agent 'writer'"),
        ("input_files", "task 'write'"),
    ]
    assert listed[0].span.line == 1


def test_a_model_that_crewai_does_not_know_needs_its_own_endpoint(rules_of: RulesOf) -> None:
    assert rules_of({"config/models.yaml": "m: openai/qwen3\n"}) == {"missing-provider"}
    assert rules_of({"config/models.yaml": "m: {model: openai/qwen3, base_url: 'http://x/v1'}\n"}) == set()
    assert rules_of({"config/models.yaml": "m: ollama/llama3.1\n"}) == set()


@pytest.mark.parametrize("source", [b"def send(:\n    pass\n", b"x = '\x00'\n", b"(" * 100_000])
def test_a_tool_that_is_not_python_is_refused_before_any_run(source: bytes, rules_of: RulesOf) -> None:
    assert rules_of({"tools/send.py": source}) == {"bad-tool"}


def test_a_tool_is_looked_at_without_being_run(make: Make) -> None:
    root = make({"tools/send.py": "raise SystemExit('run at check')\n"})
    assert load_catalogue(root).problems == ()
