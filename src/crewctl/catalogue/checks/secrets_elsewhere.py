"""No file holds a secret: keys come from the environment, by name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.diagnostics.problem import Problem
from crewctl.diagnostics.span import Span

_SECRET = re.compile(
    rb"(?<![\w-])(?:sk-[A-Za-z0-9_-]{20,}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abpr]-[A-Za-z0-9-]{20,}"
    rb"|AIza[0-9A-Za-z_-]{35})(?![\w-])|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^\s/:@]{1,200}:[^\s/@${}]{1,200}@"
    # An address whose scheme was forgotten.
    rb"|(?<=base_url: )[\"']?[^\s/:@\"']{1,200}:[^\s/@${}]{1,200}@"
)

# Looked for first: a regular expression over every byte of a large catalogue takes its time.
_STARTS = (
    b"sk-",
    b"AKIA",
    b"ghp_",
    b"gho_",
    b"ghu_",
    b"ghs_",
    b"ghr_",
    b"xox",
    b"AIza",
    b"-----BEGIN",
    b"://",
    b"base_url: ",
)


def secrets_elsewhere(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for everything in a YAML file that looks like a key; it is never shown."""
    for file, source in draft.catalogue.sources.items():
        if not any(start in source.content for start in _STARTS):
            continue
        for match in _SECRET.finditer(source.content):
            if _is_judged_elsewhere(source.content, match.start()):
                continue
            yield Problem(
                _span(file, source.content, match),
                "literal-secret",
                "this looks like a secret, and secrets do not stand in files",
                "not shown",
                "write ${env:NAME} where a model takes a key, and withdraw this one: it has been in a file",
            )


def _is_judged_elsewhere(content: bytes, at: int) -> bool:
    """Tell whether the model's own spec refuses it already: an api_key takes a reference only."""
    return b"api_key" in content[content.rfind(b"\n", 0, at) + 1 : at]


def _span(file: str, content: bytes, match: re.Match[bytes]) -> Span:
    start = content.rfind(b"\n", 0, match.start()) + 1
    column = len(content[start : match.start()].decode("utf-8", errors="replace")) + 1
    return Span(file, content.count(b"\n", 0, match.start()) + 1, column, match.end() - match.start())
