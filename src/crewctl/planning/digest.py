"""The two digests of a plan, over one canonical form of its JSON."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ValidationError

from crewctl.catalogue.kinds import AGENTS_FILE, MODELS_FILE
from crewctl.errors import InvalidError
from crewctl.planning.plan import PLAN_FORMAT, Plan

NOT_DIGESTED = frozenset({"inputs", "worst_case", "crew_digest", "inputs_digest"})
"""Fields of a plan outside its crew digest: values, estimates and the digests themselves."""

LISTED_PRICE = frozenset({"price"})
"""Outside, too, is a model's price that comes from a list: that may change without any change in what runs.

A price that the project's own files name is digested: it decides how far a budget goes.
"""

NOT_DIGESTED_OF_RISK = frozenset({"why"})
"""Sentences of crewctl's own, worded anew by any release; what they speak of is digested."""


def canonical(model: BaseModel) -> bytes:
    """Return the one JSON form of `model`: sorted keys, ASCII, no spaces.

    Numbers keep their type (``1`` and ``1.0`` differ), so reading and writing again gives these
    very bytes. ValueError for a number that JSON cannot hold.
    """
    return _json(model.model_dump(mode="json"))


def digested(plan: Plan) -> dict[str, Any]:
    """Return, as plain JSON data, all that the crew digest covers."""
    return _digested_of(plan.model_dump(mode="json"))


def crew_digest(plan: Plan) -> str:
    """Return the SHA-256, in hex, of everything in `plan` but input values and estimates."""
    return _sha256("crew", digested(plan))


def inputs_digest(plan: Plan) -> str:
    """Return the SHA-256, in hex, of the input values."""
    return _sha256("inputs", plan.model_dump(mode="json", include={"inputs"}))


def sealed(plan: Plan) -> Plan:
    """Return `plan` with both digests filled in."""
    return plan.model_copy(update={"crew_digest": crew_digest(plan), "inputs_digest": inputs_digest(plan)})


def is_sealed(plan: Plan) -> bool:
    """Tell whether both digests of `plan` are those of what it says; ValueError as from `canonical`."""
    return plan.crew_digest == crew_digest(plan) and plan.inputs_digest == inputs_digest(plan)


def plan_from_bytes(content: bytes) -> Plan:
    """Read a plan's canonical bytes and digest them again; InvalidError if anything differs."""
    try:
        plan = Plan.model_validate_json(content)
    except ValidationError as error:
        raise InvalidError(
            f"this is not a plan of format {PLAN_FORMAT}: {error.errors()[0]['msg']}",
            help="make the plan anew with: crewctl plan",
        ) from error
    if plan.plan_format != PLAN_FORMAT:
        raise InvalidError(
            f"the plan has format {plan.plan_format}, and this crewctl reads format {PLAN_FORMAT}",
            help="make the plan anew with: crewctl plan",
        )
    if not _is_exact(plan, content):
        raise InvalidError(
            f"the plan of crew {plan.crew!r} is not the one its digests were made from",
            help="make the plan anew with: crewctl plan",
        )
    return plan


def is_plan_of(content: bytes, crew: str, inputs: str) -> bool:
    """Tell whether these are the bytes of the plan that has both digests, whichever format it has."""
    try:
        data = json.loads(content)
        if not isinstance(data, dict) or _json(data) != content:
            return False
        form = data["plan_format"]
        found = (
            _sha256("crew", _digested_of(data), form),
            _sha256("inputs", {"inputs": data["inputs"]}, form),
        )
    except (ValueError, TypeError, LookupError, RecursionError):
        return False
    return found == (crew, inputs)


def _digested_of(data: dict[str, Any]) -> dict[str, Any]:
    kept = _without(data, NOT_DIGESTED)
    return kept | {
        "models": [
            model if _names_its_price(model) else _without(model, LISTED_PRICE) for model in kept["models"]
        ],
        "risk": _without(kept["risk"], NOT_DIGESTED_OF_RISK),
    }


def _names_its_price(model: dict[str, Any]) -> bool:
    return model["price"] is not None and model["price"]["source"] in (AGENTS_FILE, MODELS_FILE)


def _without(data: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


def _is_exact(plan: Plan, content: bytes) -> bool:
    try:
        return canonical(plan) == content and is_sealed(plan)
    except ValueError:  # a number that no canonical form has, such as Infinity
        return False


def _sha256(domain: str, data: Any, form: object = PLAN_FORMAT) -> str:
    # The domain keeps a digest of one kind from ever standing for the other.
    return hashlib.sha256(f"crewctl {domain} {form}\n".encode() + _json(data)).hexdigest()


def _json(data: Any) -> bytes:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.encode("ascii")
