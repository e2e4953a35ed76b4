"""stop --all, rerun, fork and the lists of runs at the command line, over accounts that were told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.audit.events import KickoffRequested, PlanMade, RunClosed
from crewctl.audit.events_people import CardOpened
from crewctl.audit.events_work import RunEnqueued, RunSuspended
from crewctl.cli.row_keys import ROW_KEYS
from crewctl.errors import CrewctlError, Exit
from crewctl.planning.digest import canonical, sealed
from crewctl.planning.plan import Risk
from crewctl.running.ownership import worker_lock
from crewctl.testing.account_samples import Teller, sample_plan
from crewctl.wiring import Project, stopping

Call = Callable[..., Any]

WAITING, QUEUED, DONE, RISKY = (
    "20260301-0900-aaaa",
    "20260301-1000-bbbb",
    "20260301-1100-cccc",
    "20260301-1200-dddd",
)
ALL = ("stop", "--all", "--reason", "the provider leaks prompts")


@pytest.fixture
def told(project: Path) -> Path:
    """A project with a waiting, a queued, a finished and a waiting run of high risk."""
    opened = Project(project)
    _waits(Teller(opened.store, opened.contents, WAITING))
    _queued(Teller(opened.store, opened.contents, QUEUED))
    Teller(opened.store, opened.contents, DONE).begins(sample_plan()).closes(output="A brief")
    risk = Risk(level="high", tagged=True, needs_approval=True, why=("high",))
    _waits(Teller(opened.store, opened.contents, RISKY), risk=risk)
    return project


def _waits(teller: Teller, **changes: Any) -> None:
    teller.begins(sample_plan(**changes)).tells(RunEnqueued())
    teller.starts("1.research", "researcher").ends("1.research", "notes")
    card = f"{teller.run_id}.1"
    teller.tells(
        CardOpened(
            card=card,
            key="output.1.research",
            source="output",
            asks="may it go on?",
            actions=("approve", "skip"),
            step="1.research",
            task="research",
        ),
        RunSuspended(cards=(card,)),
    )


def _queued(teller: Teller) -> None:
    plan = sample_plan()
    made = PlanMade(
        crew_digest=plan.crew_digest,
        inputs_digest=plan.inputs_digest,
        plan=teller.contents.put(teller.run_id, canonical(plan)),
        simulated=False,
    )
    request = KickoffRequested(crew="brief", by="ada", host="desk", pid=7, detached=True)
    teller.tells(request, made, RunEnqueued())


def test_runs_say_what_they_wait_for_and_are_found_by_it(call: Call, told: Path) -> None:
    table = call("runs", cwd=told).out
    assert "waiting for 1 card, since " in table
    assert "queued since " in table
    rows = {row["run"]: row for row in json.loads(call("runs", "-o", "json", cwd=told).out)}
    assert rows[WAITING]["waits_for"] == [f"{WAITING}.1"]
    assert rows[DONE]["waits_for"] == []
    assert (rows[WAITING]["status"], rows[QUEUED]["status"], rows[DONE]["status"]) == (
        "waiting",
        "queued",
        "closed",
    )
    for words, found in (
        (("--waiting",), [RISKY, WAITING]),
        (("--status", "queued"), [QUEUED]),
        (("--status", "closed"), [DONE]),
        (("--outcome", "finished", "--status", "waiting"), []),
    ):
        assert call("runs", *words, "-o", "name", cwd=told).out.split() == found


def test_a_waiting_run_has_logs_a_trace_and_what_is_known_so_far(call: Call, told: Path) -> None:
    for words in ("logs", "trace", "report"):
        done = call(words, WAITING, cwd=told)
        assert done.code == 0
        assert f"for: {WAITING}.1" in done.err
    assert "Waits for" in call("report", WAITING, cwd=told).out
    assert call("report", WAITING, "--html", "-", cwd=told).code == Exit.NOT_FOUND
    queued = call("logs", QUEUED, cwd=told)
    assert "It waits for a worker since" in queued.err


def test_the_riskiest_run_is_stopped_first_and_every_one_is_told(call: Call, told: Path) -> None:
    done = call(*ALL, "--yes", "-o", "json", cwd=told)
    assert done.code == 0
    assert [(row["run"], row["risk"], row["status"], row["became"]) for row in json.loads(done.out)] == [
        (RISKY, "high", "waiting", "stopped"),
        (WAITING, "limited", "waiting", "stopped"),
        (QUEUED, "limited", "queued", "stopped"),
    ]
    assert {tuple(row) for row in json.loads(done.out)} == {ROW_KEYS["stop --all"]}
    assert call("inbox", "-o", "name", cwd=told).out == ""
    reports = sorted(path.stem for path in (told / "registry/reports/brief").glob("*.json"))
    assert reports == [WAITING, RISKY]
    assert "No run is unfinished." in call(*ALL, cwd=told).err


def test_several_who_stop_one_run_at_once_end_it_once(told: Path) -> None:
    start, became = threading.Barrier(4), []

    def stop() -> None:
        project = Project(told)
        start.wait()
        became.append(stopping.stop(project, WAITING, "the provider leaks prompts"))

    threads = [threading.Thread(target=stop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(became) == 4
    assert any(became)
    events = [record.event for record in Project(told).store.events_of(WAITING)]
    assert [type(event) for event in events].count(RunClosed) == 1
    assert isinstance(events[-1], RunClosed)
    assert events[-1].outcome == "stopped"


def test_a_run_that_a_living_process_has_is_left_to_it(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "PATIENCE", 0.5)
    project = Project(told)
    project.store.take(QUEUED, "w1")
    with project.locks.hold(worker_lock("w1")), pytest.raises(CrewctlError, match=r"has not after 0\.5 s"):
        stopping.stop(project, QUEUED, "wrong company")
    assert stopping.stop(project, QUEUED, "wrong company")  # the process has ended meanwhile


def test_nobody_is_stopped_without_being_asked(call: Call, told: Path) -> None:
    done = call(*ALL, cwd=told)
    assert done.code == Exit.USAGE
    assert "3 runs would be stopped, and nobody is there to be asked" in done.err
    assert len(json.loads(call("runs", "--waiting", "-o", "json", cwd=told).out)) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("stop",), "no run is given"),
        (("stop", "last", "--all", "--reason", "for a good reason"), "both a run and --all are given"),
        (("stop", "--all"), "a reason has at least 1 character; this one has 0"),
        (("stop", "last", "--yes"), "--crew and --yes belong to --all"),
        (("runs", "--waiting", "--status", "lost"), "contradict each other"),
        (("fork", "last"), "missing option '--from'"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Call, told: Path, words: tuple[str, ...], said: str) -> None:
    done = call(*words, cwd=told)
    assert done.code == Exit.USAGE
    assert said in done.err
    assert len(json.loads(call("runs", "--waiting", "-o", "json", cwd=told).out)) == 2


def test_one_crews_runs_are_stopped_and_an_unknown_crew_is_told_of(call: Call, told: Path) -> None:
    done = call(*ALL, "--yes", "--crew", "company-brief", cwd=told)
    assert (done.code, done.err) == (0, "No run of company-brief is unfinished.\n")
    done = call(*ALL, "--yes", "--crew", "company-breif", cwd=told)
    assert done.code == Exit.NOT_FOUND
    assert "did you mean 'company-brief'?" in done.err


@pytest.mark.parametrize("words", [("rerun", DONE), ("fork", DONE, "--from", "research")])
def test_a_run_whose_contents_were_erased_cannot_be_repeated(
    call: Call, told: Path, words: tuple[str, ...]
) -> None:
    for path in (told / ".crewctl" / "content").rglob("*"):
        if path.is_file():
            path.unlink()
    done = call(*words, cwd=told)
    assert done.code == Exit.NOT_FOUND
    assert f"the contents of run {DONE} have been erased" in done.err
    assert "crewctl kickoff brief" in done.err


def test_a_judging_of_drafts_is_judged_again_and_not_rerun(call: Call, told: Path) -> None:
    project = Project(told)
    request = KickoffRequested(crew="brief", by="ada", host="desk", pid=7, rejudges=DONE)
    project.store.append("20260301-1300-eeee", request)
    done = call("rerun", "20260301-1300-eeee", cwd=told)
    assert done.code == Exit.INVALID
    assert f"crewctl rejudge {DONE}" in done.err


def test_a_plan_whose_versions_are_others_here_is_not_run_again(call: Call, told: Path) -> None:
    project = Project(told)
    plan = sample_plan(versions={"crewai": "0.1.0"}, crew="company-brief")
    Teller(project.store, project.contents, "20260301-1400-ffff").begins(sealed(plan)).closes()
    done = call("rerun", "last", cwd=told)
    assert done.code == Exit.INVALID
    assert "was planned for crewai 0.1.0, and here it is" in done.err
    assert "crewctl rerun 20260301-1400-ffff --with-files" in done.err


@pytest.mark.parametrize(
    "key", ["dead:20260301-1200-aaaa:1", "schedule:brief:daily:now", "", "\udcff", "k" * 201]
)
def test_a_key_that_is_crewctls_own_or_no_word_is_refused(call: Call, told: Path, key: str) -> None:
    done = call("kickoff", "company-brief", "-i", "company=Acme Corp", "--key", key, cwd=told)
    assert done.code == Exit.USAGE
    assert "key" in done.err


def test_an_old_plan_whose_model_is_asked_where_the_policy_lets_nobody_ask_is_not_run_again(
    call: Call, told: Path
) -> None:
    """Also where today's files cannot be planned: the prompts and the key would go out all the same."""
    project = Project(told)
    Teller(project.store, project.contents, "20260301-1450-abcd").begins(
        sealed(sample_plan(versions={}))
    ).closes()
    (told / "registry/policy.yaml").write_text("models: {endpoints: [anthropic]}\n", encoding="utf-8")
    done = call("rerun", "last", cwd=told)
    assert done.code == Exit.INVALID
    assert (
        "registry/policy.yaml does not list https://api.openai.com/v1, where 'standard' is asked" in done.err
    )


@pytest.mark.parametrize(
    ("needed", "code", "said"),
    [
        (True, Exit.NOT_APPROVED, "so its approval alone decides"),
        (False, Exit.INVALID, "by today's files the crew cannot be planned"),
    ],
)
def test_an_old_plan_of_a_crew_that_is_gone_needs_an_approval_to_decide(
    call: Call,
    told: Path,
    needed: bool,  # noqa: FBT001 - a parameter of the test
    code: int,
    said: str,
) -> None:
    project = Project(told)
    risk = Risk(level="minimal", tagged=True, needs_approval=needed, why=("a test",))
    plan = sealed(sample_plan(versions={}, risk=risk))
    Teller(project.store, project.contents, "20260301-1500-abcd").begins(plan).closes()
    done = call("rerun", "last", cwd=told)
    assert done.code == code
    assert said in done.err
