"""Output files are written inside the project and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.processes.port import OutputRefusedError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def test_an_output_is_written_and_replaced_whole(project: Path) -> None:
    files = ProjectFiles(project)

    files.write("outputs/brief.md", b"long first text", create_directory=True)
    files.write("outputs/brief.md", b"second", create_directory=False)

    assert (project / "outputs" / "brief.md").read_bytes() == b"second"
    assert [path.name for path in (project / "outputs").iterdir()] == ["brief.md"]


@pytest.mark.parametrize(
    "file",
    [
        "../escaped.md",
        "outputs/../../escaped.md",
        "/etc/escaped.md",
        "outputs//brief.md",
        "./brief.md",
        "outputs/.",
        "",
        "a\0b",
        "a\\b",
    ],
)
def test_a_path_that_is_not_plainly_inside_is_refused(project: Path, file: str) -> None:
    with pytest.raises(OutputRefusedError, match="not a plain path inside the project"):
        ProjectFiles(project).write(file, b"x", create_directory=True)

    assert list(project.iterdir()) == []


@pytest.mark.parametrize(
    "file",
    [
        "registry/approvals/letters/forged.json",
        "Registry/policy.yaml",
        "config/agents.yaml",
        "crews/letters.yaml",
        "tools/send.py",
        ".crewctl/crewctl.db",
        ".git/config",
    ],
)
def test_no_output_may_change_what_governs_the_next_run(project: Path, file: str) -> None:
    with pytest.raises(OutputRefusedError, match="no output is written there"):
        ProjectFiles(project).write(file, b"x", create_directory=True)

    assert list(project.iterdir()) == []


def test_a_folder_that_is_a_link_is_not_followed(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project / "outputs").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OutputRefusedError, match="cannot be written"):
        ProjectFiles(project).write("outputs/brief.md", b"x", create_directory=True)

    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_that_is_a_link_is_replaced_and_what_it_points_to_is_left_alone(project: Path) -> None:
    (project / "registry").mkdir()
    (project / "registry" / "policy.yaml").write_text("limits: {}")
    (project / "brief.md").symlink_to(project / "registry" / "policy.yaml")

    ProjectFiles(project).write("brief.md", b"x", create_directory=True)

    assert (project / "registry" / "policy.yaml").read_text() == "limits: {}"
    assert not (project / "brief.md").is_symlink()


def test_a_missing_folder_is_made_only_when_the_task_says_so(project: Path) -> None:
    with pytest.raises(OutputRefusedError, match="cannot be written"):
        ProjectFiles(project).write("outputs/brief.md", b"x", create_directory=False)


def test_a_file_that_cannot_be_replaced_leaves_nothing_half_written(project: Path) -> None:
    (project / "brief.md").mkdir()

    with pytest.raises(OutputRefusedError, match="cannot be written"):
        ProjectFiles(project).write("brief.md", b"x", create_directory=True)

    assert [path.name for path in project.iterdir()] == ["brief.md"]
