"""Events of what people are asked in the middle of a run, and what they answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from crewctl.audit.fact import ContentRef, Fact

CardSource = Literal["approval", "output", "tool_call", "may_have_happened", "failed_step", "failed_run"]
CardAction = Literal["approve", "amend", "park", "skip", "expire"]


class CardOpened(Fact):
    """Somebody has to decide. `key` is the card's place in the run: a recovery opens none twice.

    `subject` holds the very bytes that are decided on, and `subject_sha256` binds the decision to
    them. A card that is not answered by `expires_at` is refused. `instead_of` is the card whose
    amendment this one asks about.
    """

    kind: Literal["CardOpened"] = "CardOpened"
    card: str
    key: str
    source: CardSource
    asks: str
    actions: tuple[CardAction, ...]
    step: str = ""
    task: str = ""
    agent: str = ""
    tool: str = ""
    subject: ContentRef | None = None
    subject_sha256: str = ""
    expires_at: datetime | None = None
    instead_of: str | None = None


class CardAnswered(Fact):
    """A person decided, or a rule of the policy named in `rule` did, or nobody in time (``expire``).

    `subject_sha256` is what was seen when it was answered. `text` is an amendment; `until` is when a
    parked card comes back, and `expires_at` when it is refused then. `sampled` marks an answer of a rule that a person is to look at afterwards.
    In a replay the answer is the one that was given in `of_run` at `said_at`: nobody was asked anew.
    """

    kind: Literal["CardAnswered"] = "CardAnswered"
    card: str
    action: CardAction
    by: str
    reason: str = ""
    subject_sha256: str = ""
    text: ContentRef | None = None
    text_sha256: str = ""
    until: datetime | None = None
    expires_at: datetime | None = None
    rule: str = ""
    sampled: bool = False
    of_run: str | None = None
    said_at: datetime | None = None


class NoticeLeft(Fact):
    """The run goes on without asking, and people are told: the policy says ``notify``."""

    kind: Literal["NoticeLeft"] = "NoticeLeft"
    about: str


class Acknowledged(Fact):
    """A person has looked at what was done without one: the run's notice, or the answer that a rule gave to `card`."""

    kind: Literal["Acknowledged"] = "Acknowledged"
    by: str
    card: str = ""
    reason: str = ""
