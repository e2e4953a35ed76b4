"""Read one script of a scripted model, strictly: every mistake has its place and says what fits."""

from __future__ import annotations

from typing import Any, NamedTuple

from crewctl.catalogue.kinds import SCRIPT
from crewctl.catalogue.read_yaml import read_yaml
from crewctl.catalogue.specs.script_spec import KINDS, Script
from crewctl.catalogue.validation import Item, validate
from crewctl.catalogue.wording import called, listed
from crewctl.catalogue.yaml_source import YamlSource
from crewctl.diagnostics.problem import Problem
from crewctl.errors import InvalidError

_HELP = "write turns: and the list of turns below it"


class ReadScript(NamedTuple):
    """A script as it was read; `script` is None when something is wrong with it."""

    source: YamlSource
    script: Script | None
    problems: tuple[Problem, ...]


def read_script(file: str, content: bytes) -> ReadScript:
    """Return what `content` says; `file` is its name in problems."""
    reading = read_yaml(file, content)
    problems = reading.problems
    if problems:
        return ReadScript(reading.source, None, tuple(problems))
    data = reading.source.data
    if not isinstance(data, dict):
        return ReadScript(reading.source, None, (_headless(reading.source, data),))
    script = validate(Item(reading.source, SCRIPT, file, (), data), Script, problems)
    return ReadScript(reading.source, script, tuple(problems))


def parse_script(text: str, file: str = "script") -> Script:
    """Return the script that `text` holds; InvalidError names the first mistake with its place."""
    read = read_script(file, text.encode("utf-8", "replace"))
    if read.script is None or read.problems:
        first = min(read.problems, key=lambda problem: problem.span)
        hint = f" ({first.label})" if first.label else ""
        place = f"{first.span.file}:{first.span.line}:{first.span.column}"
        raise InvalidError(f"{place}: {first.message}{hint}", help=first.help or _HELP)
    return read.script


def _headless(source: YamlSource, data: Any) -> Problem:
    # A bare list of turns would do, but a key leaves room for more; say so rather than accept both.
    rule = "empty-file" if data is None else "list-file"
    given = "nothing is written here" if data is None else f"{called(data)} starts here"
    said = "a script begins with the key 'turns'"
    return Problem(source.place(()), rule, said, given, f"{_HELP}, each with one of {listed(KINDS)}")
