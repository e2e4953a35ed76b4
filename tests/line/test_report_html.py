"""``crewctl report --html``: one page that runs nothing, loads nothing and leaves nothing out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from crewctl.adapters.file_content_store import FileContentStore
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.audit.events import LimitReached, PlanMade
from crewctl.cli.main import run
from crewctl.cli.session import Session
from crewctl.diagnostics.visible import HIDDEN
from crewctl.judging.verdict import PeopleAsked
from crewctl.planning.plan import PlannedModel
from crewctl.testing.account_samples import PRICE, Teller, sample_market, sample_plan
from crewctl.testing.fake_judge import FakeJudge
from crewctl.testing.html_page import Page
from crewctl.testing.sample_verdicts import WRITERS, agreed, half_by_spare, judged, merged

MOST_BYTES = 2_000_000
ATTACK = (
    "</div></style></script><script>alert(1)</script><img src=x onerror=alert(1)><!-- \x1b[31mred\x1b[0m "
    '\u202etxt.exe\u202c {{ 7*7 }} {% raw %} &lt;b&gt; " onload=" javascript:alert(1) \x00'
)
OFFLINE = PlannedModel(name="standard", kind="offline", model="offline", max_output_tokens=4096, price=PRICE)
Tell = Callable[..., None]
Said = tuple[int, str, str]
Line = Callable[..., Said]


@pytest.fixture
def line(root: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    def said(*words: str) -> Said:
        capsys.readouterr()
        code = run([*words], Session(project=root))
        out = capsys.readouterr()
        return code, out.out, out.err

    return said


@pytest.fixture
def page(line: Line) -> Callable[[], Page]:
    def parsed() -> Page:
        code, out, err = line("report", "--html", "-")
        assert code == 0, err
        assert len(out.encode("utf-8", "replace")) < MOST_BYTES
        assert HIDDEN.search(out) is None
        found = Page(out)
        assert found.troubles == []
        assert {target[1:] for target in found.targets} <= set(found.ids)
        assert len(found.ids) == len(set(found.ids))
        return found

    return parsed


def _in_order(levels: list[int]) -> bool:
    steps = pairwise(levels)
    return levels[0] == 1 and levels.count(1) == 1 and all(after <= before + 1 for before, after in steps)


def test_the_page_loads_nothing_and_lets_nothing_run(tell: Tell, page: Callable[[], Page]) -> None:
    tell(judged())

    found = page()

    assert "default-src 'none'" in found.policy
    assert "script-src" not in found.policy
    assert all(target.startswith("#") for target in found.targets)
    assert _in_order(found.levels)


def test_the_drafts_stand_before_the_verdict_and_without_their_writers(
    tell: Tell, page: Callable[[], Page]
) -> None:
    verdict = judged()
    tell(verdict)

    text = page().text

    before, _, after = text.partition("was chosen.")
    for each in verdict.candidates:
        assert " ".join(WRITERS[each.contestant].split()) in before
        assert each.contestant not in before.rpartition("Verdict")[0]
        assert f"{each.id} by {each.contestant}" in after
    assert "a rival could not" in before.rpartition("Verdict")[0]


def test_the_page_says_what_the_verdict_says(
    tell: Tell, page: Callable[[], Page], store: SqlRunStore
) -> None:
    verdict = judged(judges=("brand_judge", "legal_judge"))
    tell(verdict)

    text = page().text

    for one in verdict.comparisons:
        assert one.why in text
    for held in verdict.passes:
        assert held.id in text
        assert held.rationale in text
    assert verdict.confidence.method in text
    assert "100% of the judges put the best draft first" in text
    assert "grace on 2026-03-01 17:30:00 UTC" in text
    (planned,) = [each.event for each in store.events_of("r1") if isinstance(each.event, PlanMade)]
    assert planned.crew_digest in text
    assert "weekly briefing, read by sales" in text
    assert "registry/reports/outreach/r1.json" in text


def test_no_text_of_a_model_becomes_markup_or_drives_anything(tell: Tell, page: Callable[[], Page]) -> None:
    drafts = {**WRITERS, "attacker": ATTACK, "quoted_writer": f"Dear Elena, {ATTACK}"}

    def spoiled(_: str, text: str) -> str:
        return json.dumps(
            {**json.loads(text), "rationale": ATTACK} if "rationale" in text else json.loads(text)
        )

    tell(judged(drafts, FakeJudge(spoil=spoiled)), drafts)

    found = page()

    assert "<script>alert(1)</script>" in found.text
    assert "{{ 7*7 }}" in found.text
    assert not any(letter in found.text for letter in "\x1b\u202e\u202c\x00")


def test_a_name_with_markup_is_text_too(tell: Tell, page: Callable[[], Page]) -> None:
    name = "<b onmouseover=alert(1)>bold</b>"
    drafts = {**WRITERS, name: "Dear Elena, the plant in Ghent. " * 40}
    tell(judged(drafts), drafts)

    assert f"by {name}" in page().text


def test_eight_drafts_and_a_very_long_one_make_a_page_of_a_sane_size(
    tell: Tell, page: Callable[[], Page]
) -> None:
    drafts = {f"writer_{n}": f"Dear Elena, number {n}. " * 10 for n in range(7)}
    drafts["endless"] = "So much to say & <more>. " * 42_000
    tell(judged(drafts, protocol="balanced_top3"), drafts)

    found = page()

    assert len(drafts["endless"]) > 1_000_000
    assert "more characters are not shown here" in found.text


@pytest.mark.parametrize("people", [PeopleAsked(kind="person"), PeopleAsked(kind="vote", ballots=3)])
def test_while_people_choose_the_page_names_no_writer_beside_a_draft(
    tell: Tell, page: Callable[[], Page], people: PeopleAsked
) -> None:
    drafts = {**WRITERS, "mute_writer": None}
    tell(judged(drafts, people=people), drafts)

    text = page().text

    assert "direct_writer, mute_writer, question_writer, story_writer." in text
    assert all(text.count(name) == 1 for name in drafts)
    assert 'crewctl decide r1 DRAFT --reason "…"' in text


def test_what_was_quoted_can_be_marked_in_the_drafts(tell: Tell, page: Callable[[], Page]) -> None:
    tell(judged())

    assert page().tags.count("mark") == len(WRITERS)


def test_winner_and_runner_up_are_compared_word_by_word(tell: Tell, line: Line) -> None:
    drafts = {"first": "We save two hours a week.", "second": "We save seven hours a week, every week."}
    tell(judged(drafts), drafts)

    out = line("report", "--html", "-")[1]

    assert "We save <del>two</del><ins>seven</ins> hours a week" in out


OUTCOMES: dict[str, tuple[str, int]] = {
    "finished": ("finished", 0),
    "failed": ("failed", 1),
    "not approved": ("not_approved", 4),
    "limit reached": ("limit_reached", 5),
    "stopped": ("stopped", 6),
    "undecided": ("undecided", 8),
    "interrupted": ("interrupted", 130),
    "lost": ("lost", 1),
}


@pytest.mark.parametrize("shown", OUTCOMES)
def test_every_outcome_has_its_page(
    root: Path, store: SqlRunStore, page: Callable[[], Page], shown: str
) -> None:
    outcome, code = OUTCOMES[shown]
    teller = Teller(store, FileContentStore(root)).begins(sample_plan(models=(OFFLINE,)))
    teller.starts("1.research", "researcher").turn("1.research", "researcher")
    teller.ends("1.research", ATTACK)
    if outcome == "limit_reached":
        teller.tells(LimitReached(step="2.write", limit="max_turns", used=10, allowed=10))
    teller.closes(outcome, code, error=ATTACK if outcome == "failed" else "")

    found = page()

    assert f"brief {shown}" in found.text
    assert "Simulated." in found.text
    assert _in_order(found.levels)
    assert ("Stopped" in found.text) == (outcome != "finished")


@pytest.mark.parametrize(
    ("others", "told"),
    [(True, "A built-in model wrote every text of this run"), (False, "gave 1 of the 2 answers of this run")],
    ids=["all simulated", "one is real"],
)
def test_a_page_tells_how_much_of_a_run_is_simulated(
    root: Path, store: SqlRunStore, page: Callable[[], Page], told: str, *, others: bool
) -> None:
    teller = Teller(store, FileContentStore(root)).begins(sample_plan(models=(OFFLINE,)))
    teller.starts("1.research", "researcher").turn("1.research", "researcher", simulated=True)
    teller.turn("1.research", "researcher", simulated=others).ends("1.research", "Notes").closes(
        "finished", 0
    )

    assert told in page().text


def test_a_market_that_stopped_before_the_verdict_has_its_drafts(
    tell: Tell, page: Callable[[], Page]
) -> None:
    tell(None)

    text = page().text

    assert "by story_writer" in text
    assert "Verdict" not in text


def test_a_consensus_is_a_table_of_statements_and_drafts(tell: Tell, page: Callable[[], Page]) -> None:
    tell(agreed())

    text = page().text

    assert "Seven hours a week can be saved." in text
    assert "contradicts from nine hours a week to two" in text
    assert "Written by crewctl from the statements above. Disputed: seven hours a week" in text


def test_the_page_names_the_model_that_answered_a_pass(tell: Tell, page: Callable[[], Page]) -> None:
    tell(half_by_spare())

    text = page().text
    assert "openai/spare was asked in place of brand_judge's own model for D2-D1" in text
    assert text.count("by openai/spare") == 1


def test_a_merged_text_stands_among_the_drafts(tell: Tell, page: Callable[[], Page]) -> None:
    tell(merged())

    text = page().text

    assert "D4 merged" in text
    assert "at your Ghent plant: may I show you how?" in text
    assert "did not beat the best draft in both orders" in text


@pytest.mark.parametrize(
    ("told", "shown"),
    [({"reasoning": f"D2 is it. {ATTACK}"}, "D2 is it."), ({"reasoning": 7}, "7"), ({}, "Verdict")],
)
def test_a_verdict_of_an_older_form_still_has_its_page(
    told: dict[str, object], shown: str, root: Path, store: SqlRunStore, page: Callable[[], Page]
) -> None:
    drafts = [{"id": "D1", "contestant": "writer"}, {"id": "D2", "contestant": "critic"}]
    old = {"selected_draft": "D2", "candidates": drafts, **told}
    teller = Teller(store, FileContentStore(root)).begins(sample_market())
    teller.starts("draft.critic", "critic", task="draft").ends("draft.critic", "critic's draft")
    teller.chooses(json.dumps(old), "D2", "critic").closes(output="critic's draft")

    text = page().text

    assert "The draft of critic was chosen." in text
    assert shown in text
    assert "critic's draft" in text


def test_a_comparison_has_its_page_too(tell: Tell, line: Line, root: Path) -> None:
    attacked = {**WRITERS, "story_writer": f"{WRITERS['story_writer']}\n{ATTACK}"}
    tell(judged(run_id="old"))
    tell(judged(attacked, FakeJudge(lambda first, second: len(second) - len(first)), run_id="new"), attacked)

    code, out, _ = line("report", "new", "--diff", "old", "--html", "-")
    said = line("report", "new", "--diff", "old", "--html")[1]

    page = Page(out)
    assert code == 0
    assert page.troubles == []
    assert "default-src 'none'" in page.policy
    assert _in_order(page.levels)
    assert "verdict.contestantstory_writerquestion_writer" in page.text  # three cells of a row
    assert "<script>alert(1)</script>" in page.text
    assert not any(letter in page.text for letter in "\x1b\u202e\x00")
    assert said == f"{root / 'registry' / 'reports' / 'outreach' / 'new-since-old.html'}\n"


def test_what_was_erased_is_said_to_be(tell: Tell, page: Callable[[], Page], root: Path) -> None:
    tell(judged())
    FileContentStore(root).erase("r1")

    text = page().text

    assert "Some contents of this run have been erased" in text
    assert "Dear Elena" not in text


def test_the_page_stands_beside_the_report_and_its_path_is_printed(
    tell: Tell, line: Line, root: Path
) -> None:
    tell(judged())
    where = root / "registry" / "reports" / "outreach" / "r1.html"

    assert line("report", "--html")[:2] == (0, f"{where}\n")
    assert line("report", "--html", "-o", "json")[0] == 0

    assert where.read_text(encoding="utf-8") == line("report", "--html", "-")[1]
    assert where.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in where.parent.iterdir()} == {"r1.html", "r1.json"}


def test_a_page_goes_where_it_is_wanted_whole_or_not_at_all(
    tell: Tell, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(judged())
    wanted = tmp_path / "out.html"
    wanted.write_text("old", encoding="utf-8")

    def full(_: int, __: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("crewctl.adapters.private_folder.write_all", full)
        code, _, err = line("report", "r1", "--html", str(wanted))
    assert (code, wanted.read_text(encoding="utf-8")) == (1, "old")
    assert "No space left on device" in err
    assert line("report", "r1", "--html", str(wanted))[0] == 0
    assert wanted.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert {path.name for path in tmp_path.glob(".*")} <= {".crewctl"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--html", "r1"], "'r1' does not end in .html"),
        (["r1", "--html", "-", "-o", "json"], "both --html - and -o write to stdout"),
    ],
    ids=lambda words: words[0] if isinstance(words, list) else "",
)
def test_a_wrong_use_is_refused_with_the_next_step(
    tell: Tell, line: Line, words: list[str], said: str
) -> None:
    tell(judged())

    code, _, err = line("report", *words)

    assert code == 2
    assert said in err
    assert "help:" in err


def test_a_folder_that_is_not_there_is_named(tell: Tell, line: Line, tmp_path: Path) -> None:
    tell(judged())

    code, _, err = line("report", "r1", "--html", str(tmp_path / "absent" / "page.html"))

    assert code == 1
    assert "absent/page.html could not be written: No such file or directory" in err


def test_only_a_page_costs_templates(tell: Tell, line: Line) -> None:
    tell(judged())
    for name in [
        name for name in sys.modules if name.split(".")[0] == "jinja2" or name.endswith("html_report")
    ]:
        del sys.modules[name]

    assert line("report")[0] == 0

    assert not any(name.startswith("jinja2") for name in sys.modules)
