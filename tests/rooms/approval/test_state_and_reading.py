"""A statement says what it must, and a file that is not beyond doubt is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.approval.reading import UnreadableError, read_statement, written
from crewctl.approval.state import Terms, approve, revoke, to_revoke
from crewctl.approval.statement import Approver, Statement
from crewctl.errors import NotApprovedError, NotFoundError, UsageError
from crewctl.planning.digest import is_sealed
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan
from crewctl.testing.fake_approvals import LATER, THEN, MemoryApprovals, no_more, yes_to
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import sample_catalogue

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA = Approver(name="ada", identity="os_user", git_email=None, host="box")


def plan_of(**changes: Any) -> Plan:
    """Plan the sample catalogue's market."""
    return make_plan(sample_catalogue(**changes), "outreach", {"company": "Acme"}, FakeWorld())


def yes(plan: Plan | None = None, reason: str = "read and found good", **terms: Any) -> Statement:
    """Return ada's yes."""
    return approve(plan or plan_of(), Terms(**terms), approver=ADA, reason=reason, store="s1", now=NOW)


def test_a_yes_names_who_when_why_until_when_and_what() -> None:
    statement, plan = yes(reason="  read and found good \n"), plan_of()
    assert (statement.crew, statement.crew_digest) == ("outreach", plan.crew_digest)
    assert (statement.approved_by, statement.approved_at, statement.not_before) == (ADA, NOW, NOW)
    assert statement.reason == "read and found good"
    assert statement.expires == NOW + timedelta(days=30)
    assert (statement.max_runs, statement.store, statement.signature) == (None, "s1", None)
    assert is_sealed(statement.plan)


def test_two_statements_are_never_the_same() -> None:
    one, other = yes(), yes()
    assert one.id != other.id
    assert one.nonce != other.nonce


def test_a_yes_to_any_inputs_does_not_carry_the_values_that_happened_to_be_there() -> None:
    statement = yes()
    assert statement.inputs_digest is None
    assert statement.plan.inputs == {}
    assert statement.crew_digest == plan_of().crew_digest


def test_a_yes_to_these_inputs_shows_them() -> None:
    statement = yes(for_inputs=True)
    assert statement.inputs_digest == plan_of().inputs_digest
    assert statement.plan.inputs == {"company": "Acme"}


@pytest.mark.parametrize("reason", ["", "ok", "   nine chr   ", "x" * 2_001])
def test_a_reason_has_to_say_something(reason: str) -> None:
    with pytest.raises(UsageError, match="a reason has at"):
        yes(reason=reason)
    with pytest.raises(UsageError, match="a reason has at"):
        revoke(yes(), approver=ADA, reason=reason, now=NOW)


@pytest.mark.parametrize(
    "reason", ["looks good \x1b[2J to me", "looks good \udcff to me", "looks\rgood to me"]
)
def test_a_reason_cannot_drive_a_terminal(reason: str) -> None:
    with pytest.raises(UsageError, match="no control characters"):
        yes(reason=reason)


@pytest.mark.parametrize(
    "terms",
    [
        {"expires_in": timedelta(0)},
        {"expires_in": timedelta(days=-1)},
        {"expires_in": timedelta(days=366, seconds=1)},
        {"max_runs": 0},
        {"max_runs": -1},
    ],
)
def test_terms_without_an_end_or_a_run_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        yes(**terms)


def test_the_longest_life_can_be_written_and_read_back() -> None:
    assert read_statement(written(yes(expires_in=timedelta(days=366))))


def test_nobody_can_approve_a_prohibited_crew() -> None:
    with pytest.raises(NotApprovedError, match="nobody can approve it"):
        yes(plan_of(entries={"outreach": {"risk_level": "prohibited"}}))


def test_what_stands_is_taken_back_by_the_beginning_of_its_id_or_altogether() -> None:
    one, two, gone = (yes_to(plan_of(), id=name) for name in ("ab1", "ab2", "cd3"))
    approvals = MemoryApprovals(one, two, gone, no_more(gone))

    assert to_revoke(approvals, "outreach", None, THEN) == [one, two]
    assert to_revoke(approvals, "outreach", "ab2", THEN) == [two]
    with pytest.raises(NotFoundError, match="2 approvals of crew 'outreach' start with 'ab'"):
        to_revoke(approvals, "outreach", "ab", THEN)
    with pytest.raises(NotFoundError, match="no approval of crew 'outreach' starts with 'cd'"):
        to_revoke(approvals, "outreach", "cd", THEN)
    with pytest.raises(NotFoundError, match="no approval of crew 'outreach' is standing"):
        to_revoke(approvals, "outreach", None, LATER)


def test_what_is_written_is_for_people_and_reads_back_to_itself() -> None:
    statement = yes(max_runs=2, reason="geprüft: Ton und Grenzen")
    content = written(statement)
    assert content.startswith(b'{\n  "kind": "approval",\n')
    assert content.endswith(b"}\n")
    assert "geprüft" in content.decode()
    assert read_statement(content) == statement
    taken_back = revoke(statement, approver=ADA, reason="no longer wanted", now=NOW)
    assert read_statement(written(taken_back)) == taken_back


def spoilt(**changes: Any) -> bytes:
    """Return a statement's file with some of its fields changed by hand."""
    data = json.loads(written(yes(for_inputs=True)))
    for path, value in changes.items():
        *above, last = path.split("__")
        place = data
        for step in above:
            place = place[int(step) if step.isdigit() else step]
        place[last] = value
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (spoilt(statement_format=2), "format 2"),
        (spoilt(statement_format=None), "format None"),
        (spoilt(crew_digest="0" * 64), "was changed"),
        (spoilt(inputs_digest="0" * 64), "the inputs that it shows"),
        (spoilt(crew="another"), "was changed"),
        (spoilt(plan__description="harmless"), "was changed"),
        (spoilt(plan__agents__0__goal="harmless"), "was changed"),
        (spoilt(plan__inputs={"company": "Evil"}), "the inputs that it shows"),
        (spoilt(plan__plan_format=99), "was changed"),
        (spoilt(plan__limits__timeout__value=float("inf")), "everybody reads alike"),
        (spoilt(expires="2126-03-02T09:00:00Z"), "does not expire within"),
        (spoilt(expires="2026-03-02T09:00:00Z"), "does not expire within"),
        (spoilt(expires="2026-04-02T09:00:00"), "not a statement"),
        (spoilt(max_runs=0), "not a statement"),
        (spoilt(extra=1), "not a statement"),
        (spoilt(kind="other"), "not a statement"),
        (spoilt(kind="revocation"), "not a statement"),
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"a": 1, "a": 1}', "everybody reads alike"),
        (b'{"statement_format": 1}', "not a statement"),
        (b"1" * 10_000, "not JSON"),
    ],
)
def test_anything_else_is_unreadable_with_a_reason(content: bytes, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        read_statement(content)


@settings(deadline=None)
@given(st.data())
def test_a_file_with_any_byte_changed_is_unreadable_or_binds_the_same_plan(data: st.DataObject) -> None:
    """Whatever is edited outside of what is digested, the yes stays one to this plan alone."""
    content = bytearray(ORIGINAL)
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    try:
        said = read_statement(bytes(content))
    except UnreadableError:
        return
    assert said.crew == "outreach"
    if isinstance(said, Statement):
        assert said.crew_digest == PLAN.crew_digest
        assert said.inputs_digest in {None, PLAN.inputs_digest}


PLAN = plan_of()
ORIGINAL = written(yes(for_inputs=True))
