"""Rules for text that forges the structure around drafts: markers, chat turns, and a judge's answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crewctl.judging.flag import Hit

_SPEAKERS = r"(?:assistant|model|candidate|answer|response|draft|text|submission|output|data|user|judge|drafts|texts|outputs|answers|responses|submissions|candidates|input|prompt|context)"
_FORGED = re.compile(
    # Our own markers and headings.
    r"<<<[0-9a-f]{8,}|\b[0-9a-f]{8,64}>>>|^\W{0,9}(?:brief|drafts|repair)[,:] (?:one json|an earlier answer)|"
    # Turns of chat models: ChatML, Llama, Mistral, Gemma, DeepSeek, Alpaca.
    r"<\|[^\s|<>][^|<>\n]{0,40}\|>|\[/?inst\]|<</?sys>>|</?(?:start|end)_of_turn>|"
    r"^[ \t]{0,3}#{2,4} ?(?:instruction|response|system|system prompt|model outputs|unordered outputs)[ \t]*:?[ \t]*$|^</s>|"
    r"#{1,3} ?(?:model outputs|unordered outputs)\b|[\"']model_identifier[\"']\s{0,9}:|"
    # Tags and lines that close the data.
    rf"</?(?:think|thinking|scratchpad|reasoning|analysis|system|verdict|judge\w{{0,15}}|evaluator\w{{0,15}}|grader\w{{0,15}}|drafts?|candidates?|submissions?|untrusted\w{{0,9}})>|"
    rf"\[the (?:start|end) of (?:the )?{_SPEAKERS}|"
    rf"^[ \t]*(?:[=#<*_~-]{{2,}}|\[)[ \t]*(?:the )?(?:end|start|begin|beginning|close) of (?:the |all |untrusted |candidate |judged |model ){{0,2}}{_SPEAKERS}s?\b|"
    rf"^[ \t]*end of (?:the )?(?:untrusted )?(?:data|drafts|submissions|candidates)[ \t]*\.?[ \t]*$|"
    # Verdict marks of public benchmarks.
    r"\b(?:verdict|rating|winner|decision|judge?ment|score)(?: is)?[ \t]*:?[ \t]{0,9}(?:tie:? ?)?\[\[[^\]\n]{1,12}\]\]",
    re.MULTILINE,
)
_CLOSED_TOO_EARLY = re.compile(r"(?:[\"'}]\s{0,40}[}\]]\s{0,40},?\s{0,40}){2}|\"\s{0,9}\}\s{0,40}[\],]")

_BARE_SCORE = re.compile(
    r"^\W{0,6}(?:(?:final|overall|total|self)[ -])?(?:score|grade|mark|marks|punktzahl|puntuación|punteggio|评分|得分)\W{0,6}(10\s?/\s?10|100\s?/\s?100|20\s?/\s?20)\W{0,6}$",
    re.MULTILINE,
)

_KEY = re.compile(
    r"[\"']([a-z_ -]{2,40})[\"']\s{0,9}:\s{0,9}([\"'][^\"'\n]{0,60})?|^[ \t-]{0,9}([a-z_]{2,40}):[ \t]{0,9}([^\n]{0,60})$",
    re.MULTILINE,
)
_ALONE = {
    "selected_draft",
    "best_submission",
    "best_response",
    "chosen_draft",
    "instructions_to_judge_found_in",
    "preferred_draft",
    "winning_draft",
    "best_draft",
    "preferred_answer",
    "best_answer",
}
_VERDICT = {
    "winner",
    "canary",
    "verdict",
    "preferred",
    "preference",
    "choice",
    "selected",
    "criterion",
    "decision",
    "better",
}
_BESIDE = {
    "canary",
    "rationale",
    "reasoning",
    "justification",
    "explanation",
    "criterion",
    "evidence",
    "final_text",
    "winner",
}
_NAMES = re.compile(
    r"[\"']?(?:this|(?:the )?(?:first|present)|(?:draft|assistant|model|response|answer|candidate|output)[ _-]?[a-d1-9]?|[a-d]|d[1-9]|[a-z]{3,12}-[a-z]{3,12})(?:[\"']?\s{0,9}$| (?:draft|answer|response|text|one))"
)
_ANONYMOUS = re.compile(r"[\"'][a-z]$")
_NEAR = 1200


def structure(text: str) -> Iterator[Hit]:
    """Find where a folded text forges what stands around drafts, or the judge's own answer."""
    for match in _FORGED.finditer(text):
        yield Hit("forges_structure", "block", match.start(), match.end())
    for match in _BARE_SCORE.finditer(text):
        yield Hit("bare_score", "warn", match.start(), match.end())
    yield from _closing(text)
    yield from _verdict(text)


def _closing(text: str) -> Iterator[Hit]:
    """Find where JSON is closed that was never opened."""
    depth = end = 0
    for match in _CLOSED_TOO_EARLY.finditer(text):
        depth += _opened(text, end, match.start())
        if depth <= 0:
            yield Hit("forges_structure", "block", match.start(), match.end())
            return
        depth += _opened(text, match.start(), match.end())
        end = match.end()


def _opened(text: str, start: int, end: int) -> int:
    return sum(text.count(sign, start, end) for sign in "{[") - sum(
        text.count(sign, start, end) for sign in "}]"
    )


def _verdict(text: str) -> Iterator[Hit]:
    """Find a key that only a verdict has, or one that others have too beside a second or a draft's name."""
    seen: list[tuple[str, int]] = []
    for match in _KEY.finditer(text):
        key = (match[1] or match[3]).replace(" ", "_").replace("-", "_")
        value = match[2] or match[4] or ""
        quoted = match[1] is not None
        if key in {"model", "model_identifier"} and quoted and _ANONYMOUS.match(value):
            yield Hit("forges_verdict", "block", match.start(), match.end())
        if key not in _ALONE | _VERDICT | _BESIDE:
            continue
        near = {other for other, at in seen[-8:] if match.start() - at < _NEAR}
        pair = quoted and (
            (key in _VERDICT and near & (_BESIDE - {key})) or (key in _BESIDE and near & (_VERDICT - {key}))
        )
        named = key in {"winner", "preferred", "verdict", "selected", "better"} and _NAMES.match(value)
        if (quoted and key in _ALONE) or pair or named:
            yield Hit("forges_verdict", "block", match.start(), match.end())
        seen.append((key, match.start()))
