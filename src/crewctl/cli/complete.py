"""Answers a shell's questions about crew names, inputs, run ids, statements and rules; never fails and imports little."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import click

_INPUT = re.compile(r"^  ([A-Za-z_][A-Za-z0-9_-]*):", re.MULTILINE)
_KEY = re.compile(r"^([A-Za-z0-9_-]+):", re.MULTILINE)

Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def project_root(context: click.Context) -> Path | None:
    """Find the project by looking for its folders alone."""
    root_parameters = context.find_root().params
    explicit = root_parameters.get("project") or os.environ.get("CREWCTL_PROJECT")
    start = Path(explicit) if explicit else Path.cwd()
    for folder in (start, *start.resolve().parents):
        if (folder / "crews").is_dir() and (folder / "config").is_dir():
            return folder
    return None


def _completer(names: Callable[[Path, click.Context], Sequence[str]]) -> Completer:
    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        root = project_root(context)
        try:
            found = names(root, context) if root is not None else ()
        except OSError:
            # A shell shows whatever is printed here in the middle of the prompt: better nothing.
            return []
        return [name for name in found if name.startswith(incomplete)]

    return complete


def _crews(root: Path, _: click.Context) -> list[str]:
    return sorted(path.stem for path in (root / "crews").glob("*.yaml"))


def _runs(root: Path, _: click.Context) -> list[str]:
    folder = root / ".crewctl" / "runs"
    return sorted((path.name for path in folder.iterdir()), reverse=True)[:200] if folder.is_dir() else []


def _inputs(root: Path, context: click.Context) -> list[str]:
    # Behind an option that waits for its value the shell's words are not parsed to their end.
    words = [word for word in context.args if not word.startswith("-")]
    crew = context.params.get("crew") or next(iter(words), "")
    if not isinstance(crew, str) or "/" in crew:
        return []
    text = (root / "crews" / f"{crew}.yaml").read_text(encoding="utf-8", errors="replace")
    block = re.search(r"^inputs:\n((?:[ ].*\n|\n|#.*\n)*)", text, re.MULTILINE)
    return [f"{name}=" for name in _INPUT.findall(block.group(1))] if block else []


def _everything(root: Path, context: click.Context) -> list[str]:
    names = set(_crews(root, context))
    for kind in ("agents", "tasks", "models"):
        path = root / "config" / f"{kind}.yaml"
        if path.is_file():
            names.update(_KEY.findall(path.read_text(encoding="utf-8", errors="replace")))
    return sorted(names)


def _agents(root: Path, _: click.Context) -> list[str]:
    return sorted(
        _KEY.findall((root / "config" / "agents.yaml").read_text(encoding="utf-8", errors="replace"))
    )


def _rubrics(root: Path, _: click.Context) -> list[str]:
    return sorted(path.stem for path in (root / "registry" / "rubrics").glob("*.yaml"))


def complete_rules(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a rule of ``check``."""
    from crewctl.catalogue.rules import RULES  # noqa: PLC0415 - only a shell's question needs it

    return [rule for rule in sorted(RULES) if rule.startswith(incomplete)]


def _statements(root: Path, context: click.Context) -> list[str]:
    crew = str(context.params.get("crew") or "")
    # <crew>-<day>-<id>.json, and once it is revoked <crew>-<day>-<id>-revoked.json beside it.
    named = re.compile(rf"{re.escape(crew)}-[0-9]{{8}}-([0-9a-f]+)(-revoked)?\.json")
    folder = root / "registry" / "approvals"
    found = [named.fullmatch(path.name) for path in folder.iterdir()] if folder.is_dir() else []
    taken_back = {match.group(1) for match in found if match and match.group(2)}
    return sorted({match.group(1) for match in found if match} - taken_back)


def _drafts(root: Path, context: click.Context) -> list[str]:
    words = [word for word in context.args if not word.startswith("-")]
    run = str(context.params.get("run") or next(iter(words), ""))
    files = sorted((root / "registry" / "reports").glob("*/*.json"), key=lambda path: path.stem)
    meant = [path for path in files if run == "last" or (run and path.stem.startswith(run))]
    if not meant:
        return []
    try:
        verdict = json.loads(meant[-1].read_bytes())["verdict"]
        return [str(each["id"]) for each in verdict["candidates"] if each["status"] == "eligible"]
    except (ValueError, KeyError, TypeError):
        return []


def _places(root: Path, _: click.Context) -> list[str]:
    tasks = (root / "config" / "tasks.yaml").read_text(encoding="utf-8", errors="replace")
    return ["judging", *_KEY.findall(tasks)]


complete_crews = _completer(_crews)
complete_places = _completer(_places)
complete_drafts = _completer(_drafts)
complete_agents = _completer(_agents)


def complete_panel(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the last of several agents with commas between them."""
    before, comma, last = incomplete.rpartition(",")
    taken = before.split(",")
    names = complete_agents(context, parameter, last)
    return [f"{before}{comma}{name}" for name in names if name not in taken]


complete_rubrics = _completer(_rubrics)
complete_runs = _completer(_runs)
complete_inputs = _completer(_inputs)
complete_statements = _completer(_statements)
complete_names = _completer(_everything)
