"""libyaml's parser with crewctl's own idea of what a plain scalar means: YAML 1.2's core schema."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import yaml
from yaml._yaml import CParser

_CONSTANTS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_STARTS = frozenset("0123456789+-.")
LONGEST_NUMBER = 18


class BadNumberError(ValueError):
    """A number that no field takes: infinite, not a number, or too long to be meant."""


class NodeParser(CParser):
    """libyaml's composer without PyYAML's YAML 1.1 guesses; a tag is empty unless it was written."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """Say nothing about the type: the builder looks at the text and its quotes."""
        del kind, value, implicit
        return ""

    def descend_resolver(self, node: yaml.Node | None, index: Any) -> None:
        """Do nothing: there are no path resolvers."""

    def ascend_resolver(self) -> None:
        """Do nothing: there are no path resolvers."""


@lru_cache(maxsize=64)
def composed(content: bytes) -> yaml.Node | None:
    """Return the node tree of content that has been read without a problem, for places."""
    node: yaml.Node | None = NodeParser(content).get_single_node()
    return node


def plain(text: str) -> str | int | float | bool | None:
    """Return what an unquoted scalar means; BadNumberError for a number nobody means."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return _number(text) if text[0] in _NUMBER_STARTS else text


def _number(text: str) -> str | int | float:
    if _INTEGER.fullmatch(text):
        _refuse_long(text)
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        _refuse_long(text)
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        _refuse_long(text)
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise BadNumberError("a number must be finite")
        return number
    if _NOT_FINITE.fullmatch(text):
        raise BadNumberError("a number must be finite")
    return text


def _refuse_long(text: str) -> None:
    if len(text) > LONGEST_NUMBER:
        msg = f"a number must have at most {LONGEST_NUMBER} characters"
        raise BadNumberError(msg)
