"""Problems as text for people, as JSON for programs and as annotations for GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from crewctl.diagnostics.problem import Problem, Severity
from crewctl.diagnostics.snippet import snippet
from crewctl.diagnostics.span import Span
from crewctl.diagnostics.visible import one_line

Format = Literal["text", "concise", "json", "github"]


def render(problems: Iterable[Problem], sources: Mapping[str, bytes], format: Format = "text") -> str:  # noqa: A002 - the word users see
    """Return `problems` in `format`; `sources` holds the content of the files they are in.

    The text is safe to print: whatever came from a file has its hidden characters spelled out.
    """
    return _FORMATS[format](list(problems), sources)


def _text(problems: list[Problem], sources: Mapping[str, bytes]) -> str:
    return "\n".join("\n".join(_lines(problem, sources)) + "\n" for problem in problems)


def _lines(problem: Problem, sources: Mapping[str, bytes]) -> list[str]:
    lines = [_headline(problem)]
    margin = "  "
    if problem.label:
        shown = snippet(problem.span, one_line(problem.label), sources.get(problem.span.file))
        lines += shown
        margin = " " * (len(str(problem.span.line)) + 1) if shown else margin
    lines += [f"{margin}> {_place(also.span)}: {one_line(also.message)}" for also in problem.related]
    if problem.help:
        lines.append(f"{margin}= help: {one_line(problem.help)}")
    return lines


def _concise(problems: list[Problem], _: Mapping[str, bytes]) -> str:
    return "".join(f"{_headline(problem)}\n" for problem in problems)


def _json(problems: list[Problem], _: Mapping[str, bytes]) -> str:
    # ASCII only: an escape sequence in a file's name or value must not reach a terminal this way.
    return json.dumps([as_data(problem) for problem in problems], indent=2) + "\n"


def _github(problems: list[Problem], _: Mapping[str, bytes]) -> str:
    return "".join(f"{_annotation(problem)}\n" for problem in problems)


def _headline(problem: Problem) -> str:
    kind = "warning: " if problem.severity is Severity.WARNING else ""
    return f"{_place(problem.span)}: {kind}{one_line(problem.message)} [{problem.rule}]"


def _place(span: Span) -> str:
    return f"{one_line(span.file)}:{span.line}:{span.column}"


def as_data(problem: Problem) -> dict[str, object]:
    """Return a problem as data, with the keys that every format of data has."""
    return {
        **problem.span._asdict(),
        "severity": problem.severity.value,
        "rule": problem.rule,
        "message": problem.message,
        "label": problem.label,
        "help": problem.help,
        "related": [{**also.span._asdict(), "message": also.message} for also in problem.related],
    }


def _annotation(problem: Problem) -> str:
    span = problem.span
    where = (
        f"file={_property(span.file)},line={span.line},col={span.column},endColumn={span.column + span.width}"
    )
    said = problem.message + (f"\nhelp: {problem.help}" if problem.help else "")
    text = "%0A".join(_escaped(one_line(line)) for line in said.split("\n"))
    return f"::{problem.severity.value} {where},title={_property(problem.rule)}::{text}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(one_line(text)).replace(":", "%3A").replace(",", "%2C")


_FORMATS: dict[Format, Callable[[list[Problem], Mapping[str, bytes]], str]] = {
    "text": _text,
    "concise": _concise,
    "json": _json,
    "github": _github,
}
