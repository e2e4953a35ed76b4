"""runs, report, trace and logs, over accounts that were told and not run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

from crewctl.adapters.file_content_store import FileContentStore
from crewctl.adapters.file_locks import FileLocks
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.step_folder import make_step_folder
from crewctl.audit.events import ApprovalDecided, KickoffRequested, OutputWritten
from crewctl.audit.report import report_schema
from crewctl.cli.main import run
from crewctl.cli.session import Session
from crewctl.running.ownership import run_lock
from crewctl.testing.account_samples import Teller, sample_market, sample_plan

FIRST, REFUSED, MARKET = "20260301-090000-aaaa", "20260301-091000-bbbb", "20260301-092000-cccc"
VERDICT = {
    "selected_draft": "D2",
    "reasoning": "D2 names the product.",
    "final_text": "critic's draft",
    "candidates": [{"id": "D1", "contestant": "writer"}, {"id": "D2", "contestant": "critic"}],
}
Said = tuple[int, str, str]
Line = Callable[..., Said]


@pytest.fixture
def tell(root: Path, store: SqlRunStore) -> Callable[[str], Teller]:
    return lambda run_id: Teller(store, FileContentStore(root), run_id)


@pytest.fixture
def line(root: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    def said(*args: str) -> Said:
        code = run([*args], Session(project=root))
        out = capsys.readouterr()
        return code, out.out, out.err

    return said


@pytest.fixture
def told(tell: Callable[[str], Teller]) -> None:
    first = tell(FIRST).begins(sample_plan()).starts("1.research", "researcher")
    first.turn("1.research", "researcher").tool("1.research", "researcher", "FileReadTool")
    first.ends("1.research", "notes on \x1b[31mAcme").starts("2.write", "writer").turn("2.write", "writer")
    first.ends("2.write", "Dear Acme").tells(OutputWritten(task="write", file="letter.md")).closes(
        output="Dear Acme"
    )
    refused = tell(REFUSED).tells(KickoffRequested(crew="brief", by="ada", host="desk", pid=7))
    refused.tells(ApprovalDecided(decision="missing", by="gate")).closes(
        "not_approved", 4, error="nobody said yes"
    )
    market = tell(MARKET).begins(sample_market(crew="outreach", crew_digest="sha256:" + "d" * 64))
    market.starts("1.research", "researcher").ends("1.research", "notes")
    market.starts("draft.writer", "writer", task="draft").ends("draft.writer", outcome="failed", error="boom")
    market.starts("draft.critic", "critic", task="draft").ends("draft.critic", "critic's draft")
    market.starts("judge.P1", "judge", task="draft", kind="judge_call")
    market.turn("judge.P1", "judge", asked={"reserved_cost": None}, cost=None).ends("judge.P1", "{}")
    market.chooses(json.dumps(VERDICT), "D2", "critic").closes(output="critic's draft")


def test_a_project_without_runs_says_so_with_a_next_step(line: Line, root: Path) -> None:
    assert line("runs")[0] == 0
    code, _, err = line("report")
    assert code == 9
    assert "no run has been made in this project yet" in err
    assert "crewctl rehearse" in err
    assert not (root / ".crewctl").exists()


@pytest.mark.usefixtures("told")
def test_runs_are_listed_newest_first_with_who_approved_them(line: Line) -> None:
    code, out, _ = line("runs")

    rows = out.splitlines()
    assert code == 0
    assert rows[0].split() == [
        "RUN",
        "CREW",
        "OUTCOME",
        "TURNS",
        "TOKENS",
        "COST",
        "TOOK",
        "STARTED",
        "APPROVED",
        "BY",
    ]
    assert [row.split()[0] for row in rows[1:]] == [MARKET, REFUSED, FIRST]
    assert "unknown" in rows[1]
    assert "not approved" in rows[2]
    assert rows[3].endswith("grace")
    assert "$0.00054" in rows[3]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["--crew", "outreach"], [MARKET]),
        (["--outcome", "not_approved"], [REFUSED]),
        (["--last", "2"], [MARKET, REFUSED]),
        (["--crew", "brief", "--last", "1"], [REFUSED]),
        (["--crew", "nobody"], []),
    ],
)
def test_runs_can_be_filtered(line: Line, filters: list[str], expected: list[str]) -> None:
    assert line("runs", *filters, "-o", "name")[1].split() == expected


@pytest.mark.usefixtures("told")
def test_an_unknown_cost_is_null_in_data(line: Line) -> None:
    rows = json.loads(line("runs", "-o", "json")[1])

    assert [row["cost_usd"] for row in rows] == [None, 0.0, 0.00054]
    assert [row["approved_by"] for row in rows] == ["grace", None, "grace"]
    assert [json.loads(each)["run"] for each in line("runs", "-o", "jsonl")[1].splitlines()] == [
        row["run"] for row in rows
    ]
    assert yaml.safe_load(line("runs", "-o", "yaml")[1]) == rows


@pytest.mark.usefixtures("told")
def test_one_run_is_shown_in_short(line: Line) -> None:
    code, out, err = line("runs", "show", "20260301-0900")

    assert code == 0
    assert "by grace on 2026-03-01 17:30:00 UTC [20260301-grace-1]: weekly briefing" in out
    assert "2 turns, 2,400 tokens, $0.00054" in out
    assert "letter.md" in out
    assert f"crewctl report {FIRST}" in err


@pytest.mark.usefixtures("told")
def test_a_refused_run_has_no_report_but_is_shown(line: Line) -> None:
    code, _, err = line("report", REFUSED)

    assert code == 9
    assert "was not started, so it has no report: nobody said yes" in err
    assert f"crewctl runs show {REFUSED}" in err
    code, _, err = line("runs", "show", REFUSED)
    assert code == 0
    assert "crewctl report" not in err


@pytest.mark.usefixtures("told")
def test_last_is_the_newest_and_a_prefix_has_to_be_unique(line: Line) -> None:
    assert line("runs", "show", "last", "-o", "name")[1].strip() == MARKET
    code, _, err = line("trace", "20260301")
    assert code == 2
    assert "could be any of 3 runs" in err
    code, _, err = line("logs", "1999")
    assert code == 9
    assert "there is no run '1999'" in err


@pytest.mark.usefixtures("told")
def test_a_report_reads_well_and_hides_no_escapes(line: Line) -> None:
    code, out, _ = line("report", FIRST)

    assert code == 0
    assert out.startswith("brief: finished\n")
    assert "by grace on 2026-03-01 17:30:00 UTC: weekly briefing, read by sales" in out
    assert "Task write by writer: done, 2s" in out
    assert r"notes on \x1b[31mAcme" in out
    assert "\x1b[31m" not in out
    assert "max_turns   2" in out
    assert "$0.50" in out


@pytest.mark.usefixtures("told")
def test_a_markets_report_says_who_won_and_why(line: Line) -> None:
    out = line("report")[1]

    assert "Verdict: critic\n  D2 names the product." in out
    assert "Draft of critic (D2), selected: done, 2s\n  critic's draft" in out
    assert "Draft of writer (D1): failed, 2s\n  error: boom" in out


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("run_id", [FIRST, MARKET])
def test_the_reports_file_is_written_if_missing_and_fits_the_schema(
    line: Line, root: Path, run_id: str
) -> None:
    code, out, err = line("report", run_id, "-o", "json")

    report = json.loads(out)
    file = root / "registry" / "reports" / report["crew"] / f"{run_id}.json"
    assert code == 0
    assert "has been written" in err
    assert json.loads(file.read_text()) == report
    jsonschema.validate(report, report_schema(), jsonschema.Draft202012Validator)
    assert "has been written" not in line("report", run_id)[2]


@pytest.mark.usefixtures("told")
def test_two_reports_are_compared(line: Line) -> None:
    code, out, err = line("report", MARKET, "--diff", FIRST)

    assert code == 0
    assert f"From {FIRST} to {MARKET}" in out
    assert "  crew: brief → outreach" in out
    assert "bill.total.cost_usd: $0.00054 → unknown" in out
    assert "verdict.contestant: nothing → critic" in out
    data = json.loads(line("report", MARKET, "--diff", FIRST, "-o", "json")[1])
    assert {"place": "crew", "before": "brief", "after": "outreach"} in data["differences"]
    assert "cannot be compared field by field" in err  # these plans' digests are made up


@pytest.mark.usefixtures("told")
def test_a_run_differs_from_itself_in_nothing(line: Line) -> None:
    assert "nothing but times differs" in line("report", FIRST, "--diff", FIRST)[1]


@pytest.mark.usefixtures("told")
def test_a_trace_is_a_tree_with_aligned_columns(line: Line) -> None:
    out = line("trace", FIRST)[1].splitlines()

    assert out[0].startswith(f"brief · finished · {FIRST}")
    assert out[1].startswith("├─ research ")
    assert out[4].split() == ["│", "└─", "FileReadTool", "250ms"]
    costs = [row for row in out if "$" in row]
    assert len({len(row) for row in costs}) == 1
    tree = json.loads(line("trace", FIRST, "-o", "json")[1])
    assert tree["cost_usd"] == 0.00054
    assert [child["name"] for child in tree["children"]] == ["research", "write"]


@pytest.mark.usefixtures("told")
def test_logs_are_one_line_an_event_in_every_form(line: Line, store: SqlRunStore) -> None:
    out = line("logs", FIRST)[1].splitlines()

    assert len(out) == len(store.events_of(FIRST))
    assert "KickoffRequested kickoff of brief by ada" in out[0]
    assert [json.loads(row)["seq"] for row in line("logs", FIRST, "-o", "jsonl")[1].splitlines()] == list(
        range(1, len(out) + 1)
    )


@pytest.mark.usefixtures("told")
def test_what_a_steps_process_printed_is_shown_attempt_after_attempt(line: Line, root: Path) -> None:
    folder = root / ".crewctl" / "runs" / FIRST
    for text in ("first\x1b[2J", "second"):
        (make_step_folder(folder, "1.research") / "log.txt").write_text(text + "\n")

    assert line("logs", FIRST, "--step", "1.research")[1] == "first\\x1b[2J\nsecond\n"
    assert line("logs", FIRST, "--step", "research")[1] == "first\\x1b[2J\nsecond\n"
    assert line("logs", FIRST, "--step", "2.write")[1:] == ("", "The process of 2.write printed nothing.\n")
    code, _, err = line("logs", FIRST, "--step", "writ")
    assert code == 9
    assert "did you mean '2.write'?" in err


def test_following_ends_with_the_run(line: Line, tell: Callable[[str], Teller], root: Path) -> None:
    teller = tell(FIRST).begins(sample_plan())

    def go_on() -> None:
        time.sleep(0.3)
        teller.starts("1.research", "researcher").closes()

    with FileLocks(root).hold(run_lock(FIRST)):
        thread = threading.Thread(target=go_on)
        thread.start()
        code, out, _ = line("logs", FIRST, "--follow")
        thread.join()

    assert code == 0
    assert [row.split()[2] for row in out.splitlines()][-2:] == ["StepStarted", "RunClosed"]


def test_following_a_run_whose_process_dies_ends_too(
    line: Line, tell: Callable[[str], Teller], root: Path
) -> None:
    tell(FIRST).begins(sample_plan())
    lock = FileLocks(root).acquire(run_lock(FIRST))
    assert lock is not None
    dies = threading.Timer(0.3, lock.release)
    dies.start()

    code, out, _ = line("logs", FIRST, "--follow")

    dies.join()
    assert code == 0
    assert "RunClosed lost" in out.splitlines()[-1]


def test_follow_has_its_forms(line: Line, tell: Callable[[str], Teller]) -> None:
    tell(FIRST).begins(sample_plan()).closes()

    assert line("logs", FIRST, "--follow", "-o", "yaml")[0] == 2
    assert line("logs", FIRST, "--follow", "--step", "1.research")[0] == 2


def test_a_run_whose_process_died_is_found_lost_with_what_it_had_finished(
    line: Line, tell: Callable[[str], Teller], root: Path
) -> None:
    teller = tell(FIRST).begins(sample_plan()).starts("1.research", "researcher").ends("1.research", "notes")
    teller.starts("2.write", "writer").asks("2.write", "writer")

    code, out, err = line("runs")

    assert code == 0
    assert "lost" in out.splitlines()[1]
    assert "5,000*" in out.splitlines()[1]
    assert "died during 2.write; finished: 1.research" in err
    assert (root / "registry" / "reports" / "brief" / f"{FIRST}.json").is_file()
    assert "is lost" not in line("runs")[2], "the loss is told once"
    report = line("report", FIRST)[1]
    assert "Task research by researcher: done, 2s\n  notes" in report
    assert "1 call never came back, counted at the whole reservation." in report


def test_a_run_that_goes_on_has_a_trace_but_no_report(
    line: Line, tell: Callable[[str], Teller], root: Path
) -> None:
    tell(FIRST).begins(sample_plan()).starts("1.research", "researcher")

    with FileLocks(root).hold(run_lock(FIRST)):
        assert "running" in line("runs")[1]
        code, _, err = line("report", FIRST)
        trace = line("trace", FIRST)

    assert code == 9
    assert "still going on" in err
    assert "crewctl trace" in err
    assert trace[0] == 0
    assert "research · running" in trace[1]


def test_the_time_at_work_of_a_run_that_goes_on_is_as_of_now(
    line: Line, tell: Callable[[str], Teller], root: Path
) -> None:
    tell(FIRST).begins(sample_plan()).starts("1.research", "researcher")

    with FileLocks(root).hold(run_lock(FIRST)):
        before = json.loads(line("runs", "show", FIRST, "-o", "json")[1])["clock_seconds"]
        time.sleep(0.3)
        after = json.loads(line("runs", "show", FIRST, "-o", "json")[1])["clock_seconds"]

    assert before > 0
    assert after >= before + 0.3


def test_a_star_in_the_table_is_explained_below_it(line: Line, tell: Callable[[str], Teller]) -> None:
    tell(FIRST).begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
    assert "whole reservation" not in line("runs")[2]
    tell(MARKET).begins(sample_plan()).starts("1.research", "researcher").asks("1.research", "researcher")

    _, out, err = line("runs")

    assert "5,000*  " in out
    assert "* Calls that never came back, or whose usage nobody told, are counted" in err


def test_a_damaged_database_is_said_without_a_traceback(line: Line, root: Path) -> None:
    (root / ".crewctl").mkdir()
    (root / ".crewctl" / "crewctl.db").write_bytes(b"not a database at all" * 300)

    code, _, err = line("runs")

    assert code == 1
    assert "this is not a database" in err
    assert "Traceback" not in err


def test_an_erased_report_is_not_written_anew(line: Line, tell: Callable[[str], Teller], root: Path) -> None:
    tell(FIRST).begins(sample_plan()).starts("1.research", "researcher").ends("1.research", "notes").closes()
    FileContentStore(root).erase(FIRST)

    code, out, err = line("report", FIRST)

    assert code == 0
    assert "(its output has been erased)" in out
    assert "have been erased" in err
    assert not (root / "registry").exists()


def test_looking_at_runs_imports_neither_crewai_nor_rich(root: Path, tell: Callable[[str], Teller]) -> None:
    tell(FIRST).begins(sample_plan()).closes()
    script = (
        "import sys; from crewctl.cli.main import run\n"
        "for words in (['runs'], ['report'], ['trace'], ['logs']):\n"
        "    assert run(words) == 0\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'crewai', 'rich'}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "CREWCTL_PROJECT": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "[]"
