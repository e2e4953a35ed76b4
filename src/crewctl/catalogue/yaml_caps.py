"""What a YAML file may not hold whatever it says: too much of it, or the parts of YAML that mislead."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from crewctl.catalogue.yaml_nodes import NodeParser
from crewctl.diagnostics.problem import Problem
from crewctl.diagnostics.span import Span

MOST_BYTES = 256 * 1024
MOST_NODES = 20_000
DEEPEST = 32

_SAFE_TO_RECURSE = 300
# A block collection opens only among the spaces, dashes, question marks and colons that begin a
# line, and two levels can share a column (a list under its key); a flow collection has a bracket.
_LINE_START = re.compile(rb"^[ ?:-]*", re.MULTILINE)
_SUSPICIOUS = re.compile(rb"(?:^|[\s\[\]{},:?-])[&*!](?=\S)|[\[{,]!|!\s|^%", re.MULTILINE)


def needs_scan(content: bytes) -> bool:
    """Whether `content` might hold an anchor, alias, tag or directive, or nest too deep to recurse."""
    if _SUSPICIOUS.search(content):
        return True
    brackets = content.count(b"[") + content.count(b"{")
    indent = max(map(len, _LINE_START.findall(content)), default=0)
    return brackets + 2 * indent > _SAFE_TO_RECURSE


def scan(file: str, content: bytes) -> Iterator[Problem]:
    """Walk the events of `content`, without recursion, and yield what may not be there.

    Stops at the first cap that is broken. YAMLError comes through as it is.
    """
    parser = NodeParser(content)
    depth = nodes = 0
    while parser.check_event():
        event = parser.get_event()
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        span = _span(file, event)
        nodes += 1
        depth += isinstance(event, yaml.CollectionStartEvent)
        if depth > DEEPEST or nodes > MOST_NODES:
            yield too_deep(span) if depth > DEEPEST else too_many(span)
            return
        yield from _misleading(event, span)


def _span(file: str, event: yaml.Event) -> Span:
    mark = event.start_mark
    return Span(file, mark.line + 1, mark.column + 1) if mark is not None else Span(file, 1, 1)


def too_deep(span: Span) -> Problem:
    """Return the problem of a value that stands too many levels down."""
    return Problem(
        span,
        "too-deep",
        f"values are nested more than {DEEPEST} levels deep",
        "here it gets too deep",
        "flatten the file; nothing that crewctl reads needs such depth",
    )


def too_many(span: Span) -> Problem:
    """Return the problem of a file with too many values."""
    return Problem(
        span,
        "too-many-values",
        f"the file holds more than {MOST_NODES:,} values",
        "the rest is not read",
        "split the file, or move long lists out of it",
    )


def too_big(file: str) -> Problem:
    """Return the problem of a file with too many bytes."""
    return Problem(
        Span(file, 1, 1),
        "file-too-big",
        f"the file is larger than {MOST_BYTES // 1024} KiB",
        help="split the file, or move long texts out of it",
    )


def _misleading(event: yaml.NodeEvent, span: Span) -> Iterator[Problem]:
    anchor = event.anchor or ""
    if isinstance(event, yaml.AliasEvent):
        wide = span._replace(width=len(anchor) + 1)
        yield Problem(
            wide,
            "no-anchors",
            f"the alias '*{anchor}' is not allowed",
            "write the value out here",
            "write the value out wherever it is used, or put text that starts with * in quotes",
        )
    elif anchor:
        wide = span._replace(width=len(anchor) + 1)
        yield Problem(
            wide,
            "no-anchors",
            f"the anchor '&{anchor}' is not allowed",
            "take the anchor away",
            "write the value out wherever it is used, or put text that starts with & in quotes",
        )
    tag = getattr(event, "tag", None)
    if tag:
        yield Problem(
            span,
            "no-tags",
            f"the tag '{_as_written(tag)}' is not allowed",
            "take the tag away",
            "write the plain value, or put text that starts with ! in quotes",
        )


def _as_written(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
