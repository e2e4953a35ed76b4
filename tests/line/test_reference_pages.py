from __future__ import annotations

from pathlib import Path

import pytest

from crewctl.cli.command_table import COMMANDS
from crewctl.cli.exit_codes import EXIT_CODES, exit_codes_page
from crewctl.cli.fresh_project import TEMPLATE, template_files
from crewctl.cli.reference import commands_page
from crewctl.errors import Exit

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"commands.md": commands_page, "exit-codes.md": exit_codes_page}


@pytest.mark.parametrize("page", PAGES)
def test_a_reference_page_is_what_the_command_line_says_of_itself(page: str, *, update_golden: bool) -> None:
    path = ROOT / "docs" / "reference" / page
    if update_golden:
        path.write_text(PAGES[page](), encoding="utf-8")

    assert path.read_text(encoding="utf-8") == PAGES[page](), (
        "write it anew with: pytest --update-golden tests/line"
    )


def test_every_exit_code_that_a_command_can_end_with_is_explained() -> None:
    assert {int(code) for code in Exit} <= set(EXIT_CODES)


def test_the_commands_page_has_every_command() -> None:
    page = commands_page()

    assert [name for name in COMMANDS if f"### crewctl {name}\n" not in page] == []


def test_the_template_is_the_repositorys_own_example(*, update_golden: bool) -> None:
    example = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for start in (
            "crews",
            "config",
            "registry/entries",
            "registry/rubrics",
            "registry/policy.yaml",
            "tools",
        )
        for path in sorted((ROOT / start).rglob("*") if (ROOT / start).is_dir() else [ROOT / start])
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    if update_golden:
        for name, content in example.items():
            (TEMPLATE / name).parent.mkdir(parents=True, exist_ok=True)
            (TEMPLATE / name).write_bytes(content)

    assert template_files() == example
