"""What a person may put in the place of what a card asks about, and the card that asks about a changed call."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Protocol

from crewctl.audit.cards import CardState
from crewctl.audit.fact import ContentRef
from crewctl.audit.port import ContentStore, RunStore
from crewctl.audit.redaction import Redaction
from crewctl.diagnostics.strict_json import strict_json
from crewctl.errors import UsageError
from crewctl.planning.plan import Plan
from crewctl.running.cards import Asking, desk_of
from crewctl.running.port import Clock

LARGEST = 1_000_000
"""Bytes of an amendment: it is a text that a person wrote, or the arguments of one call."""

_SAID = " A person changed them; this yes is to the changed ones."
_CHANGED = re.compile(r"/(?:amended|unusable)/")


@dataclass(frozen=True)
class Amendment:
    """An amendment that can be used, byte for byte as it was given."""

    content: bytes

    def kept(self, contents: ContentStore, run_id: str) -> dict[str, ContentRef | str]:
        """Keep it, and return what the answer says of it."""
        return {
            "text": contents.put(run_id, self.content),
            "text_sha256": hashlib.sha256(self.content).hexdigest(),
        }


class AmendmentRooms(Protocol):
    """What opening a card about an amendment needs."""

    @property
    def run_id(self) -> str:
        """The run's id."""
        ...

    @property
    def store(self) -> RunStore:
        """The account of runs."""
        ...

    @property
    def contents(self) -> ContentStore:
        """Where the subject is kept."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...


def amendment(state: CardState, subject: bytes | None, text: bytes, hidden: Redaction) -> Amendment:
    """Return the amendment of a card; UsageError for one that changes nothing or cannot be used."""
    if len(text) > LARGEST:
        raise UsageError(f"an amendment has at most {LARGEST:,} bytes", help="write a shorter one")
    if hidden.finds(text):
        raise UsageError(
            "the amendment holds the value of a secret, which may stand in no account",
            help="leave it away; tools get their secrets from the environment",
        )
    if state.opened.source == "tool_call":
        text = _arguments(text)
    elif not _words(text).strip():
        raise UsageError("the amendment is empty", help=f"skip it instead: crewctl card skip {state.card}")
    if text == subject and state.opened.source in ("output", "tool_call"):
        raise UsageError(
            "the amendment is what is there already", help=f"approve it: crewctl card approve {state.card}"
        )
    return Amendment(text)


def opened_instead(state: CardState, text: bytes, plan: Plan, rooms: AmendmentRooms) -> str:
    """Open the card that asks about changed arguments of a call: a change needs a yes of its own."""
    opened = state.opened
    place = _CHANGED.split(opened.key)[0]
    asking = Asking(
        **asked_instead(place, opened.card, opened.asks, text),
        source="tool_call",
        actions=opened.actions,
        step=opened.step,
        task=opened.task,
        agent=opened.agent,
        tool=opened.tool,
    )
    return desk_of(plan, rooms.run_id, rooms.store, rooms.contents, rooms.clock).ask(asking).card


def asked_instead(place: str, card: str, asks: str, text: bytes) -> dict[str, Any]:
    """Return what is other about the card that asks about changed arguments: whoever opens it, it is the same one."""
    return {
        "key": f"{place}/amended/{card}",
        "asks": asks if asks.endswith(_SAID) else asks + _SAID,
        "subject": text,
        "instead_of": card,
    }


def _arguments(text: bytes) -> bytes:
    """Return the arguments of a call, white space around them left away; UsageError for no JSON object."""
    stripped = _words(text).strip()
    try:
        said = strict_json(stripped)
    except ValueError as error:
        raise UsageError(f"the arguments are not JSON: {error}", help=_LIKE) from None
    if not isinstance(said, dict):
        raise UsageError("the arguments are no JSON object", help=_LIKE)
    return stripped.encode()


_LIKE = 'write them as names with values: --args \'{"to": "ada@example.eu"}\', or --args @FILE'


def _words(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise UsageError("the amendment is not UTF-8 text", help="save it as UTF-8") from None
