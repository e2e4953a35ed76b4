"""What looks like a secret is said by no problem: neither in its words nor in the line it shows."""

from __future__ import annotations

import re

# A key that stands in a file by mistake must not travel on into terminals and CI logs.
_WELL_KNOWN = r"(?P<well_known>sk-[\w-]{16,}|AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|xox[abpr]-[\w-]{10,})"
# A password may hold a slash or a further @; rather too much is hidden than the rest of one is shown.
_LOGIN = (
    r"(?P<login>(?<=://)(?:[^/\s:@]{1,200}:\S{1,300}|[^/\s]{1,300})(?=@)"
    r"|(?<![\w.+/-])(?!mailto:)[\w.+-]{1,64}:[^\s/]{1,300}(?=@[\w\[]))"
)
_NAMED = r"(?:api_?key|token|secret|password)"
_VALUE = r"(?!\$\{env:)[^\s,}\"']{4,}"
_IN_A_LINE = re.compile(
    rf"(?P<key>{_NAMED}[\"']?\s*[:=]\s*[\"']?){_VALUE}|{_WELL_KNOWN}|{_LOGIN}", re.IGNORECASE
)
# In a sentence, what comes after "the token: " is the sentence's own words.
_IN_WORDS = re.compile(rf"(?P<key>{_NAMED}[:=][\"']?){_VALUE}|{_WELL_KNOWN}|{_LOGIN}", re.IGNORECASE)


def without_secrets(line: str) -> str:
    """Return a line of a file, or a value of it, with what looks like a secret replaced by as many asterisks."""
    return _IN_A_LINE.sub(_stars, line)


def words_without_secrets(text: str) -> str:
    """Return a message with the secrets that it repeats replaced by as many asterisks."""
    return _IN_WORDS.sub(_stars, text)


def _stars(match: re.Match[str]) -> str:
    kept = match.group("key") or ""
    return kept + "*" * (len(match.group()) - len(kept))
