"""A run may end between any two events: whatever was written by then can be told."""

from __future__ import annotations

import json

import jsonschema
import pytest

from crewctl.audit.bill import fold_bill
from crewctl.audit.build_report import build_report
from crewctl.audit.events import LimitReached, OutputWritten, Recorded, RunClosed, StopRequested, TurnRefused
from crewctl.audit.report import report_schema
from crewctl.audit.report_data import report_bytes
from crewctl.audit.run_state import fold_run
from crewctl.audit.trace import TraceNode, fold_trace
from crewctl.testing.account_samples import Teller, sample_market
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore


@pytest.fixture
def account(store: FakeRunStore, teller: Teller) -> tuple[Recorded, ...]:
    teller.begins(sample_market()).starts("1.research", "researcher").turn("1.research", "researcher")
    teller.tool("1.research", "researcher", "FileReadTool").delegates("1.research", "researcher", "critic")
    teller.retries("1.research", "HTTP 429").turn("1.research", "critic", prompt_tokens=None, cost=None)
    teller.ends("1.research", "notes")
    for name in ("writer", "critic"):
        teller.starts(f"draft.{name}", name, task="draft")
    for name in ("critic", "writer"):
        teller.turn(f"draft.{name}", name).ends(f"draft.{name}", f"draft of {name}")
    teller.starts("judge.P1", "judge", task="draft", kind="judge_call").turn("judge.P1", "judge").ends(
        "judge.P1", "{}"
    )
    teller.chooses(json.dumps({"selected_draft": "D1", "reasoning": "it is better"}), "D1", "critic")
    teller.tells(
        OutputWritten(task="draft", file="mail.txt"),
        TurnRefused(step="judge.P1", limit="max_turns"),
        LimitReached(limit="max_turns", allowed=5, used=5),
        StopRequested(by="ada"),
    )
    teller.closes(output="draft of critic")
    return tuple(store.events_of("r1"))


def _leaves(node: TraceNode) -> list[TraceNode]:
    return [leaf for child in node.children for leaf in _leaves(child)] or [node]


def test_state_bill_and_trace_agree_on_every_beginning_of_a_run(account: tuple[Recorded, ...]) -> None:
    for end in range(1, len(account) + 1):
        records = account[:end]
        state, total = fold_run(records, alive=False), fold_bill(records).total
        trace = fold_trace(records, state)

        assert (trace.turns, trace.tokens, trace.cost) == (total.turns, total.tokens, total.cost)
        assert sum(leaf.tokens for leaf in _leaves(trace)) == total.tokens
        assert state.outcome == ("finished" if end == len(account) else "lost")
        assert all(step.outcome is not None for step in state.steps)


def test_a_run_that_died_at_any_moment_has_a_report_that_fits_the_schema(
    account: tuple[Recorded, ...], contents: FakeContentStore
) -> None:
    validator = jsonschema.Draft202012Validator(report_schema())
    for end in range(1, len(account)):
        last = account[end - 1]
        loss = Recorded(run_id="r1", seq=end + 1, at=last.at, event=RunClosed(outcome="lost", exit_code=1))

        report = build_report((*account[:end], loss), contents)

        validator.validate(json.loads(report_bytes(report)))
        done = [each for each in (*report.tasks, *report.contestants) if each.outcome == "done"]
        assert all(each.output for each in done)
