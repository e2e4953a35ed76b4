"""One contract for whatever keeps approval statements, and what files and SQLite add to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crewctl.adapters.file_approvals import FOLDER, LARGEST, FileApprovals
from crewctl.adapters.os_identity import os_approver, user_name
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.approval.decide import admit, decide
from crewctl.approval.port import Approvals
from crewctl.approval.reading import written
from crewctl.approval.state import Terms, approve, revoke
from crewctl.approval.statement import Approver, Statement
from crewctl.errors import StoreError
from crewctl.planning.digest import canonical
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan
from crewctl.testing.fake_approvals import MemoryApprovals
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import sample_catalogue

if TYPE_CHECKING:
    from conftest import Place, Places

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA = Approver(name="ada", identity="os_user", host="box")
REASON = "read the prompts and limits"


def plan_of(crew: str = "outreach") -> Plan:
    """Plan a crew of the sample catalogue."""
    return make_plan(sample_catalogue(), crew, {"company": "Acme"}, FakeWorld())


def yes(approvals: Approvals, crew: str = "outreach", *, at: datetime = NOW, **terms: Any) -> Statement:
    """Return ada's yes, not added yet."""
    store = approvals.store_id()
    return approve(plan_of(crew), Terms(**terms), approver=ADA, reason=REASON, store=store, now=at)


def files(tmp_path: Path) -> FileApprovals:
    """Open the approvals of a project in a folder."""
    return FileApprovals(tmp_path, SqliteDatabase(tmp_path / ".crewctl" / "crewctl.db"))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def approvals(request: pytest.FixtureRequest, places: Places, tmp_path: Path) -> Approvals:
    """Every keeper: statements are files, and their uses are where the machine state is."""
    if request.param == "memory":
        return MemoryApprovals()
    return FileApprovals(tmp_path, places(request.param).database())


def test_nothing_is_there_at_first(approvals: Approvals) -> None:
    assert list(approvals.statements("outreach")) == []
    assert list(approvals.revocations("outreach")) == []
    assert list(approvals.notes("outreach")) == []
    assert list(approvals.crews()) == []
    assert approvals.uses("nobody") == 0
    assert approvals.statement_of("r1") is None


def test_what_was_added_comes_back_oldest_first_and_by_crew(approvals: Approvals) -> None:
    newer, older = yes(approvals, at=NOW + timedelta(days=1)), yes(approvals)
    other = yes(approvals, "diligence")
    for statement in (older, newer, other):
        approvals.add(statement)
    taken_back = revoke(older, approver=ADA, reason="no longer wanted", now=NOW)
    path = approvals.add(taken_back)

    assert list(approvals.statements("outreach")) == [older, newer]
    assert list(approvals.revocations("outreach")) == [taken_back]
    assert list(approvals.statements("diligence")) == [other]
    assert list(approvals.crews()) == ["diligence", "outreach"]
    assert path.startswith("registry/approvals/outreach-")


def test_nothing_is_ever_written_over(approvals: Approvals) -> None:
    statement = yes(approvals)
    approvals.add(statement)
    with pytest.raises(StoreError, match="exists already"):
        approvals.add(statement.model_copy(update={"reason": "another reason altogether"}))
    assert list(approvals.statements("outreach")) == [statement]


def test_the_store_has_one_id(approvals: Approvals) -> None:
    assert approvals.store_id() == approvals.store_id() != ""


def test_runs_are_counted_up_to_the_limit_and_each_once(approvals: Approvals) -> None:
    assert [approvals.use("s", run, 2) for run in ("r1", "r1", "r2", "r3", "r2")] == [
        True,
        True,
        True,
        False,
        True,
    ]
    assert approvals.uses("s") == 2
    assert approvals.statement_of("r2") == "s"
    assert approvals.statement_of("r3") is None


def test_without_a_limit_runs_are_counted_all_the_same(approvals: Approvals) -> None:
    assert all(approvals.use("s", f"r{n}", None) for n in range(5))
    assert approvals.uses("s") == 5


def test_a_crew_whose_name_begins_like_anothers_is_not_mixed_up(tmp_path: Path) -> None:
    keeper = files(tmp_path)
    other = yes(keeper)
    plan = other.plan.model_copy(update={"crew": "outreach-more"})
    keeper.add(approve(plan, Terms(), approver=ADA, reason=REASON, store="s", now=NOW))
    keeper.add(other)
    assert list(keeper.statements("outreach")) == [other]
    assert keeper.notes("outreach") == []


def test_the_file_is_named_after_crew_day_and_id_and_can_be_read_by_people(tmp_path: Path) -> None:
    keeper = files(tmp_path)
    statement = yes(keeper)
    path = keeper.add(statement)
    assert path == f"{FOLDER}/outreach-20260302-{statement.id}.json"
    text = (tmp_path / path).read_text()
    assert '\n  "reason": "read the prompts and limits",\n' in text
    assert [each.name for each in (tmp_path / FOLDER).iterdir()] == [Path(path).name]
    taken_back = revoke(statement, approver=ADA, reason="no longer wanted", now=NOW)
    assert keeper.add(taken_back) == f"{FOLDER}/outreach-20260302-{statement.id}-revoked.json"


def test_another_instance_on_the_same_folder_sees_the_same(tmp_path: Path) -> None:
    keeper = files(tmp_path)
    statement = yes(keeper, max_runs=1)
    keeper.add(statement)
    assert admit(plan_of(), keeper, NOW, "r1").approved
    again = files(tmp_path)
    assert again.store_id() == keeper.store_id()
    assert decide(plan_of(), again, NOW).answer == "used_up"


def test_another_machines_store_refuses_a_counted_statement(tmp_path: Path) -> None:
    keeper = files(tmp_path)
    keeper.add(yes(keeper, max_runs=1))
    elsewhere = FileApprovals(tmp_path, SqliteDatabase(tmp_path / "other" / "crewctl.db"))
    decision = admit(plan_of(), elsewhere, NOW, "r1")
    assert (decision.answer, decision.approved) == ("missing", False)
    assert "another machine's store" in decision.reason


@pytest.mark.parametrize("crew", ["../../escaped", "a/b", "", "a.b", "x" * 81])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, crew: str) -> None:
    keeper = files(tmp_path)
    statement = yes(keeper)
    for changes in ({"crew": crew}, {"id": crew}):
        with pytest.raises(StoreError):
            keeper.add(statement.model_copy(update=changes))
    assert not (tmp_path / FOLDER).exists() or list((tmp_path / FOLDER).iterdir()) == []


def edit(path: Path) -> None:
    data = json.loads(path.read_text())
    data["plan"]["agents"][0]["goal"] = "harmless"
    path.write_text(json.dumps(data))


def with_more_runs(path: Path) -> None:
    path.write_text(path.read_text().replace('"max_runs": null', '"max_runs": 99'))


def for_longer(path: Path) -> None:
    data = json.loads(path.read_text())
    data["expires"] = (datetime.fromisoformat(data["expires"]) + timedelta(days=1)).isoformat()
    path.write_text(json.dumps(data))


def by_another(path: Path) -> None:
    path.write_text(path.read_text().replace('"name": "ada"', '"name": "eve"'))


def under_a_new_id(path: Path) -> None:
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "id": "f" * 12}))


def from_the_future(path: Path) -> None:
    path.write_text(path.read_text().replace('"statement_format": 1', '"statement_format": 2'))


def behind_a_link(path: Path) -> None:
    path.rename(path.parent / "hidden")
    path.symlink_to("hidden")


def oversized(path: Path) -> None:
    with path.open("ab") as stream:
        stream.truncate(LARGEST + 1)


def unreadable(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    "spoil",
    [
        *(edit, with_more_runs, for_longer, by_another, under_a_new_id),
        *(from_the_future, behind_a_link, oversized, unreadable, a_pipe, torn),
    ],
    ids=lambda f: f.__name__,
)
def test_a_spoilt_file_is_no_approval_and_is_told_of(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    keeper = files(tmp_path)
    path = keeper.add(yes(keeper))
    assert decide(plan_of(), keeper, NOW).approved
    spoil(tmp_path / path)
    for look in (keeper, files(tmp_path)):
        decision = decide(plan_of(), look, NOW)
        assert decision.answer == "missing"
        [note] = decision.notes
        assert note.startswith(f"{path} counts as no approval: it ")
        assert path in decision.refusal(plan_of()).message


def test_a_spoilt_file_does_not_take_a_sound_one_with_it(tmp_path: Path) -> None:
    keeper = files(tmp_path)
    spoilt, sound = yes(keeper), yes(keeper)
    torn(tmp_path / keeper.add(spoilt))
    keeper.add(sound)
    assert decide(plan_of(), keeper, NOW).statement == sound


def of_another(path: Path) -> None:
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "revokes": "0" * 12}))


@pytest.mark.parametrize(
    "spoil", [from_the_future, behind_a_link, torn, of_another], ids=lambda f: f.__name__
)
def test_a_revocation_that_cannot_be_read_still_revokes(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    keeper = files(tmp_path)
    statement = yes(keeper)
    keeper.add(statement)
    spoil(tmp_path / keeper.add(revoke(statement, approver=ADA, reason="no longer wanted", now=NOW)))
    assert decide(plan_of(), keeper, NOW).answer == "revoked"


def test_a_folder_behind_a_link_holds_no_approvals(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    elsewhere = files(tmp_path / "elsewhere")
    elsewhere.add(yes(elsewhere))
    project = tmp_path / "project"
    (project / "registry").mkdir(parents=True)
    (project / FOLDER).symlink_to(tmp_path / "elsewhere" / FOLDER)
    keeper = files(project)
    decision = decide(plan_of(), keeper, NOW)
    assert decision.answer == "suspended"  # a suspension may be in it
    assert "it is a link or a file" in decision.reason
    with pytest.raises(StoreError, match="link"):
        keeper.add(yes(keeper))


def test_a_statement_copied_under_another_crews_name_says_nothing_about_it(tmp_path: Path) -> None:
    keeper = files(tmp_path)
    path = tmp_path / keeper.add(yes(keeper, "diligence"))
    path.rename(path.with_name(path.name.replace("diligence-", "outreach-")))
    assert decide(plan_of(), keeper, NOW).answer == "missing"


def test_a_damaged_database_means_no(tmp_path: Path) -> None:
    keeper = files(tmp_path)
    keeper.add(yes(keeper, max_runs=1))
    for path in (tmp_path / ".crewctl").iterdir():
        path.write_bytes(b"not a database at all" * 1_000)
    with pytest.raises(StoreError):
        admit(plan_of(), files(tmp_path), NOW, "r1")


def test_many_threads_let_exactly_as_many_runs_through_as_were_allowed(tmp_path: Path) -> None:
    keeper = files(tmp_path)
    keeper.add(yes(keeper, max_runs=3))
    answers: list[bool] = []
    plan = plan_of()

    def ask(run: str) -> None:
        answers.append(admit(plan, files(tmp_path), NOW, run).approved)

    threads = [threading.Thread(target=ask, args=(f"r{n}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [False] * 9 + [True] * 3


ASK = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from crewctl.adapters.file_approvals import FileApprovals
from crewctl.approval.decide import admit
from crewctl.planning.digest import plan_from_bytes
from crewctl.wiring.database import open_database

root = Path(sys.argv[1])
plan = plan_from_bytes((root / "plan.json").read_bytes())
approvals = FileApprovals(root, open_database(root, os.environ))
print("ready", flush=True)
sys.stdin.readline()
print(admit(plan, approvals, datetime(2026, 3, 2, 9, 0, tzinfo=UTC), sys.argv[2]).answer, flush=True)
"""


def test_of_several_processes_at_once_exactly_one_uses_the_only_run(place: Place, tmp_path: Path) -> None:
    """Two kickoffs, one yes: the second is refused, however close they are."""
    keeper = FileApprovals(tmp_path, place.database())
    keeper.add(yes(keeper, max_runs=1))
    (tmp_path / "plan.json").write_bytes(canonical(plan_of()))
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(tmp_path), f"r{n}"],
            env=place.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    try:
        for each in asking:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in asking:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        answers = [each.communicate(timeout=60)[0].strip() for each in asking]
    finally:
        for each in asking:
            each.kill()
            each.wait()
    assert sorted(answers) == ["approved", "used_up", "used_up", "used_up"]


def test_the_approver_is_the_operating_systems_user_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "somebody-else")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    approver = os_approver(tmp_path)
    assert approver.identity == "os_user"
    assert approver.name == user_name() != "somebody-else"


def test_gits_e_mail_is_kept_as_a_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert os_approver(tmp_path).git_email is None
    subprocess.run(["git", "-C", str(tmp_path), "config", "user.email", "ada@example.eu"], check=True)
    assert os_approver(tmp_path).git_email == "ada@example.eu"
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert os_approver(tmp_path).git_email is None


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    keeper = files(tmp_path)
    statement = yes(keeper)
    with pytest.raises(StoreError, match="at most"):
        keeper.add(statement.model_copy(update={"reason": "x" * LARGEST}))
    assert list(keeper.crews()) == []


def test_a_statement_whose_inputs_were_approved_alone_reads_back(tmp_path: Path) -> None:
    keeper = files(tmp_path)
    statement = yes(keeper, for_inputs=True)
    path = keeper.add(statement)
    assert (tmp_path / path).read_bytes() == written(statement)
    assert decide(plan_of(), keeper, NOW).statement == statement
