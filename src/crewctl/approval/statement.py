"""What a person states: yes to one plan's digest, a yes taken back, a crew suspended, or that lifted."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

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


class Statement(Said):
    """A yes to exactly this crew digest, until `expires`, for `max_runs` runs; `id` is its `own_id`.

    `inputs_digest` None means any valid inputs. `plan` is what was approved, so that a later
    difference can be shown; what counts is the digest. `signature` is the place where a
    signature will stand.
    """

    kind: Literal["approval"] = "approval"
    statement_format: int = STATEMENT_FORMAT
    id: str
    crew: str
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


class Revocation(Said):
    """A yes taken back; the statement it names stays where it is."""

    kind: Literal["revocation"] = "revocation"
    statement_format: int = STATEMENT_FORMAT
    id: str
    crew: str
    revokes: str
    revoked_by: Approver
    revoked_at: AwareDatetime
    reason: str


class Suspension(Said):
    """A crew that may not run, whatever approvals say, until somebody else has lifted it."""

    kind: Literal["suspension"] = "suspension"
    statement_format: int = STATEMENT_FORMAT
    id: str
    crew: str
    suspended_by: Approver
    suspended_at: AwareDatetime
    reason: str


class Unsuspension(Said):
    """A suspension lifted; the one it names stays where it is."""

    kind: Literal["unsuspension"] = "unsuspension"
    statement_format: int = STATEMENT_FORMAT
    id: str
    crew: str
    lifts: str
    lifted_by: Approver
    lifted_at: AwareDatetime
    reason: str


AnyStatement = Statement | Revocation | Suspension | Unsuspension


def own_id(said: AnyStatement) -> str:
    """Return the id that what is said has by its content: whoever edits a file has to forge its id too.

    Runs are counted by this id, so a statement with more runs written into it would be another one.
    ValueError as from `canonical`.
    """
    unsigned = {"id": "", "signature": None} if isinstance(said, Statement) else {"id": ""}
    content = canonical(said.model_copy(update=unsigned))
    return hashlib.sha256(f"crewctl {said.kind} {STATEMENT_FORMAT}\n".encode() + content).hexdigest()[:12]
