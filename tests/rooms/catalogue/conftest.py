"""A small project that is right, to be made wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.load import load_catalogue

FILES = {
    "config/agents.yaml": "writer:\n  role: Writer\n  goal: Write about {company}\n  backstory: You write.\n",
    "config/tasks.yaml": (
        "write:\n  description: Write about {company}\n  expected_output: A page\n  agent: writer\n"
    ),
    "crews/brief.yaml": (
        "description: A brief\nprocess: sequential\ninputs: {company: {example: Acme}}\ntasks: [write]\n"
    ),
}
Make = Callable[..., Path]


def rules(catalogue: Catalogue) -> set[str]:
    return {problem.rule for problem in catalogue.problems}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write the project with `files` instead of, or beside, its own; a value is text or bytes."""

    def write(files: dict[str, str | bytes] | None = None, folder: str = "project") -> Path:
        root = tmp_path / folder
        for file, content in {**FILES, **(files or {})}.items():
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return write


@pytest.fixture
def rules_of(make: Make) -> Callable[[dict[str, str | bytes]], set[str]]:
    """Return the rules of the problems that a project with these files has."""
    return lambda files: rules(load_catalogue(make(files)))
