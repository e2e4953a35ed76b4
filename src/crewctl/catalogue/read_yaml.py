"""Read one YAML file strictly: the same bytes mean one thing to every reader, and to a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from crewctl.catalogue import yaml_caps
from crewctl.catalogue.yaml_errors import syntax_problem
from crewctl.catalogue.yaml_nodes import BadNumberError, NodeParser, plain
from crewctl.catalogue.yaml_source import YamlSource
from crewctl.diagnostics.problem import Problem, Related
from crewctl.diagnostics.span import Span
from crewctl.diagnostics.visible import HIDDEN, visible

_BOM = "\ufeff"
_HIDDEN_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")


@dataclass
class Reading:
    """A file's source and what was wrong with it; `source.data` is None when nothing can be used."""

    source: YamlSource
    problems: list[Problem] = field(default_factory=list)


def read_yaml(file: str, content: bytes) -> Reading:
    """Return what `content` says; `file` is its name in problems, relative to the project."""
    unreadable = Reading(YamlSource(file, content, None))
    if len(content) > yaml_caps.MOST_BYTES:
        unreadable.problems.append(yaml_caps.too_big(file))
        return unreadable
    unreadable.problems += _not_text(file, content)
    if not unreadable.problems:
        try:
            return _read(file, content, unreadable)
        except yaml.YAMLError as error:
            unreadable.problems.append(syntax_problem(file, error, content))
    return unreadable


def _read(file: str, content: bytes, unreadable: Reading) -> Reading:
    if yaml_caps.needs_scan(content):
        unreadable.problems += yaml_caps.scan(file, content)
        if unreadable.problems:
            return unreadable
    node = NodeParser(content).get_single_node()
    builder = _Builder(file, content)
    data = None if node is None else builder.build(node, 1)
    if builder.stopped:
        data = None
    return Reading(YamlSource(file, content, data), builder.problems)


def _not_text(file: str, content: bytes) -> Iterator[Problem]:
    """Yield what keeps the bytes from being text that a reviewer sees as it is."""
    if content.isascii():
        if _HIDDEN_BYTES.search(content):
            yield from _hidden(file, content.decode("ascii"))
        return
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        start = content.rfind(b"\n", 0, error.start) + 1
        column = len(content[start : error.start].decode("utf-8", errors="replace")) + 1
        yield Problem(
            Span(file, line, column),
            "not-utf8",
            "the file is not UTF-8 text",
            f"byte 0x{content[error.start]:02x} does not belong here",
            "save the file as UTF-8",
        )
        return
    yield from _hidden(file, text.removeprefix(_BOM))


def _hidden(file: str, text: str) -> Iterator[Problem]:
    for match in HIDDEN.finditer(text):
        if match.group() == "\r" and text[match.end() : match.end() + 1] == "\n":
            continue
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        yield _hidden_character(Span(file, line, column), match.group())
        return


def _hidden_character(span: Span, character: str) -> Problem:
    return Problem(
        span,
        "hidden-character",
        f"the hidden character {visible(character)} makes the text read differently from what it is",
        "a reviewer cannot see it",
        "delete the character; text that needs it goes through an input",
    )


class _Builder:
    """Turns nodes into dicts, lists and scalars, and collects what is wrong on the way."""

    def __init__(self, file: str, content: bytes) -> None:
        self.problems: list[Problem] = []
        self.stopped = False
        self._place = YamlSource(file, content, None)
        self._nodes = 0

    def build(self, node: yaml.Node, depth: int) -> Any:
        """Return the value of `node`, which stands `depth` levels down."""
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        # A mapping has a key for every value.
        self._nodes += len(node.value) * (2 if isinstance(node, yaml.MappingNode) else 1)
        if depth > yaml_caps.DEEPEST or self._nodes > yaml_caps.MOST_NODES:
            return self._stop(node, deep=depth > yaml_caps.DEEPEST)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, depth + 1) for item in node.value]
        return self._mapping(node, depth)

    def _mapping(self, node: yaml.Node, depth: int) -> dict[str, Any]:
        built: dict[str, Any] = {}
        keys: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                continue
            value = self.build(value_node, depth + 1)
            if key in keys:
                self._duplicate(key, keys[key], key_node)
                continue
            keys[key] = key_node
            built[key] = value
        return built

    def _key(self, node: yaml.Node) -> str | None:
        if isinstance(node, yaml.ScalarNode):
            key = self._scalar(node)
            if key == "<<" and not node.style:
                label = "takes keys from elsewhere"
                self._report(
                    node, "merge-key", "the merge key '<<' is not allowed", label, "write the keys out here"
                )
                return None
            if isinstance(key, str):
                return key
            said = "nothing" if key is None else f"'{node.value}'"
        else:
            said = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
        self._report(node, "key-not-text", f"a key is text, not {said}", "not text", "put the key in quotes")
        return None

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.style:
            if node.style == '"' and (hidden := HIDDEN.search(node.value)):
                self.problems.append(_hidden_character(self._place.span_of(node), hidden.group()))
            return node.value
        try:
            return plain(node.value)
        except BadNumberError as error:
            self._report(
                node,
                "bad-number",
                f"{error}",
                "not a number to reckon with",
                "put it in quotes if it is text",
            )
            return 1

    def _duplicate(self, key: str, first: yaml.Node, second: yaml.Node) -> None:
        self.problems.append(
            Problem(
                self._place.span_of(second),
                "duplicate-key",
                f"the key '{key}' is given twice",
                "the second one",
                "keep one of the two",
                (Related(self._place.span_of(first), f"'{key}' is first given here"),),
            )
        )

    def _stop(self, node: yaml.Node, *, deep: bool) -> None:
        if not self.stopped:
            make = yaml_caps.too_deep if deep else yaml_caps.too_many
            self.problems.append(make(self._place.span_of(node)))
        self.stopped = True

    def _report(self, node: yaml.Node, rule: str, message: str, label: str, help_line: str) -> None:
        self.problems.append(Problem(self._place.span_of(node), rule, message, label, help_line))
