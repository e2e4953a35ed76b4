"""Drafts as the judge sees them: cleaned, numbered by what they say, and without a name."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

from crewctl.judging.flags import Flag, flags_of
from crewctl.judging.port import Frozen

Status = Literal["eligible", "duplicate", "disqualified", "empty", "error"]

# Characters that a person reading the draft would not see, but a model does: controls but tab and
# newline, bidirectional and zero-width marks, tag characters, interlinear marks. Joiners stay, as
# emoji and several scripts are spelt with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Draft(Frozen):
    """What one contestant came to; `text` None means that it came to nothing, and `error` says why."""

    contestant: str
    text: str | None
    error: str = ""


class Candidate(Frozen):
    """A draft in the competition: `id` and `shown` are all that the judge's prompt is made from.

    Ids follow the digest of the shown text, so neither the order nor the names of the contestants
    can change them. `same_as` names the candidate that a duplicate equals. A ``merged`` candidate was
    written from the others; its `contestant` is the editor.
    """

    id: str
    contestant: str
    status: Status
    sha256_raw: str | None
    sha256_shown: str | None
    words: int
    canonicalisation: tuple[str, ...] = ()
    injection_flags: tuple[Flag, ...] = ()
    same_as: str | None = None
    error: str = ""
    origin: Literal["draft", "merged"] = "draft"

    @property
    def suspect(self) -> bool:
        """Whether a flag says that the draft may not win without a person."""
        return any(flag.severity == "block" for flag in self.injection_flags)


def canonical(text: str) -> tuple[str, tuple[str, ...]]:
    """Return `text` as it is shown to a judge, and the names of the steps that changed it."""
    steps = []
    for name, step in _STEPS:
        after = step(text)
        if after != text:
            steps.append(name)
        text = after
    return text, tuple(steps)


def sha256(text: str) -> str:
    """Return the hexadecimal SHA-256 of `text` in UTF-8; a lone surrogate counts as it stands."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def line_up(
    drafts: Iterable[Draft], *, disqualify: bool = False
) -> tuple[tuple[Candidate, ...], dict[str, str]]:
    """Return the drafts numbered, and the shown text of every one that is eligible.

    With `disqualify`, a draft that speaks to its judge is none of these.
    """
    read = sorted((_read(draft) for draft in drafts), key=_place)
    candidates: list[Candidate] = []
    first: dict[str, str] = {}
    shown: dict[str, str] = {}
    for number, (candidate, text) in enumerate(read, start=1):
        own = candidate.model_copy(update={"id": f"D{number}"})
        if own.status == "eligible" and disqualify and own.suspect:
            own = own.model_copy(update={"status": "disqualified"})
        elif own.status == "eligible" and text in first:
            own = own.model_copy(update={"status": "duplicate", "same_as": first[text]})
        elif own.status == "eligible":
            first[text] = own.id
            shown[own.id] = text
        candidates.append(own)
    return tuple(candidates), shown


def _place(read: tuple[Candidate, str]) -> tuple[bool, str, str, str]:
    candidate, _ = read
    return (
        candidate.sha256_shown is None,
        candidate.sha256_shown or "",
        candidate.sha256_raw or "",
        candidate.contestant,
    )


def _read(draft: Draft) -> tuple[Candidate, str]:
    if draft.text is None:
        return _candidate(draft, "error"), ""
    shown, steps = canonical(draft.text)
    status: Status = "eligible" if shown.strip() else "empty"
    candidate = _candidate(draft, status).model_copy(
        update={
            "sha256_raw": sha256(draft.text),
            "sha256_shown": sha256(shown),
            "words": len(shown.split()),
            "canonicalisation": steps,
            "injection_flags": flags_of(draft.text, shown),
        }
    )
    return candidate, shown


def _candidate(draft: Draft, status: Status) -> Candidate:
    return Candidate(
        id="",
        contestant=draft.contestant,
        status=status,
        sha256_raw=None,
        sha256_shown=None,
        words=0,
        error=draft.error,
    )


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _line_ends(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


_STEPS = (
    ("lone_surrogates_replaced", _encodable),
    ("newlines", _newlines),
    ("unseen_characters_removed", lambda text: _UNSEEN.sub("", text)),
    ("nfc", lambda text: unicodedata.normalize("NFC", text)),
    ("line_ends", _line_ends),
)
