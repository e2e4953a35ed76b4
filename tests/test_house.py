"""The code base's own promises: sizes, names, floors that a linter cannot see, and what is generated."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import click
import jsonschema
import pytest

from crewctl.catalogue import specs
from crewctl.catalogue.read_yaml import read_yaml
from crewctl.catalogue.schemas import schemas
from crewctl.catalogue.specs.spec import Spec
from crewctl.cli.main import line
from crewctl.wiring import Project

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "crewctl"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "template" not in path.parts)
BANNED = re.compile(r"(^|_)(utils?|helpers?|common|base|managers?|services?)(_|$)")
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 60
BEHAVIOURS = tomllib.loads((ROOT / "tests/behaviours.toml").read_text(encoding="utf-8"))
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def test_no_file_is_longer_than_the_house_allows() -> None:
    long = {_name(path): n for path in SOURCES if (n := len(path.read_text().splitlines())) > MOST_FILE_LINES}
    assert long == {}


def test_most_files_are_short() -> None:
    assert median(len(path.read_text().splitlines()) for path in SOURCES) <= 120


def test_no_function_is_longer_than_the_house_allows() -> None:
    long = [
        f"{_name(path)}:{function.lineno} {function.name}"
        for path in SOURCES
        for function in _functions(_tree(path))
        if (function.end_lineno or 0) - function.lineno + 1 > MOST_FUNCTION_LINES
    ]
    assert long == []


def test_no_module_hides_behind_a_word_that_says_nothing() -> None:
    assert [_name(path) for path in SOURCES if BANNED.search(path.stem)] == []


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_module_says_its_one_job_in_one_sentence(path: Path) -> None:
    docstring = ast.get_docstring(_tree(path))
    assert docstring, "no module docstring"
    first = docstring.split("\n\n")[0].replace("\n", " ")
    assert first.endswith((".", "?")), "the first paragraph is a sentence"


def test_only_the_crewai_adapters_import_crewai() -> None:
    inside = {
        _name(path)
        for path in SOURCES
        if any(name.split(".")[0] in {"crewai", "crewai_tools"} for name in _imports(_tree(path)))
    }
    assert {name for name in inside if not name.startswith("src/crewctl/adapters/crewai_")} == set()
    assert inside, "the adapters do import crewai"


def test_only_the_engines_adapters_import_the_engine() -> None:
    inside = {
        _name(path)
        for path in SOURCES
        if any(name.split(".")[0] in {"dbos", "sqlalchemy"} for name in _imports(_tree(path)))
    }
    assert {name for name in inside if not name.startswith("src/crewctl/adapters/dbos_")} == set()
    assert inside, "the adapters do import the engine"


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["list"],
        ["check"],
        ["plan", "company-brief", "-i", "company=Acme"],
        ["runs"],
        ["inbox"],
        ["approvals"],
        ["schedule", "list"],
        ["database", "status"],
        ["worker", "--help"],
    ],
    ids=" ".join,
)
def test_a_command_that_runs_nothing_never_imports_crewai_or_the_engine(command: list[str]) -> None:
    code = (
        "import sys; sys.argv = ['crewctl', *sys.argv[1:]]\n"
        "from crewctl.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        "heavy = ('crewai', 'dbos', 'sqlalchemy', 'psycopg')\n"
        "loaded = sorted(name for name in sys.modules if name.split('.')[0].startswith(heavy))\n"
        "print(loaded, code, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr.strip().splitlines()[-1].startswith("[] "), done.stderr


def _specs(above: type[Spec] = Spec) -> Iterator[type[Spec]]:
    for spec in above.__subclasses__():
        yield spec
        yield from _specs(spec)


def test_every_field_that_a_file_may_say_names_a_test_of_what_it_does() -> None:
    """A key whose behaviour is not built is refused; one that is accepted has a test of its effect."""
    for found in pkgutil.iter_modules(specs.__path__, f"{specs.__name__}."):
        importlib.import_module(found.name)
    fields = {
        f"{spec.__name__}.{name}"
        for spec in _specs()
        for name in spec.model_fields.keys() & spec.__annotations__.keys()
        if spec.__module__.startswith(specs.__name__)
    }
    table = {f"{spec}.{name}": test for spec, names in BEHAVIOURS.items() for name, test in names.items()}
    assert table.keys() == fields


def test_every_test_that_shows_what_a_field_does_is_there() -> None:
    named = {test for names in BEHAVIOURS.values() for test in names.values()}
    there = {
        f"{file}::{function.name}"
        for file in {test.partition("::")[0] for test in named}
        for function in _functions(_tree(ROOT / file))
    }
    assert named - there == set()


def _yaml_blocks(path: Path) -> Iterator[str]:
    for match in re.finditer(
        r"^```ya?ml\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        yield match.group(1)


SCHEMA_OF = {
    "config/agents.yaml": "agents.json",
    "config/tasks.yaml": "tasks.json",
    "config/models.yaml": "models.json",
    "registry/policy.yaml": "policy.json",
    "crews/": "crew.json",
    "registry/entries/": "entry.json",
    "registry/rubrics/": "rubric.json",
}


@pytest.mark.parametrize("path", DOCS, ids=_name)
def test_every_yaml_block_in_the_docs_loads(path: Path) -> None:
    """A block that names its file is one that `check` would take, but for other files it speaks of."""
    for block in _yaml_blocks(path):
        # As crewctl reads it: to other readers of YAML the key `on` is a truth value.
        reading = read_yaml(path.name, block.encode())
        data = reading.source.data
        named = re.match(r"# (\S+\.yaml)", block)
        kinds = [kind for start, kind in SCHEMA_OF.items() if named and named.group(1).startswith(start)]
        if kinds:
            assert reading.problems == []
            jsonschema.validate(data, schemas()[kinds[0]])


def test_nothing_names_the_place_it_was_built_in() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    ).stdout.split("\0")
    places = [str(ROOT), str(ROOT.parent) + "/", str(Path.home()) + "/"]
    found = [
        name
        for name in tracked
        if name
        and (ROOT / name).is_file()
        and any(place in (ROOT / name).read_text(encoding="utf-8", errors="replace") for place in places)
    ]
    assert found == []


def _console_commands(path: Path) -> Iterator[list[str]]:
    for block in re.finditer(
        r"^```console\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        for shown in re.findall(r"^\$ (crewctl .*)$", block.group(1), re.MULTILINE):
            for part in shown.split("&&"):
                words = shlex.split(part, comments=True)
                if words[:1] == ["crewctl"]:
                    yield words[1:]


@pytest.mark.parametrize("path", DOCS, ids=_name)
def test_every_command_in_the_docs_exists_with_its_options(path: Path) -> None:
    for words in _console_commands(path):
        command = line.get_command(click.Context(line), words[0])
        assert command is not None, words
        nested = getattr(command, "commands", {}).get(words[1] if len(words) > 1 else "")
        taken = [*command.params, *(nested.params if nested else ())]
        known = {option for parameter in taken for option in parameter.opts} | {"--help", "-h"}
        assert {word for word in words[1:] if word.startswith("-") and len(word) > 1} <= known, words


@pytest.mark.parametrize("path", DOCS, ids=_name)
def test_every_link_in_the_docs_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_the_readme_shows_figures_of_the_page_on_judge_quality() -> None:
    page = (ROOT / "docs" / "reference" / "judge-quality.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Why this draft?")[2]
    rows = [line for line in readme.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    assert len(rows) > 3
    assert set(rows) <= set(page.splitlines())


def test_the_readme_shows_the_digest_of_the_shipped_crew() -> None:
    """What the README prints of the demo is what the demo's crew is now."""
    digest = Project(ROOT).plan("outreach-email", None).crew_digest
    assert f"crew digest  {digest[:12]}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
