"""What a person states: yes to one plan's digest, a yes taken back, a crew suspended, or that lifted."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from crewctl.planning.digest import canonical
from crewctl.planning.plan import Plan

STATEMENT_FORMAT = 1


class Said(BaseModel):
    """A frozen statement; unknown keys make it unreadable, and unreadable means no."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Approver(Said):
    """Who said it, and how we know: today the operating system's user name, unsigned."""

    name: str
    identity: Literal["os_user"]
    git_email: str | None = None
    host: str


class SaidOfCrew(Said):
    """What is said about one crew; `id` is its `own_id`."""

    kind: str
    statement_format: int = STATEMENT_FORMAT
    id: str
    crew: str


class Statement(SaidOfCrew):
    """A yes to exactly this crew digest, until `expires`, for `max_runs` runs.

    `inputs_digest` None means any valid inputs. `plan` is what was approved, so that a later
    difference can be shown; what counts is the digest. `signature` is the place where a
    signature will stand.
    """

    kind: Literal["approval"] = "approval"
    crew_digest: str
    inputs_digest: str | None
    approved_by: Approver
    approved_at: AwareDatetime
    reason: str
    not_before: AwareDatetime
    expires: AwareDatetime
    max_runs: Annotated[int, Field(ge=1)] | None
    store: str
    nonce: str
    plan: Plan
    signature: str | None = None


class Revocation(SaidOfCrew):
    """A yes taken back; the statement it names stays where it is."""

    kind: Literal["revocation"] = "revocation"
    revokes: str
    revoked_by: Approver
    revoked_at: AwareDatetime
    reason: str


class Suspension(SaidOfCrew):
    """A crew that may not run, whatever approvals say, until somebody else has lifted it."""

    kind: Literal["suspension"] = "suspension"
    suspended_by: Approver
    suspended_at: AwareDatetime
    reason: str


class Unsuspension(SaidOfCrew):
    """A suspension lifted; the one it names stays where it is."""

    kind: Literal["unsuspension"] = "unsuspension"
    lifts: str
    lifted_by: Approver
    lifted_at: AwareDatetime
    reason: str


AnyStatement = Statement | Revocation | Suspension | Unsuspension
S = TypeVar("S", Statement, Revocation, Suspension, Unsuspension)


def named(said: S) -> S:
    """Return what is said with its own id; ValueError as from `canonical`."""
    return said.model_copy(update={"id": own_id(said)})


def own_id(said: AnyStatement) -> str:
    """Return the id that what is said has by its content: whoever edits a file has to forge its id too.

    Runs are counted by this id, so a statement with more runs written into it would be another one.
    ValueError as from `canonical`.
    """
    unsigned = {"id": "", "signature": None} if isinstance(said, Statement) else {"id": ""}
    content = canonical(said.model_copy(update=unsigned))
    return hashlib.sha256(f"crewctl {said.kind} {STATEMENT_FORMAT}\n".encode() + content).hexdigest()[:12]
