"""Rules for text that a reader of the draft would not see, but a judge does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crewctl.judging.flag import Hit
from crewctl.judging.flag_speech import hints_at_judging

# Tag characters spell text that no reader sees, but for the flags of regions such as Wales; runs of
# variation selectors and of zero-width marks carry bytes.
_REGIONS = re.compile("\U0001f3f4[\U000e0061-\U000e007a]{3,6}\U000e007f")
_SMUGGLED = re.compile(
    "[\U000e0020-\U000e007e]{4,}|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}|[\u200b-\u200d\u2060-\u2064\ufeff]{16,}"
)
_TAG = re.compile(r"<(?:[a-z][a-z0-9]{0,15})(?:[\s/][^<>]{0,600})?>")
_UNSEEN_STYLE = re.compile(
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|font-size\s{0,3}:\s{0,3}[01](?:px|pt|em|%|\b)(?!\.?\d)|"
    r"opacity\s{0,3}:\s{0,3}0(?:\.0\d?)?(?![.\d])|(?<!-)color\s{0,3}[:=]\s{0,3}[\"']?(?:white|#fff(?:fff)?\b|transparent|rgba?\(255)|"
    r"(?:left|top|text-indent)\s{0,3}:\s{0,3}-\d{3,}|\shidden(?=[\s>=/])|(?:height|width)\s{0,3}:\s{0,3}0(?:px)?\s{0,3};[^>]{0,80}overflow"
)
_DEFINITION = re.compile(
    r"^[ \t]{0,3}\[[^\]\n]{1,60}\]:[ \t]{0,9}(?:#|<>|//|about:blank)?[ \t]{0,9}([\"'(][^\n]{0,1000})",
    re.MULTILINE,
)
_ALT = re.compile(r"!\[([^\]\n]{3,400})\]\(")
_ATTRIBUTE = re.compile(
    r"<[a-z][^<>]{0,300}?\s(?:alt|title|aria-label|content|data-[a-z-]{1,20})\s?=\s?[\"']([^\"'<>]{3,400})"
)
_LATEX = re.compile(r"\\(?:text)?color\{white\}|\\phantom\{|\\begin\{comment\}|\\fontsize\{0")
_PERCENT = re.compile(r"^[ \t]{0,9}%[ \t]{0,9}([^\n%]{4,400})$", re.MULTILINE)
_MARKUP = re.compile(r"<!doctype|<html|<body|<div|<svg|<\?xml|```|<template|<head")
_MOST = 2000
_LEAST_WORDS = 3


def smuggled(raw: str) -> bool:
    """Say whether a draft carries text in characters that are not shown at all."""
    return _SMUGGLED.search(_REGIONS.sub("", raw)) is not None


def hidden(text: str) -> Iterator[Hit]:
    """Find hidden pieces of a folded text: blocking if they hint at judging, else a warning."""
    markup = _MARKUP.search(text) is not None
    for rule, start, end in (*_comments(text), *_elements(text), *_definitions(text)):
        piece = text[start:end]
        if hints_at_judging(piece):
            yield Hit("hidden_speech", "block", start, end)
        elif (rule == "html_comment" and not markup) or (
            rule == "hidden_text" and not markup and len(piece.split()) >= _LEAST_WORDS
        ):
            yield Hit(rule, "warn", start, end)


def _comments(text: str) -> Iterator[tuple[str, int, int]]:
    start = text.find("<!--")
    while start >= 0:
        end = text.find("-->", start)
        end = len(text) if end < 0 else end + len("-->")
        yield "html_comment", start, min(end, start + _MOST)
        start = text.find("<!--", end)


def _elements(text: str) -> Iterator[tuple[str, int, int]]:
    for tag in _TAG.finditer(text):
        if _UNSEEN_STYLE.search(tag.group()):
            end = text.find("</", tag.end(), tag.end() + _MOST)
            yield "hidden_text", tag.end(), min(len(text), tag.end() + _MOST) if end < 0 else end
    for start in _LATEX.finditer(text):
        end = text.find("\n\n", start.end(), start.end() + _MOST)
        yield "hidden_text", start.end(), min(len(text), start.end() + _MOST) if end < 0 else end


def _definitions(text: str) -> Iterator[tuple[str, int, int]]:
    for form, rule in (
        (_DEFINITION, "link_text"),
        (_ALT, "link_text"),
        (_ATTRIBUTE, "link_text"),
        (_PERCENT, "latex_comment"),
    ):
        for match in form.finditer(text):
            yield rule, match.start(1), match.end(1)
