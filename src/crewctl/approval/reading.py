"""Read a statement's file: whatever is not beyond doubt is no statement."""

from __future__ import annotations

import json

from pydantic import ValidationError

from crewctl.approval.state import LONGEST_LIFE
from crewctl.approval.statement import (
    STATEMENT_FORMAT,
    AnyStatement,
    Revocation,
    Statement,
    Suspension,
    Unsuspension,
    own_id,
)
from crewctl.diagnostics.strict_json import strict_json
from crewctl.planning.digest import crew_digest, inputs_digest

_KINDS: dict[object, type[AnyStatement]] = {
    "revocation": Revocation,
    "suspension": Suspension,
    "unsuspension": Unsuspension,
}


class UnreadableError(ValueError):
    """The bytes are no statement that counts; the text says why, to stand after the file's name."""


def written(said: AnyStatement) -> bytes:
    """Return the statement as its file holds it: JSON for people, with a line end."""
    text = json.dumps(said.model_dump(mode="json"), indent=2, ensure_ascii=False)
    return text.encode("utf-8", "strict") + b"\n"


def read_statement(content: bytes) -> AnyStatement:
    """Return what `content` states; UnreadableError when it is anything but a sound statement."""
    data = _json_object(content)
    if data.get("statement_format") != STATEMENT_FORMAT:
        raise UnreadableError(
            f"has format {data.get('statement_format')!r}, and this crewctl reads {STATEMENT_FORMAT}"
        )
    named = data.get("kind")
    kind = _KINDS.get(named, Statement) if isinstance(named, str) else Statement
    try:
        said: AnyStatement = kind.model_validate_json(content)
    except (ValidationError, RecursionError) as error:
        raise UnreadableError("is not a statement as crewctl writes it") from error
    _check_sound(said)
    return said


def _json_object(content: bytes) -> dict[str, object]:
    try:
        data = strict_json(content.decode())
    except ValueError as error:
        raise UnreadableError("is not JSON that everybody reads alike") from error
    if not isinstance(data, dict):
        raise UnreadableError("is not a JSON object")
    return data


def _check_sound(said: AnyStatement) -> None:
    if isinstance(said, Statement):
        _check_consistent(said)
    if said.id != own_id(said):
        raise UnreadableError("was changed after it was written")


def _check_consistent(said: Statement) -> None:
    """Refuse a statement that contradicts itself: what it shows must be what it says yes to."""
    if said.crew != said.plan.crew or said.crew_digest != crew_digest(said.plan):
        raise UnreadableError("was changed: the plan that it shows is not the one that was approved")
    if said.inputs_digest is not None and said.inputs_digest != inputs_digest(said.plan):
        raise UnreadableError("was changed: the inputs that it shows are not those that were approved")
    if not said.not_before < said.expires <= said.not_before + LONGEST_LIFE:
        raise UnreadableError(f"does not expire within {LONGEST_LIFE.days} days")
