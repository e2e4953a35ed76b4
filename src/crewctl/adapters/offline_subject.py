"""What a text is to be about: whom it addresses, which names and points it must take up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from crewctl.adapters import offline_text as prose
from crewctl.adapters.offline_prompt import Reading

Form = Literal["letter", "json", "list", "report"]
Voice = Literal["question", "story", "direct", "careful", "warm"]

_FORMS: tuple[tuple[Form, re.Pattern[str]], ...] = (
    ("json", re.compile(r"\bJSON\b")),
    ("letter", re.compile(r"\be-?mail\b|\bletter\b|\bmessage to\b|\boutreach\b", re.IGNORECASE)),
    ("list", re.compile(r"\b(bullet|bulleted|list of|checklist|numbered)\b", re.IGNORECASE)),
)
_VOICES: tuple[tuple[Voice, re.Pattern[str]], ...] = (
    ("question", re.compile(r"\bquestions?\b|\bask(s|ing)?\b|\bcurious\b|\bcuriosity\b", re.IGNORECASE)),
    ("story", re.compile(r"\bstor(y|ies)\b|\bscenes?\b|\bnarrat\w+|\banecdotes?\b", re.IGNORECASE)),
    (
        "direct",
        re.compile(r"\bdirect(ly)?\b|\bblunt\b|\bplain(ly)?\b|\bconcise\b|\bto the point\b", re.IGNORECASE),
    ),
    (
        "careful",
        re.compile(r"\b(legal|lawyer|risks?|audit\w*|careful\w*|complian\w+|counsel)\b", re.IGNORECASE),
    ),
    ("warm", re.compile(r"\bwarm\w*|\bempath\w+|\bfriendly\b|\bpersonal\w*", re.IGNORECASE)),
)
_ADDRESSEE = re.compile(
    r"\b(?:e-?mail|letter|message|note|write|reply)s?\b[^.\n]{0,60}?\bto (?P<name>[^\s,.;:]+)", re.IGNORECASE
)
_PLACE = re.compile(
    r"\b(?:at|about|for|of|on|with|Research|research|assess|Assess) "
    r"(?P<name>[^\s,.;:]+(?: [^\s,.;:]+){1,2}(?=[,.;:\n]|$)|[^\s,.;:]+(?: [A-Z0-9][\w&.'-]*)*)"
)
_LEAD_IN = re.compile(
    r"^(?:(?:The material says|Already established|To build on|What follows from this): )+", re.IGNORECASE
)
"""What an earlier author said before quoting: it would pile up from task to task."""
_NOT_NAMES = frozenset(
    prose.words("the a an this that each every all any their its our your about least most")
)


@dataclass(frozen=True)
class Subject:
    """`about` is the main name or phrase; `points` what to say something about; `facts` what is known."""

    form: Form
    voice: Voice
    about: str
    addressee: str
    points: tuple[str, ...]
    facts: tuple[str, ...]


def subject_of(reading: Reading) -> Subject:
    """Work out from the prompt what the text is to be about."""
    asked = f"{reading.task}\n{reading.expected}"
    addressee = _addressee(reading.task)
    about = _about(reading, addressee)
    return Subject(
        form=next((form for form, sign in _FORMS if sign.search(asked)), "report"),
        voice=_voice(reading),
        about=about,
        addressee=addressee,
        points=tuple(_points(reading)),
        facts=tuple(_facts(reading, about)),
    )


def _voice(reading: Reading) -> Voice:
    for text in (reading.author.role, reading.author.goal, reading.author.backstory):
        for voice, sign in _VOICES:
            if sign.search(text):
                return voice
    voices = [voice for voice, _ in _VOICES]
    return voices[prose.digest("voice", reading.person) % len(voices)]


def _addressee(task: str) -> str:
    found = _ADDRESSEE.search(task)
    return found["name"].strip("'\"") if found and found["name"].lower() not in _NOT_NAMES else ""


def _about(reading: Reading, addressee: str) -> str:
    nobody = {addressee, reading.author.role}
    for name in prose.names(reading.task):
        if name not in nobody:
            return name
    for found in _PLACE.finditer(reading.task):
        if found["name"].lower().split()[0] not in _NOT_NAMES and found["name"] != addressee:
            return found["name"].strip("'\"")
    told = [name for text in (*reading.context, *reading.tool_results) for name in prose.names(text)]
    first = prose.sentences(reading.task)[:1] or ["the task"]
    return next((name for name in told if name != addressee), " ".join(first[0].split()[:8]).strip(" .:"))


def _points(reading: Reading) -> list[str]:
    told = [head for text in reading.context for head in prose.headings(text)]
    found = prose.points(reading.task) or told or prose.points(reading.expected)
    kept = [point for point in found if not re.match(r"(no|not|never|without|at)\b", point, re.IGNORECASE)]
    return [prose.lower_first(point) for point in kept][:6] or ["the work ahead"]


def _facts(reading: Reading, about: str) -> list[str]:
    """Return sentences of the context and of tools: those with the main name first, then by author."""
    told = [_below_headings(text) for text in (*reading.tool_results, *reading.context)]
    spoken = (one for text in told for one in prose.plain_sentences(text))
    known = [prose.upper_first(_LEAD_IN.sub("", one)) for one in spoken]
    longest = 40
    kept = [one for one in dict.fromkeys(known) if len(prose.words(one)) <= longest]
    return sorted(prose.ranked(kept, reading.person), key=lambda one: about not in one)


def _below_headings(text: str) -> str:
    """Leave out what stands above the first heading: an introduction says nothing new."""
    found = re.search(r"^##+ ", text, re.MULTILINE)
    return text[found.start() :] if found else text
