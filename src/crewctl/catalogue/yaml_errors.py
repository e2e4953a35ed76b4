"""What libyaml complains about, said so that the author of a file can mend it."""

from __future__ import annotations

import re

import yaml

from crewctl.diagnostics.problem import Problem, Related
from crewctl.diagnostics.span import Span

_QUOTE = "put the whole text in quotes"
_OPENS_WITH_BRACE = re.compile(r"[^#'\"]*?: +\{[^{}]*\}\s*[^\s#,]")
# What libyaml says -> what to say instead, and what to do about it.
_WORDS: dict[str, tuple[str, str]] = {
    "mapping values are not allowed in this context": (
        "a colon and a space start a value, and there is one already",
        f"{_QUOTE} when it contains ': ', or check the indentation",
    ),
    "found character that cannot start any token": (
        "this character cannot start a value",
        _QUOTE,
    ),
    "found unexpected end of stream": ("the file ends inside quotes", "close the quotes"),
    "could not find expected ':'": ("a key without its colon", "write the key as 'key: value'"),
    "did not find expected key": (
        "this line does not fit where it stands",
        "indent it like its neighbours; put text with quotes in it into a block (key: |)",
    ),
    "did not find expected ',' or '}'": ("a { without its }", "close the bracket, or put the text in quotes"),
    "did not find expected ',' or ']'": ("a [ without its ]", "close the bracket, or put the text in quotes"),
    "did not find expected node content": ("a value is missing here", "write a value, or close the bracket"),
    "did not find expected '-' indicator": (
        "this line does not belong to the list",
        "indent it like the list",
    ),
    "found a tab character that violates indentation": ("a tab indents here", "indent with spaces"),
    "text after the } of a value": (
        "a value that starts with { is a mapping, and text follows its }",
        f"{_QUOTE} when it starts with a placeholder",
    ),
    "found undefined alias": ("an alias of nothing", "write the value out; aliases are not allowed"),
}


def syntax_problem(file: str, error: yaml.YAMLError, content: bytes) -> Problem:
    """Return the one problem of a file that is not YAML."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem(Span(file, 1, 1), "yaml-syntax", "this is not YAML", help="check the file's encoding")
    problem = str(error.problem)
    span = _span(file, error.problem_mark)
    if problem == "but found another document":
        return _second_document(span)
    if problem == "found character that cannot start any token" and _is_tab(content, error.problem_mark):
        problem = "found a tab character that violates indentation"
    if problem == "did not find expected key" and _OPENS_WITH_BRACE.match(_line(content, error.problem_mark)):
        problem = "text after the } of a value"
    words, help_line = _WORDS.get(problem, (problem, _QUOTE + " or check the indentation"))
    related: tuple[Related, ...] = ()
    if error.context_mark is not None and error.context_mark.line != error.problem_mark.line:
        related = (Related(_span(file, error.context_mark), f"{error.context}"),)
    return Problem(span, "yaml-syntax", f"this is not YAML: {words}", "here", help_line, related)


def _second_document(span: Span) -> Problem:
    return Problem(
        span._replace(width=3),
        "one-document",
        "a second document starts here",
        "a file is one document",
        "take the line of dashes away, or move what follows into a file of its own",
    )


def _is_tab(content: bytes, mark: yaml.Mark) -> bool:
    return _line(content, mark)[mark.column : mark.column + 1] == "\t"


def _line(content: bytes, mark: yaml.Mark) -> str:
    lines = content.split(b"\n")
    line = lines[mark.line] if mark.line < len(lines) else b""
    return line.decode("utf-8", errors="replace").removeprefix("\ufeff")


def _span(file: str, mark: yaml.Mark) -> Span:
    return Span(file, mark.line + 1, mark.column + 1)
