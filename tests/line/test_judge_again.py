"""rejudge, whatif and judge agreement, over accounts that were told and judges that are."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from crewctl.audit.events import ApprovalDecided, KickoffRequested, Recorded
from crewctl.cli.main import run
from crewctl.cli.row_keys import ROW_KEYS
from crewctl.cli.session import Session
from crewctl.diagnostics.problem import Problem
from crewctl.diagnostics.span import Span
from crewctl.errors import StoreError
from crewctl.judging.verdict import PeopleAsked, Verdict
from crewctl.planning.digest import sealed
from crewctl.planning.findings import InvalidPlanError
from crewctl.planning.inputs import Value
from crewctl.planning.overrides import Overrides
from crewctl.planning.plan import Plan
from crewctl.testing.account_samples import Teller, sample_market
from crewctl.testing.fake_judge import FakeJudge
from crewctl.testing.fake_project import FakeProject, Story
from crewctl.testing.sample_verdicts import agreed, half_by_spare, judged, tell_market
from crewctl.wiring import Ended

PLAN = sample_market(crew="outreach")
OFFLINE = PLAN.model_copy(
    update={"models": tuple(m.model_copy(update={"kind": "offline"}) for m in PLAN.models)}
)


def shortest(first: str, second: str) -> int:
    return len(second) - len(first)


def first_shown(_: str, __: str) -> int:
    return 1


def judging(verdict: Verdict) -> Story:
    """Tell a judging that came to this verdict."""
    named = verdict.model_copy(update={"run_id": "r1"})
    return lambda teller: tell_market(teller.store, teller.contents, named)


def refused(teller: Teller) -> None:
    missing = ApprovalDecided(decision="missing", by="nobody", reason="no approval has been given")
    teller.begins(PLAN, missing).closes("not_approved", 4)


class Past(FakeProject):
    """A project with market runs behind it; `broken` runs cannot be judged again, and one is interrupted."""

    def __init__(self, root: Path, story: Story, plan: Plan = OFFLINE) -> None:
        super().__init__(root, plan, story)
        self.judged: list[str] = []
        self.broken = ""
        self.interrupted = ""
        self.refuses = ""
        self.unplanned: InvalidPlanError | None = None

    def plan(
        self,
        crew: str,
        inputs: Mapping[str, Value] | None,
        *,
        rehearsal: bool = False,
        overrides: Overrides | None = None,
    ) -> Plan:
        if self.unplanned is not None:
            raise self.unplanned
        return super().plan(crew, inputs, rehearsal=rehearsal, overrides=overrides)

    def remembers(self, *verdicts: Verdict) -> Past:
        for number, verdict in enumerate(verdicts, 1):
            named = verdict.model_copy(update={"run_id": f"2026-{number:03}"})
            tell_market(self.store, self.contents, named)
        return self

    def kickoff(
        self,
        plan: Plan,
        watch: Callable[[Recorded], None],
        request: KickoffRequested,
    ) -> Ended:
        assert request.rejudges is not None
        if request.rejudges == self.broken:
            raise StoreError("the disk is full")
        self.judged.append(request.rejudges)
        if request.rejudges == self.interrupted:
            raise KeyboardInterrupt
        if request.rejudges == self.refuses:
            return FakeProject(self.root, plan, refused).kickoff(plan, watch, request)
        return super().kickoff(plan, watch, request)


@pytest.fixture
def past(tmp_path: Path) -> Callable[..., Past]:
    def made(story: Story, *verdicts: Verdict, plan: Plan = OFFLINE) -> Past:
        return Past(tmp_path, story, plan).remembers(*verdicts)

    return made


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def said(project: Past, *words: str) -> tuple[int, str, str]:
        code = run([*words], Session(opener=lambda _: project))
        out = capsys.readouterr()
        return code, out.out, out.err

    return said


Line = Callable[..., tuple[int, str, str]]
Make = Callable[..., Past]
OTHER_MIND = judging(judged(model=FakeJudge(shortest)))
SAME_MIND = judging(judged())


def test_rejudge_says_first_what_it_takes_and_then_what_would_have_changed(past: Make, line: Line) -> None:
    project = past(OTHER_MIND, judged())

    code, out, err = line(project, "rejudge", "last", "--rubric", "outreach-email", "--protocol", "all_pairs")

    assert code == 0
    assert "The 3 drafts of run 2026-001 are judged again: 14 calls at most" in err
    assert "No contestant is asked." in err
    assert out.startswith("It would have changed: story_writer was selected then, and question_writer is now")
    assert "0 said the same and 6 something else" in out
    assert project.overrides == Overrides(rubric="outreach-email", protocol="all_pairs")
    assert project.requested is not None
    assert project.requested.rejudges == "2026-001"


def test_rejudge_as_json_has_both_sides_and_the_report(past: Make, line: Line) -> None:
    code, out, _ = line(past(SAME_MIND, judged()), "rejudge", "2026", "-q", "-o", "json")

    said = json.loads(out)
    assert code == 0
    assert (said["rejudges"], said["outcome"]) == ("2026-001", "finished")
    assert said["compared"]["changed"] is False
    assert said["compared"]["then"]["ranks"] == said["compared"]["now"]["ranks"]
    assert said["report"]["verdict"]["selected_draft"]


def test_a_dry_run_asks_nobody(past: Make, line: Line) -> None:
    project = past(OTHER_MIND, judged())

    code, out, _ = line(project, "rejudge", "last", "--dry-run", "-o", "json")

    assert code == 0
    assert json.loads(out)["judge_calls"] == 14
    assert project.judged == []


def test_without_an_approval_the_exact_command_is_shown(past: Make, line: Line) -> None:
    code, _, err = line(past(refused, judged()), "rejudge", "--judge", "judge,strict", "--rubric", "short")

    assert code == 4
    assert 'crewctl approve outreach --judge judge,strict --rubric short --reason "…"' in err
    assert "crewctl plan outreach --judge judge,strict --rubric short" in err


def test_an_undecided_judging_ends_with_8_and_says_so(past: Make, line: Line) -> None:
    undecided = judging(judged(model=FakeJudge(first_shown)))

    code, out, _ = line(past(undecided, judged()), "rejudge", "last", "-q")

    assert code == 8
    assert "story_writer was selected then, and nobody is now" in out


def test_last_is_the_newest_run_that_wrote_its_drafts(past: Make, line: Line) -> None:
    """Also after a judging that was refused: that one wrote none."""
    project = past(SAME_MIND, judged())
    Teller(project.store, project.contents, "2026-900").begins(PLAN).closes("failed", 1)

    assert line(project, "rejudge", "last", "-q")[0] == 0
    assert project.judged == ["2026-001"]


def test_a_run_without_drafts_is_refused_with_the_reason(past: Make, line: Line) -> None:
    project = past(SAME_MIND)
    code, _, err = line(project, "rejudge", "last")
    assert code == 9
    assert "no market has been judged" in err

    Teller(project.store, project.contents, "2026-900").begins(
        sealed(PLAN.model_copy(update={"process": "sequential", "market": None}))
    ).closes()
    code, _, err = line(project, "rejudge", "2026-900")
    assert code == 3
    assert "only a market leaves drafts to judge" in err


def test_whatif_sums_up_what_would_have_changed(past: Make, line: Line) -> None:
    project = past(OTHER_MIND, judged(), judged(model=FakeJudge(shortest)), judged())

    code, out, err = line(project, "whatif", "outreach", "-o", "json")

    said = json.loads(out)
    assert code == 0
    assert "3 runs to judge again: 42 calls at most" in err
    assert "2 of 3: run 2026-002" in err
    assert [row["changed"] for row in said["runs"]] == [True, False, True]
    assert [row["run"] for row in said["runs"]] == ["2026-001", "2026-002", "2026-003"]
    assert (said["judged"], said["changed"], said["changed_share"]["hits"]) == (3, 2, 2)
    wins = {each["contestant"]: (each["then"]["hits"], each["now"]["hits"]) for each in said["win_rates"]}
    assert wins == {"story_writer": (2, 0), "question_writer": (1, 3), "direct_writer": (0, 0)}


def test_whatif_goes_on_after_a_judging_that_failed(past: Make, line: Line) -> None:
    project = past(OTHER_MIND, judged(), judged(), judged())
    project.broken = "2026-002"

    code, out, err = line(project, "whatif", "outreach", "--runs", "last:3")

    assert code == 1
    assert project.judged == ["2026-001", "2026-003"]
    assert "Not judged: 2026-002: the disk is full" in err
    assert "2 of 2 choices would have changed" in out


def test_whatif_ends_with_what_was_judged_when_it_is_interrupted(past: Make, line: Line) -> None:
    project = past(OTHER_MIND, judged(), judged(), judged())
    project.interrupted = "2026-002"

    code, out, err = line(project, "whatif", "outreach")

    assert code == 130
    assert project.judged == ["2026-001", "2026-002"]
    assert "1 of 1 choice would have changed" in out
    assert "Interrupted" in err


def test_whatif_stops_at_the_first_refusal(past: Make, line: Line) -> None:
    project = past(refused, judged(), judged())

    code, _, err = line(project, "whatif", "outreach", "--rubric", "short")

    assert code == 4
    assert len(project.judged) == 1
    assert 'crewctl approve outreach --rubric short --reason "…"' in err


def test_what_was_judged_before_a_refusal_is_still_summed_up(past: Make, line: Line) -> None:
    """An approval of one run covers one run."""
    project = past(OTHER_MIND, judged(), judged())
    project.refuses = "2026-002"

    code, out, err = line(project, "whatif", "outreach", "-o", "json")

    assert code == 4
    assert json.loads(out)["judged"] == 1
    assert 'crewctl approve outreach --reason "…"' in err


def test_drafts_that_people_choose_from_are_not_judged_before_they_have(past: Make, line: Line) -> None:
    """The comparison would tell who wrote which."""
    project = past(OTHER_MIND, judged(people=PeopleAsked(kind="person")))

    code, out, err = line(project, "rejudge", "2026-001", "--judge", "judge")

    assert (code, out, project.judged) == (3, "", [])
    assert "people are still choosing among the drafts of run 2026-001" in err
    assert "crewctl decide 2026-001" in err


def test_inputs_that_the_crew_no_longer_takes_are_said_to_be_the_runs(past: Make, line: Line) -> None:
    project = past(OTHER_MIND, judged())
    span = Span("crews/outreach.yaml", 3, 1)
    project.unplanned = InvalidPlanError(
        "outreach", [Problem(span, "missing-input", "input 'city' of crew 'outreach' has no value")]
    )

    code, _, err = line(project, "rejudge", "last")

    assert code == 3
    assert "takes other inputs today than run 2026-001 was given: input 'city'" in err


def test_real_models_are_not_asked_unless_somebody_agrees(past: Make, line: Line) -> None:
    project = past(OTHER_MIND, judged(), plan=PLAN)

    code, _, err = line(project, "whatif", "outreach")

    assert code == 2
    assert "add --yes" in err
    assert project.judged == []


@pytest.mark.parametrize("runs", ["last:0", "last:many", "since:yesterday", "until:2026-01-01"])
def test_runs_that_make_no_sense_are_refused(past: Make, line: Line, runs: str) -> None:
    code, _, err = line(past(OTHER_MIND, judged()), "whatif", "outreach", "--runs", runs)
    assert code == 2
    assert "--runs" in err


def test_runs_are_named_by_number_by_date_or_by_id(past: Make, line: Line) -> None:
    project = past(OTHER_MIND, judged(), judged(), judged())
    for runs, judged_then in (
        ("last:1", ["2026-003"]),
        ("2026-001, 2026-003", ["2026-001", "2026-003"]),
        ("since:2020-01-01", ["2026-001", "2026-002", "2026-003"]),
    ):
        project.judged.clear()
        assert line(project, "whatif", "outreach", "--runs", runs, "-q")[0] == 0
        assert project.judged == judged_then
    code, _, err = line(project, "whatif", "outreach", "--runs", "since:2999-01-01")
    assert code == 9
    assert "no run with a verdict" in err


def test_agreement_shows_rates_with_their_intervals_and_says_when_runs_are_too_few(
    past: Make, line: Line
) -> None:
    project = past(SAME_MIND, *[judged()] * 4)

    code, out, err = line(project, "judge", "agreement", "outreach")

    assert code == 0
    assert out.startswith("outreach: 4 runs judged, 0 decided by people")
    assert "100% [51%, 100%] (4 of 4)" in out
    assert "Too few runs to tell: 4 of at least 20." in out
    assert "warning" not in err


def test_agreement_warns_of_drift_with_the_figures_and_can_fail(past: Make, line: Line) -> None:
    biased = judged(model=FakeJudge(first_shown))
    project = past(SAME_MIND, *[judged()] * 15, *[biased] * 10)

    code, out, err = line(project, "judge", "agreement", "outreach", "-o", "json")
    said = json.loads(out)
    assert code == 0
    assert said["recent"] == 10
    assert "rose from 0.50 to 1.00 over the last 10 runs" in err
    assert any("shown first" in each["figure"] for each in said["drift"])

    assert line(project, "judge", "agreement", "outreach", "--fail-on-drift")[0] == 1


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (judged(people=PeopleAsked(kind="person")), "Only people chose in crew 'outreach'"),
        (agreed(), "drew up a consensus and chose no draft"),
    ],
    ids=["people", "consensus"],
)
def test_agreement_says_when_there_is_nothing_to_compare(
    past: Make, line: Line, verdict: Verdict, said: str
) -> None:
    project = past(SAME_MIND, verdict, verdict)

    code, out, err = line(project, "judge", "agreement", "outreach")

    assert (code, out) == (0, "")
    assert said in err
    assert json.loads(line(project, "judge", "agreement", "outreach", "-o", "json")[1])["runs"] == 0


def test_agreement_leaves_out_verdicts_that_were_erased(past: Make, line: Line) -> None:
    project = past(SAME_MIND, judged(), judged())
    project.contents.erase("2026-001")

    code, out, err = line(project, "judge", "agreement", "outreach", "-o", "json")

    assert code == 0
    assert (json.loads(out)["runs"], json.loads(out)["unread"]) == (1, 1)
    assert "1 verdict left out" in err


def test_agreement_is_of_real_judges_where_there_are_any(past: Make, line: Line) -> None:
    simulated = judged()
    named = tuple(judge.model_copy(update={"simulated": True}) for judge in simulated.judges)
    project = past(SAME_MIND, simulated.model_copy(update={"judges": named}), judged(), judged())

    _, out, err = line(project, "judge", "agreement", "outreach", "-o", "json")

    assert (json.loads(out)["runs"], json.loads(out)["simulated_left_out"]) == (2, 1)
    assert "1 verdict of simulated judges left out." in err


def played() -> Verdict:
    """A verdict whose judges were all simulated."""
    verdict = judged()
    named = tuple(judge.model_copy(update={"simulated": True}) for judge in verdict.judges)
    return verdict.model_copy(update={"judges": named})


def test_agreement_says_that_its_judges_are_simulated(past: Make, line: Line) -> None:
    out = line(past(SAME_MIND, played()), "judge", "agreement", "outreach")[1]

    assert "outreach: 1 run judged by simulated judges" in out


def test_agreement_does_not_say_that_only_people_chose_where_simulated_judges_did(
    past: Make, line: Line
) -> None:
    project = past(SAME_MIND, played(), judged(people=PeopleAsked(kind="person")))

    err = line(project, "judge", "agreement", "outreach")[2]

    assert "Only people chose" not in err
    assert "No real judge has chosen in crew 'outreach' yet" in err
    assert "1 verdict of simulated judges left out." in err


def test_a_verdict_in_which_a_simulated_model_took_over_is_none_of_real_judges(
    past: Make, line: Line
) -> None:
    project = past(SAME_MIND, half_by_spare(simulated=True), half_by_spare(), judged())

    _, out, _ = line(project, "judge", "agreement", "outreach", "-o", "json")

    assert (json.loads(out)["runs"], json.loads(out)["simulated_left_out"]) == (2, 1)


def test_approve_and_plan_take_the_same_options(past: Make, line: Line) -> None:
    project = past(SAME_MIND)
    words = ("--judge", "judge", "--protocol", "single")

    assert line(project, "plan", "outreach", *words, "-o", "json")[0] == 0
    assert project.overrides == Overrides(judges=("judge",), protocol="single")
    assert line(project, "plan", "outreach", "--judge", "a,,b")[0] == 2


@pytest.mark.parametrize(
    "words",
    [("rejudge", "last", "-q"), ("whatif", "outreach", "-q"), ("judge", "agreement", "outreach")],
    ids=" ".join,
)
def test_what_is_given_as_json_has_the_promised_keys(past: Make, line: Line, words: tuple[str, ...]) -> None:
    _, out, _ = line(past(SAME_MIND, judged()), *words, "-o", "json")

    command = "judge agreement" if words[0] == "judge" else words[0]
    assert tuple(json.loads(out)) == ROW_KEYS[command]


@pytest.mark.parametrize(("answer", "judged_then", "code"), [("y\n", ["2026-001"], 0), ("n\n", [], 130)])
def test_a_person_at_a_terminal_is_asked_before_real_models_are(
    past: Make,
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    judged_then: list[str],
    code: int,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    project = past(OTHER_MIND, judged(), plan=PLAN)

    ended, _, err = line(project, "whatif", "outreach")

    assert "1 run to judge again: 14 calls at most, $" in err
    assert "Judge them again?" in err
    assert (project.judged, ended) == (judged_then, code)
