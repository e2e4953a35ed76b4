"""What a report says of retries, fallbacks and tasks that the run went on without."""

from __future__ import annotations

from datetime import UTC, datetime

from crewctl.adapters.plain_export import export_project
from crewctl.audit.build_report import build_report
from crewctl.audit.events import KickoffRequested, PlanMade, RunClosed, RunStarted, StepFinished, StepStarted
from crewctl.audit.events_faults import BreakerOpened, FallbackTaken, StepGivenUp, StepRetryScheduled
from crewctl.cli.fault_rows import fault_rows
from crewctl.cli.html_report import html_report
from crewctl.cli.live_state import LiveState
from crewctl.planning.digest import canonical
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.sample_plans import market_plan
from crewctl.testing.small_plans import small_agent, small_model, small_plan

RUN = "run-1"
UNTIL = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)


def report_of(*events: object, outcome: str = "finished"):  # noqa: ANN201 - a report
    store, contents = FakeRunStore(), FakeContentStore()
    told = [
        KickoffRequested(crew="brief", by="ada", host="h", pid=1),
        RunStarted(),
        *events,
        RunClosed(outcome=outcome, exit_code=0),  # type: ignore[arg-type]
    ]
    for event in told:
        store.append(RUN, event)  # type: ignore[arg-type]
    return build_report(store.events_of(RUN), contents)


def attempt(number: int, outcome: str, agent: str = "writer") -> tuple[StepStarted, StepFinished]:
    started = StepStarted(step="1.facts", step_kind="task", attempt=number, task="facts", agent=agent)
    ended = StepFinished(step="1.facts", attempt=number, outcome=outcome, error="down", seconds=1.0)  # type: ignore[arg-type]
    return started, ended


def test_a_run_that_went_on_without_a_task_is_partial_and_says_which() -> None:
    report = report_of(
        *attempt(1, "failed"),
        StepRetryScheduled(step="1.facts", attempt=1, error="down", delay=2.0),
        *attempt(2, "failed"),
        FallbackTaken(step="1.facts", what="agent", instead_of="writer", taken="helper", error="down"),
        *attempt(3, "failed", "helper"),
        BreakerOpened(target="model openai/x", failures=5, until=UNTIL),
        StepGivenUp(step="1.facts", task="facts", how="skip", error="down"),
    )

    assert report.report_format == 2
    assert (report.outcome, report.partial) == ("finished", True)
    [task] = report.tasks
    assert (task.attempts, task.agent, task.given_up) == (3, "helper", "skip")
    assert [each.delay_seconds for each in report.faults.retries] == [2.0]
    assert [each.taken for each in report.faults.fallbacks] == ["helper"]
    assert dict(fault_rows(report.faults)) == {
        "tried again": "1.facts 1 time",
        "taken over": "1.facts by agent helper instead of writer",
        "given up": "facts, later tasks did not hear of it: down",
        "left alone": "model openai/x until 09:05:00 UTC",
    }


def test_a_run_without_faults_says_nothing_of_them() -> None:
    report = report_of(*attempt(1, "done"))

    assert not report.partial
    assert {said for _, said in fault_rows(report.faults)} == {None}
    assert "Partial" not in html_report(report, None)


def test_a_page_escapes_what_an_error_says() -> None:
    error = "<script>alert(1)</script>\x1b[31m"
    page = html_report(
        report_of(StepGivenUp(step="1.facts", task="facts", how="continue", error=error)), None
    )

    assert "Partial:" in page
    assert "<script>" not in page
    assert "\x1b" not in page


def test_a_step_that_is_tried_again_is_going_on_in_the_live_view() -> None:
    plan = small_plan(models=(small_model(None),))
    state = LiveState(plan)
    store = FakeRunStore()
    for event in (
        *attempt(1, "failed"),
        StepRetryScheduled(step="1.facts", attempt=1, error="down", delay=2.0),
    ):
        state.see(store.append(RUN, event))

    step = state.steps["1.facts"]
    assert step.outcome is None
    assert step.doing == "tries again in 2.0s: down"


def test_an_exported_crew_has_nobody_who_only_stands_in() -> None:
    agents = (small_agent("writer", fallback="helper"), small_agent("helper", model="spare"))
    models = (small_model(None), small_model(None, name="spare"))
    plan = small_plan(agents=agents, models=models, stand_ins=("helper",))
    files = export_project(plan)

    assert "helper" not in "".join(files.values())
    assert "take over" in files["README.md"]


def test_a_draft_that_somebody_else_wrote_is_the_contestants() -> None:
    plan, contents, store = market_plan("direct", "story"), FakeContentStore(), FakeRunStore()
    made = PlanMade(crew_digest="", inputs_digest="", plan=contents.put(RUN, canonical(plan)), simulated=True)
    started = {"step_kind": "task", "attempt": 1, "task": "letter"}
    told = [
        KickoffRequested(crew="letters", by="ada", host="h", pid=1),
        made,
        RunStarted(),
        StepStarted(step="draft.direct", agent="direct", **started),  # type: ignore[arg-type]
        StepFinished(step="draft.direct", attempt=1, outcome="failed", seconds=1.0),
        StepStarted(step="draft.direct", agent="lead", **{**started, "attempt": 2}),  # type: ignore[arg-type]
        StepFinished(
            step="draft.direct", attempt=2, outcome="done", seconds=1.0, output=contents.put(RUN, b"Dear")
        ),
        StepStarted(step="draft.story", agent="story", **started),  # type: ignore[arg-type]
        StepFinished(step="draft.story", attempt=1, outcome="failed", seconds=1.0),
        RunClosed(outcome="undecided", exit_code=8),
    ]
    for event in told:
        store.append(RUN, event)
    report = build_report(store.events_of(RUN), contents)

    assert report.tasks == ()
    assert [(each.contestant, each.agent, each.output, each.attempts) for each in report.contestants] == [
        ("direct", "lead", "Dear", 2),
        ("story", "story", None, 1),
    ]
