"""Write a report, a list or a JSON object from what a prompt holds."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from pydantic import JsonValue

from crewctl.adapters import offline_text as prose
from crewctl.adapters.offline_prompt import Reading
from crewctl.adapters.offline_subject import Subject

_FRAMES: Sequence[str] = (
    (
        "On {point}, the place to begin is what {about} has said itself; one independent source should then "
        "confirm it or contradict it."
    ),
    "With {point}, what counts is what has changed lately at {about} and what that change makes possible.",
    "For {point}, keep to what can be shown: a guess about {about} has to be marked as a guess.",
    "What {about} leaves unsaid about {point} is a finding too, and worth one direct question.",
    "The reader will want to know who at {about} answers for {point}, and since when.",
    "A comparison with last year says more about {point} than any figure standing alone.",
    "If only one thing about {point} fits, it should be the one that would change the decision.",
    "Two observations on {point} that agree are worth more than ten that come from one place.",
    "Whatever is said about {about} and {point} should still hold when somebody from there reads it.",
    "Small signs add up in {point}: an open position, a new page, a changed date.",
)
_OPENINGS: Sequence[str] = (
    "This is about {about}: {points}.",
    "What follows takes up {points} for {about}, in the order of what matters most to the reader.",
    "{about} is looked at here from one side only, that of the {role}: {points}.",
)
_FOLLOWS: Sequence[str] = (
    "What follows from this: settle {point} first, because the rest depends on it.",
    "The next step is {point}; without it the other findings about {about} stay loose.",
    "If a decision on {about} cannot wait, {point} is what it should rest on.",
)
_KNOWN: Sequence[str] = ("The material says: {fact}", "Already established: {fact}", "To build on: {fact}")
_KEY = re.compile(r"\b([a-z][a-z0-9]*(?:_[a-z0-9]+)*)(\[\])?")
_WITH = re.compile(
    r"JSON\b[^.\n]*?\b(?:with|of|containing|keys?|fields?)\b:?(?P<keys>[^.\n]*)", re.IGNORECASE
)


def write_report(reading: Reading, subject: Subject) -> str:
    """Return a report with a heading for each point and what is known under it."""
    seed = (reading.person, reading.task)
    opening = prose.ranked(_OPENINGS, *seed)[0]
    listed = prose.listed(list(subject.points))
    parts = [f"# {subject.about}: {listed}", _filled(opening, subject, reading, points=listed)]
    frames = prose.ranked(_FRAMES, *seed)
    told = _told(subject)
    for number, point in enumerate(subject.points):
        said = [
            _filled(frames[(2 * number + turn) % len(frames)], subject, reading, point=point)
            for turn in (0, 1)
        ]
        known = [prose.ranked(_KNOWN, *seed)[number % len(_KNOWN)].format(fact=fact) for fact in told[point]]
        parts.append(f"## {prose.upper_first(point)}\n\n{' '.join([*known, *said])}")
    last = prose.ranked(_FOLLOWS, *seed)[0]
    return "\n\n".join([*parts, _filled(last, subject, reading, point=subject.points[0])])


def _told(subject: Subject) -> dict[str, list[str]]:
    """Return for each point one thing that is known: about it if there is one, else about something."""
    left = list(subject.facts)
    found: dict[str, list[str]] = {}
    for point in subject.points:
        near = [fact for fact in left if point.lower() in fact.lower()]
        found[point] = (near or left)[:1]
        left = [fact for fact in left if fact not in found[point]]
    return found


def write_list(reading: Reading, subject: Subject) -> str:
    """Return one line for each point, then one for each thing known."""
    frames = prose.ranked(_FRAMES, reading.person, reading.task)
    lines = [
        f"- {prose.upper_first(point)}: {_filled(frames[number % len(frames)], subject, reading, point=point)}"
        for number, point in enumerate(subject.points)
    ]
    return "\n".join([*lines, *(f"- {fact}" for fact in subject.facts[:3])])


def write_json(reading: Reading, subject: Subject) -> str:
    """Return a JSON object with the keys that the expected output names."""
    asked = f"{reading.expected}\n{reading.task}"
    found = _WITH.search(asked)
    names = list(_KEY.finditer(found["keys"])) if found else []
    keys = {
        match.group(1): bool(match.group(2)) for match in names if match.group(1) not in {"and", "a", "the"}
    }
    frames = prose.ranked(_FRAMES, reading.person, reading.task)
    said = [_filled(frames[n % len(frames)], subject, reading, point=p) for n, p in enumerate(subject.points)]
    values: dict[str, JsonValue] = {}
    for number, (key, several) in enumerate((keys or {"subject": False, "findings": True}).items()):
        one = said[number % len(said)]
        named = "name" in key or key in {"company", "subject", "title"}
        values[key] = [one, *subject.facts[:2]] if several else subject.about if named else one
    return json.dumps(values, ensure_ascii=False, indent=2)


def _filled(frame: str, subject: Subject, reading: Reading, **more: str) -> str:
    role = " ".join(prose.lower_first(word) for word in reading.author.role.split()) or "author"
    return prose.upper_first(frame.format(about=subject.about, role=role, **more))
