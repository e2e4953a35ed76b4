"""The report of a judging of recorded drafts: whose drafts they are, and that nobody wrote them anew."""

from __future__ import annotations

import pytest

from crewctl.audit.build_report import build_report
from crewctl.audit.events import DraftsTaken, KickoffRequested, PlanMade, RunStarted, TakenDraft
from crewctl.audit.log_lines import log_line
from crewctl.audit.report import RunReport
from crewctl.audit.run_state import fold_run
from crewctl.testing.account_samples import Teller, sample_market
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore

EARLIER = "r0"


@pytest.fixture
def teller() -> Teller:
    told = Teller(FakeRunStore(), FakeContentStore())
    draft = told.contents.put(EARLIER, b"Dear Acme")
    plan = sample_market()
    told.tells(
        KickoffRequested(crew=plan.crew, by="ada", host="desk", pid=7, rejudges=EARLIER),
        PlanMade(
            crew_digest=plan.crew_digest,
            inputs_digest=plan.inputs_digest,
            plan=told.contents.put("r1", plan.model_dump_json().encode()),
            simulated=False,
        ),
        RunStarted(),
        DraftsTaken(
            run=EARLIER,
            drafts=(
                TakenDraft(contestant="writer", output=draft),
                TakenDraft(contestant="critic", error="the model did not answer"),
            ),
        ),
    )
    told.starts("judge.D1-D2", "judge", kind="judge_call").turn("judge.D1-D2", "judge").ends(
        "judge.D1-D2", "{}"
    )
    return told.chooses('{"candidates": [{"id": "D1", "contestant": "writer"}]}', "D1", "writer").closes()


def report_of(teller: Teller) -> RunReport:
    return build_report(teller.store.events_of("r1"), teller.contents)


def test_it_says_whose_drafts_were_judged_and_shows_them(teller: Teller) -> None:
    report = report_of(teller)

    assert report.rejudges == EARLIER
    writer, critic = report.contestants
    assert (writer.contestant, writer.output, writer.outcome, writer.selected) == (
        "writer",
        "Dear Acme",
        "done",
        True,
    )
    assert (writer.blind_id, writer.usage.turns, writer.seconds, writer.attempts) == ("D1", 0, None, 0)
    assert (critic.output, critic.outcome, critic.error) == (None, "failed", "the model did not answer")
    assert set(report.bill.by_agent) == {"judge"}


def test_drafts_that_were_erased_with_their_own_run_are_shown_as_erased(teller: Teller) -> None:
    teller.contents.erase(EARLIER)

    writer = report_of(teller).contestants[0]

    assert (writer.output, writer.erased, writer.outcome) == (None, True, "done")


def test_the_log_and_the_state_say_so(teller: Teller) -> None:
    records = teller.store.events_of("r1")
    assert fold_run(records, alive=True).rejudges == EARLIER
    lines = [log_line(record) for record in records]
    assert "judging of run r0 again" in lines[0]
    assert any("DraftsTaken writer, critic from run r0" in line for line in lines)
