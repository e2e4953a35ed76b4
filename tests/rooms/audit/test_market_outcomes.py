"""A merged text and a consensus in the account: told as what they are, and as nobody's draft."""

from __future__ import annotations

from typing import Literal

import pytest

from crewctl.audit.build_report import build_report
from crewctl.audit.events import VerdictGiven
from crewctl.audit.log_lines import log_line
from crewctl.audit.run_state import fold_run
from crewctl.audit.trace import fold_trace
from crewctl.testing.account_samples import Teller, sample_market
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore

Origin = Literal["merged", "consensus"]
EDITOR_COMPETES = (
    '{"selected_draft": "D3", "candidates": ['
    '{"id": "D1", "contestant": "writer", "origin": "draft"}, {"id": "D2", "contestant": "critic"}, '
    '{"id": "D3", "contestant": "writer", "origin": "merged"}]}'
)


def told(origin: Origin, verdict: str = "{}") -> tuple[FakeRunStore, FakeContentStore]:
    """Tell a market's run that came to a text that no contestant wrote."""
    store, contents = FakeRunStore(), FakeContentStore()
    teller = Teller(store, contents)
    teller.begins(sample_market())
    for agent in ("writer", "critic"):
        step = f"draft.{agent}"
        teller.starts(step, agent, task="draft").turn(step, agent).ends(step, f"by {agent}")
    given = VerdictGiven(
        selected="D3" if origin == "merged" else None,
        contestant=None,
        verdict=contents.put("r1", verdict.encode()),
        origin=origin,
        text=contents.put("r1", b"another text"),
    )
    teller.tells(given).closes(output="another text")
    return store, contents


@pytest.mark.parametrize("origin", ["merged", "consensus"])
def test_no_contestant_is_told_to_have_been_selected(origin: Origin) -> None:
    store, contents = told(origin)
    report = build_report(store.events_of("r1"), contents)

    assert (report.outcome, report.output) == ("finished", "another text")
    assert [each.selected for each in report.contestants] == [False, False]
    assert report.decision is None, "nobody is asked to decide"


def test_a_merged_text_takes_no_contestants_number() -> None:
    store, contents = told("merged", EDITOR_COMPETES)
    report = build_report(store.events_of("r1"), contents)

    assert {each.contestant: each.blind_id for each in report.contestants} == {"writer": "D1", "critic": "D2"}


@pytest.mark.parametrize(
    ("origin", "line", "name"),
    [("merged", "D3, the merged text", "merged"), ("consensus", "a consensus was drawn up", "consensus")],
)
def test_log_and_trace_name_what_came_of_it(origin: Origin, line: str, name: str) -> None:
    store, _ = told(origin)
    records = store.events_of("r1")
    (given,) = [record for record in records if isinstance(record.event, VerdictGiven)]

    assert line in log_line(given)
    assert f'"name":"{name}"' in fold_trace(records, fold_run(records, alive=False)).model_dump_json()
