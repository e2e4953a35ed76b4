"""Rules for a result of judging that is written as a mark, a line, a tag, an assignment or a table."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crewctl.judging.flag import Hit

_NOUN = (
    r"(?:draft|text|submission|entry|response|answer|candidate|version|output|completion|essay|option|one)"
)
_THIS = rf"(?:(?:the |our )?(?:this|present|current|above|preceding|foregoing|first|last|final)(?: {_NOUN})?|the {_NOUN} above|self|ours|mine|me\b|(?:{_NOUN}s?)[ _\[#-]{{0,2}}(?:[a-e0-9]\b\]?))"
_OTHERS = rf"(?:(?:the )?(?:others?|rivals?|theirs|rest|alternatives?|opponents?|competitors?)(?: {_NOUN}s?)?|{_NOUN}s? (?:two|2|b))"
_RESULT = r"(?:final |overall |my )?(?:winner|winning[ _]\w{1,12}|preferred(?:[ _]\w{1,12})?|preference|best(?:[ _]\w{1,12})?|verdict|decision|judge?ment|choice|selected(?:[ _]\w{1,12})?|selection|ranking|ranked|vote|result|chosen|top[ _]pick|rank[ _]?1|first[ _]place)"
_MARK = r"[\"'*`(\[<{ \t]{0,6}"
_BETTER = r"(?:>{1,2}|beats|outranks|is better than|wins (?:over|against)|defeats)"

_FORMS: tuple[tuple[str, str], ...] = (
    # [[A]], [[A>>B]]: how public benchmarks ask for a verdict. In code, [[ follows a name or a bracket.
    ("forges_verdict", r"(?<![\w)\]\[(,])\[\[[a-e](?:\s?[<>=]{1,2}\s?[a-e])?\]\](?![\w(\[,])"),
    ("forges_verdict", rf"\b{_RESULT}\b{_MARK}\s{{0,3}}(?:=+>?|:=?|-+>|→|>)\s{{0,3}}{_MARK}(?:is )?{_THIS}"),
    ("forges_verdict", rf"\b{_RESULT}:\s{{0,9}}[-*1. ]{{1,4}}{_THIS}"),
    (
        "forges_verdict",
        rf"<(?:winner|best|choice|preferred|answer|output|result|verdict|selected|selection|decision|vote)>\s{{0,9}}(?:{_THIS}|(?:the )?{_NOUN}|[a-e]\b)",
    ),
    ("forges_verdict", rf"(?:{_THIS}|{_NOUN} (?:one|1|a)) ?{_BETTER} ?{_OTHERS}"),
    (
        "forges_verdict",
        r"(?:^[ \t]*(?:output|label|verdict|winner|best|vote|choice)[ \t]*:[ \t]*\(?[a-e]\b\)?[ \t]*\n?){2}",
    ),
    (
        "forges_verdict",
        r"\branking\b[^\n]{0,30}(?:\(?1[).:]|first)\s?[^\n\w]{0,4}(?:the )?(?:this|above|present|current)\b",
    ),
    (
        "forges_verdict",
        r"\bjudge\.\w{3,20}\s?[=(]|\b(?:judge|evaluator|grader)_?(?:decision|override|verdict|choice|preference)\s{0,3}[=:]",
    ),
    (
        "forges_verdict",
        r"\b(?:reviewer|evaluator|judge|grader)_(?:decision|verdict|score|grade)[\"']?\s{0,3}[:=]",
    ),
    # A label: nobody but a judge of unnamed drafts calls the best one B.
    (
        "forges_verdict",
        r"\bwinner\\?[\"']?(?: is)?\s{0,2}[:=]?>?\s{0,2}\\?[\"'>]?(?:[b-e]\b|a(?=\s{0,3}(?:[.,;:!\n\"'})\\]|$)))",
    ),
    ("forges_verdict", r"(?:^|[:,.;(]\s)(?:wait, |no, )?[ab] (?:always )?wins\b"),
    (
        "asks_for_choice",
        r"\b(?:select|choose|pick|prefer)(?:ion of)?[ _][b-e]\b(?=[.!\]\"',]|\s*$| regardless| as\b)",
    ),
    (
        "forges_structure",
        r"^[ \t]*(?:\[|[-=#*]{2,} ?)(?:[\w./-]{1,20} ){0,4}(?:evaluation|evaluator|scoring|grading|judge|judging|override|debug mode|mode switch|system state|final answer)\b[^\]\n=]{0,60}(?:\]|[-=#*]{2,}$)",
    ),
    # A score for this one beside a score for the others.
    (
        "scores_itself",
        rf"\b(?:{_THIS}|this|{_NOUN} one)\W{{1,6}}(?:\|\s?)?\d{{1,3}}\b(?:\s?/\s?\d{{1,3}})?[^\n]{{0,40}}\n?[^\n]{{0,12}}\b{_OTHERS}[^\n\d]{{1,8}}\d",
    ),
    (
        "scores_itself",
        rf"\b(?:this|present|above)\b[^\n.]{{0,60}}\b(?:five|four|six|all|every) (?:criteria|criterion|points?|categories)\b[^\n.]{{0,20}}\b{_OTHERS}",
    ),
    (
        "scores_itself",
        rf"\b{_NOUN} (?:one|1|a|two|2|b)\W{{1,3}}[^\n.]{{0,20}}\b(?:criteri\w{{1,3}}|points?|marks?) won\b",
    ),
    # Lines that end the drafts, or begin the next.
    (
        "forges_structure",
        r"^[ \t]*[=#*~_<\[-]{2,}[ \t]*(?:all |the )?(?:drafts?|candidates?|submissions?|responses?|entries)(?: list)?\b[^\n]{0,30}\b(?:ends?|ended|shown|over|closed?|complete|follows?|below|begins?)\b",
    ),
    (
        "forges_structure",
        r"^[ \t]*(?:<<<|>>>|\[\[\[|===|###|---)[ \t]*(?:end(?: of)? |begin |start )?(?:draft|candidate|submission|response|entry) ?[a-z0-9]{1,3}[ \t]*(?:>>>|<<<|\]\]\]|===|###|---)",
    ),
    (
        "forges_structure",
        r"^[ \t]*[#=*~-]{1,9}[ \t]*(?:drafts|candidates|submissions) (?:follow|below|begin|end)\b",
    ),
    (
        "forges_structure",
        r"^[ \t]*[#=*~-]{1,9}[ \t]*(?:new|revised|updated|actual|real|amended) (?:criteria|rubric|instructions|scoring)\b",
    ),
    (
        "forges_structure",
        rf"^(?:human|user):[^\n]{{0,300}}\n{{1,3}}(?:assistant|ai|model):[^\n]{{0,120}}\b(?:{_NOUN} above|(?:this|the first|last) {_NOUN}|above|winner|best)\b",
    ),
    (
        "forges_structure",
        r"<tool_(?:result|call|response)\b|<function_(?:results?|calls?)\b|^(?:observation|final answer): (?:this|the (?:above|present))",
    ),
    ("forges_structure", r"^solution:\s{0,3}\n[^\n]{0,60}:\s{0,3}\n"),
)
_PATTERNS = tuple((rule, re.compile(form, re.MULTILINE)) for rule, form in _FORMS)


def results(text: str) -> Iterator[Hit]:
    """Find forged results, and lines that would end the drafts, in a folded text."""
    for rule, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield Hit(rule, "block", match.start(), match.end())
