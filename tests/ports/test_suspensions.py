"""One contract for suspensions, whoever keeps them, and what files add to it."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crewctl.adapters.file_approvals import FOLDER, FileApprovals
from crewctl.adapters.os_identity import login_name, os_person
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.approval.decide import decide
from crewctl.approval.port import Approvals
from crewctl.approval.reading import written
from crewctl.approval.statement import Approver, Suspension
from crewctl.approval.suspension import lift, standing, suspend
from crewctl.errors import StoreError
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan
from crewctl.testing.fake_approvals import MemoryApprovals
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import sample_catalogue

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA, BOB = (Approver(name=name, identity="os_user", host="box") for name in ("ada", "bob"))
WHY = "it wrote to the wrong people"


def brief() -> Plan:
    """Plan a crew that needs no approval."""
    return make_plan(sample_catalogue(), "brief", {"company": "Acme"}, FakeWorld())


def off(crew: str = "brief", *, at: datetime = NOW, reason: str = WHY) -> Suspension:
    """Return ada's suspension, not added yet."""
    return suspend(crew, approver=ADA, reason=reason, now=at)


def files(root: Path) -> FileApprovals:
    """Open the approvals of a project in a folder."""
    return FileApprovals(root, SqliteDatabase(root / ".crewctl" / "crewctl.db"))


@pytest.fixture(params=["memory", "files"])
def approvals(request: pytest.FixtureRequest, tmp_path: Path) -> Approvals:
    """Both keepers."""
    return MemoryApprovals() if request.param == "memory" else files(tmp_path)


def test_what_was_added_comes_back_oldest_first_and_by_crew(approvals: Approvals) -> None:
    newer, older, other = off(at=NOW + timedelta(days=1)), off(), off("diligence")
    for each in (newer, older, other):
        approvals.add(each)
    lifted = lift(older, approver=BOB, reason="looked at it with ada", now=NOW)
    approvals.add(lifted)

    assert list(approvals.suspensions("brief")) == [older, newer]
    assert list(approvals.unsuspensions("brief")) == [lifted]
    assert list(approvals.suspensions("diligence")) == [other]
    assert standing(approvals, "brief") == (newer,)
    assert list(approvals.unreadable_suspensions("brief")) == []
    assert list(approvals.crews()) == ["brief", "diligence"]
    assert list(approvals.statements("brief")) == list(approvals.revocations("brief")) == []


def test_nothing_is_ever_written_over(approvals: Approvals) -> None:
    suspension = off()
    approvals.add(suspension)
    with pytest.raises(StoreError, match="exists already"):
        approvals.add(suspension)


def test_files_are_named_after_what_they_are(tmp_path: Path) -> None:
    approvals, suspension = files(tmp_path), off()
    lifted = lift(suspension, approver=BOB, reason="looked at it with ada", now=NOW)
    assert approvals.add(suspension) == f"{FOLDER}/brief-20260302-{suspension.id}-suspended.json"
    assert approvals.add(lifted) == f"{FOLDER}/brief-20260302-{lifted.id}-unsuspended.json"


@pytest.mark.parametrize("content", [b"", b"{}", b"torn", written(off(reason="another one altogether"))])
def test_a_suspension_that_cannot_be_read_as_it_was_written_still_suspends(
    tmp_path: Path, content: bytes
) -> None:
    approvals, suspension = files(tmp_path), off()
    path = tmp_path / approvals.add(suspension)
    path.write_bytes(content)

    (said,) = approvals.unreadable_suspensions("brief")
    assert said == f"{FOLDER}/{path.name} suspends the crew and cannot be read as it was written"
    assert decide(brief(), approvals, NOW).answer == "suspended"
    path.unlink()
    path.symlink_to("/etc/hostname")
    assert decide(brief(), files(tmp_path), NOW).answer == "suspended"


def test_a_suspension_in_which_somebody_else_was_written_still_suspends(tmp_path: Path) -> None:
    approvals, suspension = files(tmp_path), off()
    path = tmp_path / approvals.add(suspension)
    data = json.loads(path.read_bytes())
    data["suspended_by"]["name"] = "bob"
    path.write_text(json.dumps(data))
    # Ada, who could lift bob's, cannot lift what is not beyond doubt.
    approvals.add(lift(suspension, approver=BOB, reason="looked at it with ada", now=NOW))
    assert decide(brief(), approvals, NOW).answer == "suspended"


def test_a_lifting_that_cannot_be_read_lifts_nothing(tmp_path: Path) -> None:
    approvals, suspension = files(tmp_path), off()
    approvals.add(suspension)
    path = tmp_path / approvals.add(lift(suspension, approver=BOB, reason="looked at it with ada", now=NOW))
    assert decide(brief(), approvals, NOW).approved
    path.write_bytes(path.read_bytes().replace(b"looked at", b"looks like"))
    assert decide(brief(), approvals, NOW).answer == "suspended"
    assert any("was changed after it was written" in note for note in approvals.notes("brief"))


def test_a_renamed_suspension_suspends_by_what_it_says(tmp_path: Path) -> None:
    approvals = files(tmp_path)
    path = tmp_path / approvals.add(off())
    path.rename(path.with_name("brief-harmless.json"))
    assert decide(brief(), approvals, NOW).answer == "suspended"


def test_another_crews_unreadable_suspension_does_not_count_for_a_crew_whose_name_begins_it(
    tmp_path: Path,
) -> None:
    approvals = files(tmp_path)
    path = tmp_path / approvals.add(off("brief-long"))
    path.write_bytes(b"")
    assert list(approvals.unreadable_suspensions("brief")) == []
    assert len(approvals.unreadable_suspensions("brief-long")) == 1
    assert decide(brief(), approvals, NOW).approved


def test_where_the_folder_cannot_be_read_nobody_can_tell_so_nothing_runs(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / "approvals").symlink_to(tmp_path / "elsewhere")
    decision = decide(brief(), files(tmp_path), NOW)
    assert decision.answer == "suspended"
    assert "nobody can tell whether the crew is suspended" in decision.reason


def test_a_crew_with_no_folder_of_approvals_is_not_suspended(tmp_path: Path) -> None:
    assert decide(brief(), files(tmp_path), NOW).approved


def test_two_who_lift_at_once_both_leave_their_statement(tmp_path: Path) -> None:
    approvals, suspension = files(tmp_path), off()
    approvals.add(suspension)
    people = [BOB.model_copy(update={"name": f"person-{n}"}) for n in range(8)]
    start = threading.Barrier(len(people))

    def say(who: Approver) -> None:
        start.wait()
        files(tmp_path).add(lift(suspension, approver=who, reason="looked at it with ada", now=NOW))

    threads = [threading.Thread(target=say, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.lifted_by.name for each in approvals.unsuspensions("brief")) == sorted(
        who.name for who in people
    )
    assert decide(brief(), approvals, NOW).approved


def test_a_person_is_whoever_logged_in(tmp_path: Path) -> None:
    assert os_person(tmp_path).name == login_name()
