"""What a card asks about: the very bytes, and whether they are those that were seen."""

from __future__ import annotations

import hashlib

from crewctl.audit.cards import CardState
from crewctl.audit.port import ContentStore
from crewctl.errors import CrewctlError, NotFoundError, UsageError

SHORTEST_DIGEST = 8
"""Characters by which a person may name the digest that was seen."""


class OtherSubjectError(CrewctlError):
    """What the card asks about is not what was seen, or not what was kept."""


def subject_of(state: CardState, contents: ContentStore) -> bytes | None:
    """Return the bytes that a card asks about, None for a card without; OtherSubjectError when they are others."""
    if state.opened.subject is None:
        return None
    try:
        subject = contents.get(state.opened.subject)
    except NotFoundError as erased:
        raise OtherSubjectError(
            f"what card {state.card} asks about has been erased, so nobody can say yes to it",
            help=_skip(state),
        ) from erased
    if hashlib.sha256(subject).hexdigest() != state.opened.subject_sha256:
        raise OtherSubjectError(
            f"what was kept of card {state.card} is not what it asks about: it was changed, or a secret in it "
            "was taken out",
            help=_skip(state),
        )
    return subject


def seen_subject(state: CardState, contents: ContentStore, seen: str, *, needed: bool) -> bytes | None:
    """Return the subject if it is the one that was `seen`; without need, what cannot be read is left alone."""
    digest = state.opened.subject_sha256
    if seen and (len(seen) < SHORTEST_DIGEST or not digest.startswith(seen.lower())):
        if len(seen) < SHORTEST_DIGEST:
            raise UsageError(
                f"a digest is named by at least {SHORTEST_DIGEST} characters",
                help=f"see it with: crewctl card show {state.card}",
            )
        raise OtherSubjectError(
            f"card {state.card} asks about {digest[:12] or 'nothing'}, and what was seen is {seen[:12]}",
            help=f"look at it again: crewctl card show {state.card}",
        )
    if needed:
        return subject_of(state, contents)
    try:
        return subject_of(state, contents)
    except OtherSubjectError:
        return None


def _skip(state: CardState) -> str:
    return f'put it aside with: crewctl card skip {state.card} --reason "…"'
