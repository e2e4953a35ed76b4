"""kickoff, rehearse, plan, approve, revoke and approvals, up to the door of the engine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from crewctl.audit.events import ApprovalDecided, Change, LimitReached, StopRequested
from crewctl.cli.session import Session
from crewctl.errors import Exit
from crewctl.testing.account_samples import Teller, sample_market, sample_plan
from crewctl.testing.fake_project import FakeProject

Call = Callable[..., Any]

ACME = ("-i", "company=Acme Corp", "-i", "first_name=Elena")
WITH_CARE = ("--reason", "read every prompt with care")


def _session(project: FakeProject) -> Session:
    return Session(opener=lambda _: project)


def _brief(teller: Teller) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
    teller.ends("1.research", "notes").closes(output="A \x1b[31mred\x1b[0m brief")


def test_a_kickoff_shows_events_on_stderr_and_the_result_on_stdout(call: Call, tmp_path: Path) -> None:
    done = call("kickoff", "brief", session=_session(FakeProject(tmp_path, sample_plan(), _brief)))

    assert done.code == 0
    assert "brief finished" in done.out
    assert "registry/reports/brief/r1.json" in done.out
    assert "StepStarted" in done.err
    assert "StepStarted" not in done.out


def test_what_a_model_says_cannot_drive_the_terminal(call: Call, tmp_path: Path) -> None:
    done = call("kickoff", "brief", session=_session(FakeProject(tmp_path, sample_plan(), _brief)))

    assert "\x1b" not in done.out + done.err
    assert "A \\x1b[31mred\\x1b[0m brief" in done.out


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml"])
def test_a_kickoff_gives_the_whole_report_when_asked(call: Call, tmp_path: Path, form: str) -> None:
    project = FakeProject(tmp_path, sample_plan(), _brief)

    done = call("kickoff", "brief", "-o", form, session=_session(project))

    report = yaml.safe_load(done.out) if form == "yaml" else json.loads(done.out)
    assert (report["run_id"], report["outcome"]) == ("r1", "finished")
    assert "\x1b" not in done.out
    assert "registry/reports/brief/r1.json" in done.err


def test_a_kickoff_gives_the_runs_id_alone_when_asked(call: Call, tmp_path: Path) -> None:
    done = call(
        "kickoff", "brief", "-o", "name", "-q", session=_session(FakeProject(tmp_path, sample_plan(), _brief))
    )

    assert done.out == "r1\n"
    assert "StepStarted" not in done.err


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("failed", Exit.FAILED),
        ("limit_reached", Exit.LIMIT),
        ("stopped", Exit.STOPPED),
        ("undecided", Exit.UNDECIDED),
    ],
)
def test_the_exit_code_tells_the_outcome(call: Call, tmp_path: Path, outcome: str, code: Exit) -> None:
    def story(teller: Teller) -> None:
        teller.begins(sample_plan()).starts("1.research", "researcher").ends("1.research", outcome="failed")
        if outcome == "limit_reached":
            teller.tells(LimitReached(limit="max_turns", allowed=10, used=10, step="1.research"))
        teller.closes(outcome, int(code), error="because")

    done = call("kickoff", "brief", session=_session(FakeProject(tmp_path, sample_plan(), story)))

    assert done.code == code
    assert outcome.replace("_", " ") in done.out
    assert "crewctl report r1" in done.err


def test_what_was_kept_and_where_the_limit_is_set_are_said_once(call: Call, tmp_path: Path) -> None:
    def story(teller: Teller) -> None:
        teller.begins(sample_plan()).starts("1.research", "researcher", task="research")
        teller.ends("1.research", "notes").starts("2.write", "writer", task="write")
        teller.tells(LimitReached(limit="max_turns", allowed=10, used=10, step="2.write"))
        teller.ends("2.write", outcome="limit_reached").closes("limit_reached", int(Exit.LIMIT))

    done = call("kickoff", "brief", session=_session(FakeProject(tmp_path, sample_plan(), story)))

    assert "kept    research by researcher\n" in done.out
    assert done.out.count("max_turns allows 10 turns") == 1
    assert re.search(r"max_turns is set in \S+\.$", done.err, re.MULTILINE)


def test_a_stop_is_said_once(call: Call, tmp_path: Path) -> None:
    def story(teller: Teller) -> None:
        teller.begins(sample_plan()).starts("1.research", "researcher", task="research")
        teller.tells(StopRequested(by="ada", reason="wrong company"))
        teller.ends("1.research", outcome="stopped").closes(
            "stopped", 6, error="stopped by ada: wrong company"
        )

    done = call("kickoff", "brief", session=_session(FakeProject(tmp_path, sample_plan(), story)))

    assert done.out.count("wrong company") == 1
    assert "kept    nothing was finished" in done.out


def test_a_draft_that_failed_is_told_even_when_another_was_chosen(call: Call, tmp_path: Path) -> None:
    def story(teller: Teller) -> None:
        teller.begins(sample_market())
        teller.starts("2.draft.writer", "writer", task="draft").ends("2.draft.writer", "by writer")
        teller.starts("2.draft.critic", "critic", task="draft")
        teller.ends("2.draft.critic", outcome="failed", error="the key was \x1b[31mrefused")
        teller.chooses('{"selected_draft": "A"}', "A", "writer").closes(output="by writer")

    done = call("kickoff", "brief", session=_session(FakeProject(tmp_path, sample_market(), story)))

    assert "The draft of critic failed: the key was \\x1b[31mrefused" in done.out


@pytest.mark.parametrize(
    ("origin", "selected", "words"),
    [
        ("merged", "D3", "Verdict: the merged text (draft D3)"),
        ("consensus", None, "Verdict: a consensus, without a winner"),
    ],
)
def test_a_text_that_no_contestant_wrote_is_told_as_what_it_is(
    call: Call, tmp_path: Path, origin: str, selected: str | None, words: str
) -> None:
    verdict = {"selected_draft": selected, "final_text_origin": origin, "reasoning": "So it is."}

    def story(teller: Teller) -> None:
        teller.begins(sample_market())
        teller.chooses(json.dumps(verdict), selected, None).closes(output="another text")

    done = call("kickoff", "brief", session=_session(FakeProject(tmp_path, sample_market(), story)))

    assert f"{words}\n" in done.out
    assert "another text" in done.out


def test_an_undecided_verdict_says_what_a_person_does_now(call: Call, tmp_path: Path) -> None:
    verdict = {"selected_draft": None, "reasoning": "The best drafts are level.", "candidates": []}

    def story(teller: Teller) -> None:
        teller.begins(sample_market())
        for agent in ("writer", "critic"):
            teller.starts(f"2.draft.{agent}", agent, task="draft").ends(f"2.draft.{agent}", f"by {agent}")
        teller.chooses(json.dumps(verdict), None, None)
        teller.closes("undecided", int(Exit.UNDECIDED), error="The best drafts are level.")

    done = call("kickoff", "brief", session=_session(FakeProject(tmp_path, sample_market(), story)))

    assert done.out.count("The best drafts are level.") == 1
    assert "Read the drafts without names: crewctl decide r1\n" in done.err
    assert 'Then choose one: crewctl decide r1 DRAFT --reason "…"\n' in done.err
    assert "registry/rubrics/" in done.err


def test_a_verdict_is_shown_with_its_reasons(call: Call, tmp_path: Path) -> None:
    verdict = {"selected_draft": "B", "reasoning": "B names three facts.", "candidates": []}

    def story(teller: Teller) -> None:
        teller.begins(sample_market())
        for agent in ("writer", "critic"):
            teller.starts(f"2.draft.{agent}", agent, task="draft").ends(f"2.draft.{agent}", f"by {agent}")
        teller.chooses(json.dumps(verdict), "B", "critic").closes(output="by critic")

    done = call("kickoff", "brief", session=_session(FakeProject(tmp_path, sample_market(), story)))

    assert "Verdict: critic (draft B)" in done.out
    assert "B names three facts." in done.out


def test_a_simulated_run_says_so(call: Call, project: Path) -> None:
    done = call("plan", "company-brief", "-i", "company=Acme", cwd=project)

    assert "simulated" in done.out


REFUSED = ApprovalDecided(
    decision="drifted",
    by="grace",
    reason="the approval x of 2026-03-01 was for another plan",
    statement="x",
    changes=(
        Change(
            field="agents.researcher.goal",
            before="Gather and summarise signals",
            after="Gather and sell signals",
        ),
        Change(field="limits.max_turns", before="10", after=None),
    ),
)


def _refused(teller: Teller) -> None:
    teller.begins(sample_plan(), REFUSED).closes("not_approved", 4)


def test_a_refusal_says_what_changed_word_by_word_and_the_exact_next_command(
    call: Call, tmp_path: Path
) -> None:
    done = call("kickoff", "brief", session=_session(FakeProject(tmp_path, sample_plan(), _refused)))

    assert (done.code, done.out) == (4, "")
    assert "not approved: brief did not run: the approval x of 2026-03-01 was for another plan" in done.err
    assert "agents.researcher.goal: Gather and [-summarise-]{+sell+} signals" in done.err
    assert "limits.max_turns: removed 10" in done.err
    assert 'crewctl approve brief --reason "…"' in done.err


def test_a_refusal_is_data_too(call: Call, tmp_path: Path) -> None:
    done = call(
        "kickoff", "brief", "-o", "json", session=_session(FakeProject(tmp_path, sample_plan(), _refused))
    )

    data = json.loads(done.out)
    assert data["outcome"] == "not_approved"
    assert data["refusal"]["decision"] == "drifted"
    assert data["refusal"]["changes"][0]["field"] == "agents.researcher.goal"
    assert data["next"] == 'crewctl approve brief --reason "…"'


def test_inputs_come_from_words_files_and_json(call: Call, tmp_path: Path) -> None:
    project = FakeProject(tmp_path, sample_plan(), _brief)
    (tmp_path / "long.txt").write_text("from\na file")

    call(
        "kickoff",
        "brief",
        "-i",
        "a=1=2",
        "-i",
        "b=@long.txt",
        "--inputs",
        '{"c": 3}',
        session=_session(project),
    )

    assert project.given == {"a": "1=2", "b": "from\na file", "c": 3}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-i", "company"], 2, "'company' is not an input"),
        (["-i", "a=1", "-i", "a=2"], 2, "given twice"),
        (["--inputs", '{"a": 1, "a": 2}'], 2, "cannot be read as JSON: the name 'a' stands twice"),
        (["--inputs", '{"a": NaN}'], 2, "cannot be read as JSON: NaN is no number"),
        (["--inputs", '{"a": 1e999}'], 2, "cannot be read as JSON: 1e999 is too large"),
        (["-i", "a=1", "--inputs", '{"a": 1}'], 2, "given twice"),
        (["-i", "a=@nowhere.txt"], 9, "no input file nowhere.txt"),
        (["--inputs", "{"], 2, "cannot be read as JSON"),
        (["--inputs", "[1]"], 2, "not a JSON object"),
        (["--inputs", '{"a": [1]}'], 3, "the input 'a'"),
        (["--inputs", "[" * 100_000], 2, "cannot be read as JSON"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(
    call: Call, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    done = call("kickoff", "brief", *words, session=_session(FakeProject(tmp_path, sample_plan(), _brief)))

    assert done.code == code
    assert said in done.err


def test_a_rehearsal_takes_missing_inputs_from_the_crews_examples_and_says_so(
    call: Call, project: Path
) -> None:
    fake = FakeProject(project, sample_plan(), _brief)

    done = call("rehearse", "company-brief", session=_session(fake))

    assert (done.code, fake.rehearsed, fake.given) == (0, True, {"company": "Acme Corp"})
    assert "company=Acme Corp" in done.err


def test_an_input_that_is_missing_is_shown_with_its_place_and_what_to_type(call: Call, project: Path) -> None:
    done = call("kickoff", "outreach-email", "-i", "company=Acme Corp", cwd=project)

    assert done.code == 3
    assert "crews/outreach-email.yaml" in done.err
    assert "-i first_name=" in done.err
    assert "first_name:" in done.err.partition("[missing-input]")[2], "the line of the file is shown"
    assert done.err.count("has no value") == 1


def test_a_kickoff_whose_model_lacks_its_key_is_refused_before_it_could_use_an_approval_up(
    call: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (project / "config" / "models.yaml").write_text(
        "default: openai/gpt-4o-mini\nstandard: default\njudge: default\n"
    )
    done = call("kickoff", "company-brief", "-i", "company=Acme", cwd=project)
    shown = call("plan", "company-brief", cwd=project)

    assert done.code == 3
    assert "needs a key in the environment variable OPENAI_API_KEY" in done.err
    assert "export OPENAI_API_KEY=…" in done.err
    assert call("runs", "-o", "name", cwd=project).out == ""
    assert "$OPENAI_API_KEY (not set here)" in shown.out


def test_an_unknown_crew_is_answered_with_the_near_one(call: Call, project: Path) -> None:
    done = call("plan", "company-breif", cwd=project)

    assert done.code == 9
    assert "'company-brief'" in done.err


@pytest.mark.parametrize("words", [("judge", "agreement"), ("whatif",)], ids=["agreement", "whatif"])
def test_a_crew_that_is_no_market_has_no_judge_to_look_at(
    call: Call, project: Path, words: tuple[str, ...]
) -> None:
    done = call(*words, "company-brief", cwd=project)

    assert done.code == 2
    assert "'company-brief' is sequential, and only a market has a judge" in done.err


def test_the_printed_plan_is_the_plan(call: Call, project: Path) -> None:
    planned = json.loads(call("plan", "outreach-email", *ACME, "-o", "json", cwd=project).out)
    shown = call("plan", "outreach-email", *ACME, cwd=project).out
    name = call("plan", "outreach-email", *ACME, "-o", "name", cwd=project).out

    assert planned["crew_digest"] == name.strip()
    assert planned["crew_digest"] in shown
    assert all(contestant in shown for contestant in planned["market"]["contestants"])
    assert "registry/entries/outreach-email.yaml" in shown
    assert re.search(r"approval +needed", shown)


def test_a_plan_with_a_real_model_in_it_is_not_called_simulated_as_a_whole(call: Call, project: Path) -> None:
    all_offline = call("plan", "outreach-email", *ACME, cwd=project).out
    models = project / "config" / "models.yaml"
    models.write_text(models.read_text().replace("judge: default", "judge: openai/gpt-4o-mini"))
    one_is_real = call("plan", "outreach-email", *ACME, cwd=project).out

    assert all_offline.startswith("outreach-email: market, simulated: no real model answers\n")
    assert one_is_real.startswith(
        "outreach-email: market, simulated in part: no real model answers as standard\n"
    )


def test_from_approval_over_a_changed_word_to_the_difference(call: Call, project: Path) -> None:
    approved = call("approve", "outreach-email", *WITH_CARE, "--expires", "1h", "-o", "json", cwd=project)
    agents = project / "config" / "agents.yaml"
    first = json.loads(call("plan", "outreach-email", *ACME, "-o", "json", cwd=project).out)["agents"][0]
    agents.write_text(agents.read_text().replace(first["goal"].split()[0], "Zealously", 1))

    shown = call("plan", "outreach-email", *ACME, cwd=project).out
    states = json.loads(call("approvals", "outreach-email", "-o", "json", cwd=project).out)

    statement = json.loads(approved.out)
    assert (project / statement["file"]).is_file()
    assert statement["reason"] == WITH_CARE[1]
    assert "{+Zealously+}" in shown
    assert [(each["id"], each["state"]) for each in states] == [(statement["id"], "drifted")]


def test_where_a_crew_runs_without_approval_giving_and_taking_one_back_say_so(
    call: Call, project: Path
) -> None:
    given = call("approve", "company-brief", *WITH_CARE, cwd=project)
    taken = call("revoke", "company-brief", "--reason", "not to run any more", cwd=project)
    other = call("approve", "outreach-email", *WITH_CARE, cwd=project)

    assert "company-brief runs without any approval: risk level minimal" in given.err
    assert "human_oversight_required: true" in taken.err
    assert other.err == ""


def test_an_approval_can_be_taken_back_by_the_beginning_of_its_id(call: Call, project: Path) -> None:
    said = call("approve", "outreach-email", *WITH_CARE, "-o", "name", cwd=project).out.strip()

    revoked = call("revoke", "outreach-email", said[:6], "--reason", "given by mistake", cwd=project)
    again = call("revoke", "outreach-email", "--reason", "given by mistake", cwd=project)
    states = json.loads(call("approvals", "-o", "json", cwd=project).out)

    assert revoked.code == 0
    assert again.code == 9
    assert [each["state"] for each in states] == ["revoked"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--reason", ""],
        ["--reason", "   "],
        ["--yes"],
        ["--reason", "long enough reason", "--expires", "soon"],
        ["--reason", "long enough reason", "--expires", "0s"],
        ["--reason", "long enough reason", "--max-runs", "0"],
        ["--reason", "long enough reason", "--for-inputs"],
        ["--reason", "long enough reason", "-i", "company=Acme"],
    ],
    ids=" ".join,
)
def test_an_approval_without_a_reason_or_with_odd_terms_is_refused_and_writes_nothing(
    call: Call, project: Path, words: list[str]
) -> None:
    done = call("approve", "outreach-email", *words, cwd=project)

    assert done.code == 2
    assert not list((project / "registry").glob("approvals/**/*.json"))


def test_no_command_takes_yes_for_an_approval(call: Call, project: Path) -> None:
    for name in ("kickoff", "approve", "rehearse"):
        assert "no such option '--yes'" in call(name, "outreach-email", "--yes", cwd=project).err


def test_an_approval_whose_runs_another_machine_counts_stands_elsewhere(call: Call, project: Path) -> None:
    call("approve", "outreach-email", *WITH_CARE, "--max-runs", "3", cwd=project)
    here = json.loads(call("approvals", "-o", "json", cwd=project).out)
    (project / ".crewctl" / "crewctl.db").unlink()
    there = json.loads(call("approvals", "-o", "json", cwd=project).out)

    assert [(row["state"], row["runs"]) for row in here] == [("standing", "0 of 3")]
    assert [(row["state"], row["runs"]) for row in there] == [("elsewhere", "? of 3")]


def test_the_approvals_of_a_crew_that_is_gone_are_still_listed(call: Call, project: Path) -> None:
    call("approve", "outreach-email", *WITH_CARE, cwd=project)
    (project / "crews" / "outreach-email.yaml").unlink()

    assert call("approvals", "outreach-email", "-o", "name", cwd=project).code == 0
    assert call("approvals", "-o", "name", cwd=project).out.strip()


def test_an_approval_for_these_inputs_alone_binds_their_digest(call: Call, project: Path) -> None:
    said = call("approve", "outreach-email", *WITH_CARE, "--for-inputs", *ACME, "-o", "json", cwd=project)
    plan = json.loads(call("plan", "outreach-email", *ACME, "-o", "json", cwd=project).out)

    assert json.loads(said.out)["inputs_digest"] == plan["inputs_digest"]


def test_a_real_refusal_starts_nothing_and_names_the_next_command(call: Call, project: Path) -> None:
    done = call("kickoff", "outreach-email", *ACME, cwd=project)

    assert done.code == 4
    assert "not approved: outreach-email did not run" in done.err
    assert 'crewctl approve outreach-email --reason "…"' in done.err
    assert "RunStarted" not in done.err
    assert not (project / "registry" / "reports").exists()


def test_approvals_of_an_unknown_crew_are_not_found(call: Call, project: Path) -> None:
    assert call("approvals", "outreach-emial", cwd=project).code == 9


def test_stopping_a_run_that_never_was_is_not_found(call: Call, project: Path) -> None:
    assert call("stop", "20000101", cwd=project).code == 9
