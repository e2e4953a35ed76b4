"""Marks in a draft that it speaks to its judge: what carries a blocking one may not win unseen.

Swapping orders is no defence against such texts, and a judge they work on does not report them, so the
host looks for itself. The rules are few and narrow: a false flag costs a person's time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from crewctl.judging.port import Frozen

MOST_FLAGS = 20
"""Flags kept for one draft; what has more is no better understood by them."""


class Flag(Frozen):
    """One suspicious place in the shown text; `offset` and `length` are in characters.

    ``block`` means that the draft may not be selected without a person; ``warn`` is only written down.
    """

    rule: str
    severity: Literal["warn", "block"]
    offset: int
    length: int


_JUDGE = r"(?:judges?|evaluators?|graders?|assessors?|raters?)"
_WORK = r"(?:draft|answer|response|text|output|submission|entry|candidate|version)"
_ORDERS = r"(?:instructions?|rubrics?|criteria|criterion|rules?|prompts?|guidelines?|drafts?|outputs?)"

_BLOCK: Mapping[str, str] = {
    "addresses_judge": rf"\b(?:dear|attention|hey|hello|notes? (?:to|for)|message (?:to|for)|instructions? (?:to|for))"
    rf"[,:]? (?:the |all |our |any )?(?:ai |llm |model )?{_JUDGE}\b|^\W*{_JUDGE}\s*[,:]|"
    rf"\byou(?:,| are) (?:the|an?) (?:impartial |fair |blind |ai )?{_JUDGE}\b",
    "revokes_instructions": r"\b(?:ignore|disregard|forget|override|bypass|do not (?:follow|apply|use))\b"
    rf"[^.\n]{{0,30}}\b(?:(?:previous|prior|above|earlier|preceding|your|judging|scoring|grading|the)\s+)+{_ORDERS}\b|"
    rf"\b(?:ignore|disregard|forget) (?:everything|all|anything) (?:above|before|said)\b|\bnew (?:system )?rubric\s*:",
    "claims_verdict": rf"\b(?:this|my|the (?:first|second|present)) {_WORK} (?:is|should be|must be|has been|deserves to be) "
    r"(?:the |declared |named |judged |ranked |rated )*(?:winner|winning|selected|chosen|preferred|best one|first)\b|"
    rf"\b(?:select|choose|pick|prefer|rank|rate|score) this {_WORK}\b|"
    rf"\b(?:give|award|assign) (?:this {_WORK}|it|me) (?:the |a )?(?:highest|maximum|full|perfect|top|best) (?:score|marks|points|rating)\b|"
    r"[\"'](?:winner|selected_draft|canary)[\"']\s*:",
    "forges_structure": r"<<<[0-9a-f]{8,}|[0-9a-f]{8,}>>>|<\|?(?:im_start|im_end|endoftext|system|assistant)\|?>|"
    r"\[/?INST\]|</?(?:think|system|drafts?|verdict)>|^\W*## ?(?:Model Outputs|Instruction|Unordered outputs)\b|"
    r"[\"']model_identifier[\"']\s*:|^\W*(?:BRIEF|DRAFTS|REPAIR)[,:] one JSON",
}
_WARN: Mapping[str, str] = {"html_comment": r"<!--"}

_RULES: tuple[tuple[str, Literal["warn", "block"], re.Pattern[str]], ...] = (
    *((rule, "block", re.compile(form, re.IGNORECASE | re.MULTILINE)) for rule, form in _BLOCK.items()),
    *((rule, "warn", re.compile(form)) for rule, form in _WARN.items()),
)
# Tag characters spell text that no reader sees, but for the flags of regions such as Wales.
_REGIONS = re.compile("\U0001f3f4[\U000e0061-\U000e007a]{3,6}\U000e007f")
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")


def flags_of(raw: str, shown: str) -> tuple[Flag, ...]:
    """Return the suspicious places of a draft, in the order of the text."""
    found = [
        Flag(rule=rule, severity=severity, offset=match.start(), length=len(match.group()))
        for rule, severity, form in _RULES
        for match in form.finditer(shown)
    ]
    if _TAGS.search(_REGIONS.sub("", raw)):
        found.append(Flag(rule="hidden_text", severity="block", offset=0, length=0))
    return tuple(sorted(found, key=lambda flag: (flag.severity == "warn", flag.offset))[:MOST_FLAGS])
