"""The report says what happened, fits its schema, and comes out the same every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from crewctl.audit.build_report import build_report
from crewctl.audit.events import ApprovalDecided, LimitReached, OutputWritten, StopRequested, TurnRefused
from crewctl.audit.events_people import CardAnswered, CardOpened
from crewctl.audit.report import RunReport, report_schema
from crewctl.audit.report_data import report_bytes
from crewctl.errors import NotFoundError, StoreError
from crewctl.testing.account_samples import Teller, sample_market, sample_plan
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore

SCHEMA = Path(__file__).parents[3] / "registry" / "schema" / "report.json"
VERDICT = {
    "selected_draft": "D2",
    "reasoning": "D2 names the product.\nD1 does not.",
    "final_text": "critic's draft",
    "candidates": [{"id": "D1", "contestant": "writer"}, {"id": "D2", "contestant": "critic"}],
    "passes": [{"id": "P1", "rationale": "ok"}],
}


@pytest.fixture
def report_of(store: FakeRunStore, contents: FakeContentStore) -> Any:
    def build(run_id: str = "r1") -> RunReport:
        report = build_report(store.events_of(run_id), contents)
        jsonschema.validate(
            json.loads(report_bytes(report)), report_schema(), jsonschema.Draft202012Validator
        )
        return report

    return build


def _sequential(teller: Teller) -> Teller:
    teller.begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
    teller.tool("1.research", "researcher", "FileReadTool").ends("1.research", "notes on Acme")
    teller.starts("2.write", "writer").retries("2.write", "HTTP 429").turn("2.write", "writer")
    teller.ends("2.write", "Dear Acme").tells(OutputWritten(task="write", file="out/letter.md"))
    return teller.closes(output="Dear Acme")


def test_the_shipped_schema_is_the_models_schema(update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    text = json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"
    if update_golden:
        SCHEMA.parent.mkdir(parents=True, exist_ok=True)
        SCHEMA.write_text(text, encoding="utf-8")

    assert SCHEMA.read_text(encoding="utf-8") == text


def test_a_finished_run_is_told_with_tasks_outputs_and_tools(teller: Teller, report_of: Any) -> None:
    _sequential(teller)

    report = report_of()

    assert (report.outcome, report.exit_code, report.partial, report.stopped) == ("finished", 0, False, None)
    assert [(task.task, task.agent, task.outcome, task.output) for task in report.tasks] == [
        ("research", "researcher", "done", "notes on Acme"),
        ("write", "writer", "done", "Dear Acme"),
    ]
    assert report.output == "Dear Acme"
    assert report.tasks[1].files == ("out/letter.md",)
    assert report.tasks[0].usage.turns == 1
    assert [(tool.agent, tool.tool, tool.calls) for tool in report.tools] == [
        ("researcher", "FileReadTool", 1)
    ]
    assert [retry.error for retry in report.retries] == ["HTTP 429"]
    assert report.versions["crewai"] == "1.15.30"
    assert report.plan.inputs == {"company": "Acme Corp"}
    assert report.plan.models[0].input_usd_per_million == 0.15


def test_the_same_account_gives_the_same_bytes(teller: Teller, report_of: Any) -> None:
    _sequential(teller)

    assert report_bytes(report_of()) == report_bytes(report_of())
    assert RunReport.model_validate_json(report_bytes(report_of())) == report_of()


def test_the_person_who_approved_is_named(teller: Teller, report_of: Any) -> None:
    _sequential(teller)

    approval = report_of().approval

    assert approval.needed
    assert (approval.approved_by, approval.reason) == ("grace", "weekly briefing, read by sales")
    assert f"{approval.approved_at:%Y-%m-%d %H:%M}" == "2026-03-01 17:30"
    assert approval.statement == "20260301-grace-1"


def test_where_no_approval_was_needed_nobody_is_named_and_the_reason_stands(
    teller: Teller, report_of: Any
) -> None:
    risk = sample_plan().risk.model_copy(
        update={"needs_approval": False, "why": ("minimal risk never asks",)}
    )
    teller.begins(sample_plan(risk=risk), ApprovalDecided(decision="approved", by="policy")).closes()

    approval = report_of().approval

    assert (approval.needed, approval.approved_by, approval.why) == (
        False,
        None,
        ("minimal risk never asks",),
    )


def test_limits_stand_beside_what_was_used_of_them(teller: Teller, report_of: Any) -> None:
    _sequential(teller)

    limits = {limit.limit: limit for limit in report_of().limits}

    assert (limits["max_turns"].used, limits["max_turns"].allowed) == (2, 10)
    assert limits["max_turns"].source == "registry/entries/brief.yaml"
    assert (limits["max_cost"].used, limits["max_cost"].allowed, limits["max_cost"].unit) == (
        0.00054,
        0.5,
        "USD",
    )
    assert limits["max_tokens"].allowed is None
    assert not any(limit.reached for limit in limits.values())


def test_a_run_that_hit_a_limit_says_where_and_why_and_keeps_what_was_done(
    teller: Teller, report_of: Any
) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
    teller.ends("1.research", "notes").starts("2.write", "writer").turn("2.write", "writer")
    teller.tells(
        TurnRefused(step="2.write", limit="max_turns"),
        LimitReached(limit="max_turns", allowed=2, used=2, step="2.write"),
    )
    teller.ends("2.write", outcome="refused").closes("limit_reached", 5)

    report = report_of()

    assert report.partial
    assert report.stopped is not None
    assert (report.stopped.limit, report.stopped.step) == ("max_turns", "2.write")
    assert report.stopped.why == "max_turns allows 2 turns, and 2 turns were used"
    assert [(task.outcome, task.output) for task in report.tasks] == [("done", "notes"), ("refused", None)]
    assert next(limit for limit in report.limits if limit.limit == "max_turns").reached


def test_the_runs_own_limit_is_the_reason_even_if_a_tasks_came_first(teller: Teller, report_of: Any) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher")
    teller.tells(
        LimitReached(limit="task_timeout", allowed=1, used=1.01, step="1.research"),
        LimitReached(limit="max_cost", allowed=5 * 10**11, used=49 * 10**10, step="1.research"),
    ).closes("limit_reached", 5)

    report = report_of()

    assert report.stopped is not None
    assert report.stopped.why == (
        "max_cost allows 0.5 USD: 0.49 USD were used, and the next call could have gone beyond it"
    )
    assert (report.stopped.allowed, report.stopped.used) == (0.5, 0.49)


def test_a_run_that_a_person_stopped_says_who(teller: Teller, report_of: Any) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher")
    teller.tells(StopRequested(by="ada", reason="wrong company")).ends("1.research", outcome="stopped")
    teller.closes("stopped", 6)

    stopped = report_of().stopped

    assert stopped is not None
    assert (stopped.why, stopped.by, stopped.step) == ("ada stopped it: wrong company", "ada", "1.research")


def test_tasks_that_never_began_are_listed(teller: Teller, report_of: Any) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher")
    teller.ends("1.research", outcome="failed", error="no answer").closes(
        "failed", 1, error="research: no answer"
    )

    report = report_of()

    assert [(task.task, task.outcome) for task in report.tasks] == [
        ("research", "failed"),
        ("write", "not_started"),
    ]
    assert report.stopped is not None
    assert report.stopped.why == "research: no answer"


def test_a_lost_run_keeps_what_finished_and_counts_open_calls_as_spent(
    teller: Teller, report_of: Any
) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
    teller.ends("1.research", "notes").starts("2.write", "writer")
    teller.asks("2.write", "writer")
    teller.closes("lost", 1, error="the process died")

    report = report_of()

    assert [(task.outcome, task.output) for task in report.tasks] == [("done", "notes"), ("lost", None)]
    assert (report.bill.total.unsettled_turns, report.bill.total.unsettled_tokens) == (1, 5000)
    assert report.bill.total.tokens == 6200
    assert report.stopped is not None
    assert report.stopped.step == "2.write"


def _market(teller: Teller, verdict: dict[str, Any], selected: str | None, contestant: str | None) -> Teller:
    teller.begins(sample_market()).starts("1.research", "researcher").ends("1.research", "notes")
    teller.starts("draft.writer", "writer", task="draft").turn("draft.writer", "writer")
    teller.starts("draft.critic", "critic", task="draft").ends("draft.critic", "critic's draft")
    teller.ends("draft.writer", outcome="failed", error="boom")
    teller.starts("judge.P1", "judge", task="draft", kind="judge_call").turn(
        "judge.P1", "judge", asked={"purpose": "judge"}
    )
    return teller.ends("judge.P1", "{}").chooses(json.dumps(verdict), selected, contestant)


def test_a_market_has_its_contestants_its_judge_calls_and_the_whole_verdict(
    teller: Teller, report_of: Any
) -> None:
    _market(teller, VERDICT, "D2", "critic").tells(OutputWritten(task="draft", file="mail.txt"))
    teller.closes(output="critic's draft")

    report = report_of()

    assert report.verdict == VERDICT
    assert [(c.contestant, c.blind_id, c.selected, c.outcome, c.error) for c in report.contestants] == [
        ("writer", "D1", False, "failed", "boom"),
        ("critic", "D2", True, "done", ""),
    ]
    assert [c.files for c in report.contestants] == [(), ("mail.txt",)]
    assert [task.task for task in report.tasks] == ["research"]
    assert [(call.step, call.agent, call.usage.turns) for call in report.judge_calls] == [
        ("judge.P1", "judge", 1)
    ]


def test_an_undecided_market_has_no_winner_and_is_not_called_finished(teller: Teller, report_of: Any) -> None:
    _market(teller, {**VERDICT, "selected_draft": None, "final_text": None}, None, None).closes(
        "undecided", 8
    )

    report = report_of()

    assert not any(contestant.selected for contestant in report.contestants)
    assert report.stopped is not None
    assert report.stopped.why == "the judge's votes select no draft, so a person has to decide"


def test_a_task_that_appears_twice_has_two_pages(teller: Teller, report_of: Any) -> None:
    tasks = (sample_plan().tasks[0], sample_plan().tasks[0])
    teller.begins(sample_plan(tasks=tasks))
    teller.starts("1.research", "researcher").ends("1.research", "first")
    teller.starts("2.research", "researcher").ends("2.research", "second").closes()

    assert [task.output for task in report_of().tasks] == ["first", "second"]


def test_erased_content_leaves_null_places_and_says_so(
    teller: Teller, contents: FakeContentStore, report_of: Any
) -> None:
    _market(teller, VERDICT, "D2", "critic").closes(output="critic's draft")
    contents.erase("r1")

    report = report_of()

    assert report.erased
    assert (report.output, report.verdict, report.plan.inputs, report.approval.needed) == (
        None,
        None,
        None,
        None,
    )
    assert report.plan.crew_digest.startswith("sha256:")
    assert all(task.erased for task in report.tasks if task.outcome == "done")
    assert report.bill.total.turns == 2


def test_bytes_that_are_no_text_do_not_break_a_report(
    store: FakeRunStore, contents: FakeContentStore, teller: Teller, report_of: Any
) -> None:
    teller.begins(sample_plan()).closes(output="x")
    closing = store.events("r1")[-1]
    contents._contents[closing.output.id] = b"\xff\x1b[2Jfine"  # type: ignore[union-attr]

    report = report_of()

    assert report.output == "\ufffd\x1b[2Jfine"
    assert b"\x1b" not in report_bytes(report)


def test_a_run_that_goes_on_has_no_report_yet(teller: Teller, report_of: Any) -> None:
    teller.begins(sample_plan())

    with pytest.raises(NotFoundError, match="still going on") as caught:
        report_of()
    assert "crewctl trace r1" in caught.value.help


def test_an_unknown_price_is_null_in_the_report_and_never_zero(teller: Teller, report_of: Any) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher")
    teller.turn("1.research", "researcher", asked={"reserved_cost": None}, cost=None).closes()

    report = report_of()

    assert report.bill.total.cost_usd is None
    assert next(limit.used for limit in report.limits if limit.limit == "max_cost") is None


@pytest.mark.parametrize(("which", "what"), [(0, "plan"), (-1, "verdict")])
def test_damaged_content_is_named_and_not_guessed(
    teller: Teller, contents: FakeContentStore, report_of: Any, which: int, what: str
) -> None:
    _market(teller, VERDICT, "D2", "critic").closes()
    damaged = list(contents._contents)[which]
    contents._contents[damaged] = contents._contents[damaged][:20]

    with pytest.raises(StoreError, match=f"the {what} that run r1 kept is damaged"):
        report_of()


def test_a_run_that_ended_in_several_steps_at_once_names_none_of_them_as_the_place() -> None:
    store, contents = FakeRunStore(), FakeContentStore()
    teller = Teller(store, contents).begins(sample_market())
    for agent in ("writer", "critic"):
        teller.starts(f"2.draft.{agent}", agent, task="draft")
    teller.tells(StopRequested(by="ada"))
    for agent in ("writer", "critic"):
        teller.ends(f"2.draft.{agent}", outcome="stopped")
    teller.closes("stopped", 6)

    stopped = build_report(store.events_of("r1"), contents).stopped

    assert stopped is not None
    assert stopped.step is None


def test_an_undecided_market_was_not_stopped_in_a_draft_that_failed() -> None:
    store, contents = FakeRunStore(), FakeContentStore()
    teller = Teller(store, contents).begins(sample_market())
    teller.starts("2.draft.writer", "writer", task="draft").ends("2.draft.writer", outcome="failed")
    teller.chooses("{}", None, None).closes("undecided", 8)

    stopped = build_report(store.events_of("r1"), contents).stopped

    assert stopped is not None
    assert stopped.step is None


def test_only_a_card_that_a_replay_answered_names_the_run_it_was_answered_in(
    store: FakeRunStore, contents: FakeContentStore, report_of: Any
) -> None:
    """Reports from before that was told are the same bytes as they were."""
    teller = Teller(store, contents).begins(sample_plan()).starts("1.research", "researcher")
    for number, said in enumerate(({}, {"of_run": "r0", "said_at": "2026-03-01T17:30:00Z"}), 1):
        card = f"r1.{number}"
        opened = {"key": card, "source": "output", "asks": "Is it good?", "actions": ("approve",)}
        store.append("r1", CardOpened.model_validate({"card": card, **opened}))
        answer = {"card": card, "action": "approve", "by": "ada", "reason": "it is as it should be"}
        store.append("r1", CardAnswered.model_validate({**answer, **said}))
    teller.ends("1.research", "Ghent.").closes()

    asked, replayed = json.loads(report_bytes(report_of()))["cards"]

    assert {"of_run", "said_at"}.isdisjoint(asked)
    assert (replayed["of_run"], replayed["said_at"]) == ("r0", "2026-03-01T17:30:00Z")
