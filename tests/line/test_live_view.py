"""The live view on a terminal, drawn from told events."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from crewctl.audit.events import DraftsTaken, LimitReached, TakenDraft, VerdictGiven
from crewctl.audit.events_work import RunSuspended, RunTaken
from crewctl.audit.fact import ContentRef
from crewctl.cli.live_view import LiveView
from crewctl.planning.plan import EffectiveLimit, EffectiveLimits, Plan
from crewctl.testing.account_samples import Teller, sample_market, sample_plan
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore

Tell = Callable[[Teller], object]

NOW = datetime(2026, 3, 2, 9, 1, 0, tzinfo=UTC)

STORY = """
import sys
from pathlib import Path
from crewctl.cli.main import run
from crewctl.cli.session import Session
from crewctl.testing.account_samples import sample_market
from crewctl.testing.fake_project import FakeProject

def story(teller):
    teller.begins(sample_market())
    teller.starts("1.research", "re\\x1b[5msearcher", task="research").turn("1.research", "researcher")
    teller.ends("1.research", "notes")
    for agent in ("writer", "critic"):
        teller.starts("2.draft." + agent, agent, task="draft")
        teller.turn("2.draft." + agent, agent).ends("2.draft." + agent, "by " + agent)
    teller.starts("3.judge.1", "judge", task="draft", kind="judge_call").ends("3.judge.1", "B")
    teller.chooses('{"selected_draft": "B", "reasoning": "B is plain."}', "B", "critic")
    teller.closes(output="by critic")

project = FakeProject(Path.cwd(), sample_market(), story, pace=0.02)
sys.exit(run(sys.argv[1:], Session(opener=lambda _: project)))
"""


def _drawn(plan: Plan, tell: Tell, width: int = 100) -> str:
    return _drawn_on(Console(file=StringIO(), width=width, height=100, no_color=True), plan, tell)


def _drawn_on(console: Console, plan: Plan, tell: Tell) -> str:
    view = LiveView(plan, colour=False, now=lambda: NOW, console=console)
    store = FakeRunStore()
    tell(Teller(store, FakeContentStore()))
    for record in store.events_of("r1"):
        view.see(record)
    console.print(view.draw())
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_before_anything_has_started_the_view_says_so_and_shows_the_limits() -> None:
    drawn = _drawn(sample_plan(), lambda teller: teller)

    assert "getting ready" in drawn
    assert "turn 0 of 10" in drawn
    assert "$0 of $0.50" in drawn


def test_turns_tokens_and_cost_stand_against_their_limits_with_what_is_reserved() -> None:
    limits = EffectiveLimits(
        max_turns=EffectiveLimit(value=10, source="x"),
        max_tokens=EffectiveLimit(value=20_000, source="x"),
        max_cost=EffectiveLimit(value=5 * 10**11, source="x"),
        timeout=EffectiveLimit(value=600, source="x"),
    )

    def tell(teller: Teller) -> None:
        teller.begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
        teller.asks("1.research", "researcher")

    drawn = _drawn(sample_plan(limits=limits), tell, 140)

    assert "turn 2 of 10" in drawn
    assert "1,200 (+5,000 reserved) of 20,000 tokens" in drawn
    assert "(+$0.003 reserved) of $0.50" in drawn
    assert re.search(r"0:5\d of 10:00", drawn)
    assert re.search(r"research · researcher  2 turns, 1,200 tokens  0:5\d  asks standard", drawn)


def test_the_time_that_counts_stands_still_while_nobody_is_at_work() -> None:
    limits = EffectiveLimits(timeout=EffectiveLimit(value=600, source="x"))

    def tell(teller: Teller) -> None:
        teller.begins(sample_plan()).starts("1.research", "researcher")
        teller.ends("1.research", outcome="waiting", clock=42.0).tells(RunSuspended(cards=("r1.1",)))

    assert "0:42 of 10:00" in _drawn(sample_plan(limits=limits), tell, 140)


def test_a_run_that_is_taken_up_shows_what_was_before_and_what_was_lost() -> None:
    def tell(teller: Teller) -> None:
        teller.begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
        teller.ends("1.research", "notes").starts("2.write", "writer").asks("2.write", "writer")
        teller.tells(RunTaken(executor="w2", host="desk", pid=8, epoch=2))

    drawn = _drawn(sample_plan(), tell, 140)

    assert "✓ research · researcher" in drawn
    assert re.search(r"■ write · writer .* lost", drawn)
    assert "6,200 tokens" in drawn, "a call that never came back counts at its reservation"


def test_a_market_has_a_lane_for_each_contestant_and_then_the_verdict() -> None:
    def tell(teller: Teller) -> None:
        teller.begins(sample_market())
        teller.starts("2.draft.writer", "writer", task="draft").turn("2.draft.writer", "writer")
        teller.starts("2.draft.critic", "critic", task="draft").ends("2.draft.critic", "text", seconds=3.0)
        teller.starts("3.judge.1", "judge", task="draft", kind="judge_call").ends("3.judge.1", "B")
        teller.chooses("{}", "B", "critic")

    lines = _drawn(sample_market(), tell).splitlines()
    heads = next(line for line in lines if "writer" in line and "critic" in line)
    doing, used = lines[lines.index(heads) + 1], lines[lines.index(heads) + 2]

    assert heads.index("critic") == doing.index("✓ chosen 3s") == used.index("0 turns, 0 tokens")
    assert heads.index("writer") == used.index("1 turn, 1,200 tokens") == doing.index("0:5") - 2
    assert any("judge judges: 1 of at most" in line and "chose critic" in line for line in lines)


def test_what_went_wrong_is_said_where_it_did() -> None:
    def tell(teller: Teller) -> None:
        teller.begins(sample_plan()).starts("1.research", "researcher")
        teller.tool("1.research", "researcher", "FileReadTool").ends(
            "1.research", outcome="failed", error="it \x1b[1mbroke"
        )
        teller.tells(LimitReached(limit="max_turns", allowed=10, used=10))

    drawn = _drawn(sample_plan(), tell)

    assert "✗ research · researcher" in drawn
    assert "FileReadTool x1" in drawn
    assert "failed it \\x1b[1mbroke" in drawn
    assert "stopped by max_turns" in drawn


@pytest.mark.parametrize("width", [20, 40, 200])
def test_the_view_fits_any_width(width: int) -> None:
    def tell(teller: Teller) -> None:
        teller.begins(sample_market()).starts("2.draft.writer", "writer", task="draft")

    assert max(len(line) for line in _drawn(sample_market(), tell, width).splitlines()) <= width


def _begun_market(teller: Teller) -> None:
    teller.begins(sample_market()).starts("1.research", "researcher", task="research")
    teller.ends("1.research", "notes").starts("2.draft.writer", "writer", task="draft")
    teller.turn("2.draft.writer", "writer").starts("2.draft.critic", "critic", task="draft")


def test_lanes_too_narrow_to_be_read_are_lines_with_the_same_figures() -> None:
    drawn = _drawn(sample_market(), _begun_market, 46)

    assert re.search(r"writer  1 turn, 1,200 tokens", drawn)
    assert re.search(r"critic  0:5\d  starting", drawn)


@pytest.mark.parametrize("width", [30, 50, 60, 80])
def test_a_limit_is_never_torn_apart_from_what_is_used_of_it(width: int) -> None:
    drawn = _drawn(sample_market(), _begun_market, width)

    assert re.search(r"^(.*  )?turn 1 of 10(  .*)?$", drawn, re.MULTILINE)
    assert re.search(r"^(.*  )?\$0.00027 of \$0.50(  .*)?$", drawn, re.MULTILINE)
    assert re.search(r"^(.*  )?0:5\d(  .*)?$", drawn, re.MULTILINE)


@pytest.mark.parametrize("height", [6, 8])
def test_a_low_terminal_keeps_the_headline_the_newest_steps_and_the_limits(height: int) -> None:
    def tell(teller: Teller) -> None:
        teller.begins(sample_plan())
        for number in range(20):
            teller.starts(f"{number}.t", "researcher", task=f"task{number}")

    console = Console(file=StringIO(), width=100, height=height, no_color=True)
    lines = _drawn_on(console, sample_plan(), tell).splitlines()

    assert len(lines) <= height - 1
    assert lines[0].startswith("brief  r1")
    assert lines[1].startswith("… ")
    assert "task19" in "".join(lines)
    assert "turn 0 of 10" in lines[-1]


def test_a_run_that_ended_early_says_what_did_not_begin() -> None:
    def tell(teller: Teller) -> None:
        teller.begins(sample_market()).starts("1.research", "researcher", task="research")
        teller.ends("1.research", outcome="failed", error="no").closes("failed")

    drawn = _drawn(sample_market(), tell)

    assert drawn.count("did not begin") == 2
    assert "waits" not in drawn


def test_a_step_that_was_stopped_says_so_once() -> None:
    def tell(teller: Teller) -> None:
        teller.begins(sample_plan()).starts("1.research", "researcher")
        teller.ends("1.research", outcome="stopped", error="stopped by ada: wrong company")

    drawn = _drawn(sample_plan(), tell)

    assert drawn.count("stopped") == 1
    assert "stopped by ada: wrong company" in drawn


def _on_a_terminal(words: list[str], folder: Path, **environ: str) -> tuple[int, str, str]:
    """Run with stderr on a terminal and stdout in a pipe; return the exit code and both texts."""
    above, below = pty.openpty()
    fcntl.ioctl(below, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-c", STORY, *words],
        cwd=folder,
        env={**kept, "TERM": "xterm-256color", **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=below,
    )
    os.close(below)
    seen = b""
    while True:
        try:
            part = os.read(above, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(above)
    out, _ = process.communicate(timeout=30)
    return process.returncode, out.decode(), seen.decode()


def test_on_a_terminal_the_run_is_drawn_live_and_stdout_stays_clean(tmp_path: Path) -> None:
    code, out, seen = _on_a_terminal(["kickoff", "brief"], tmp_path)

    assert code == 0
    assert "\x1b" not in out
    assert "Verdict: critic (draft B)" in out
    assert "registry/reports/brief/r1.json" in out
    assert "\x1b[2K" in seen, "lines are drawn over"
    assert "StepStarted" not in seen
    assert "chose critic" in seen
    assert "\x1b[5m" not in seen, "an agent's name cannot make the terminal blink"
    assert "re\\x1b[5msearcher" in seen
    assert "\x1b[?25h" in seen, "the cursor comes back"


def test_no_color_keeps_the_view_and_drops_the_colours(tmp_path: Path) -> None:
    _, _, seen = _on_a_terminal(["kickoff", "brief", "--no-color"], tmp_path)

    assert "chose critic" in seen
    assert re.findall(r"\x1b\[[0-9;]*3[0-7]m", seen) == []


def test_a_dumb_terminal_gets_lines(tmp_path: Path) -> None:
    _, _, seen = _on_a_terminal(["kickoff", "brief"], tmp_path, TERM="dumb")

    assert "StepStarted" in seen
    assert "\x1b[2K" not in seen


def test_the_tree_goes_from_task_over_agents_to_their_tools() -> None:
    def tell(teller: Teller) -> None:
        teller.begins(sample_plan()).starts("1.research", "manager").turn("1.research", "manager")
        teller.delegates("1.research", "manager", "researcher").turn("1.research", "researcher")
        teller.tool("1.research", "researcher", "FileReadTool").tool(
            "1.research", "researcher", "FileReadTool", 2
        )

    lines = [line.strip("│├└─ ") for line in _drawn(sample_plan(), tell).splitlines()]

    assert lines[2:5] == [
        "manager  1 turn, 1,200 tokens",
        "researcher  1 turn, 1,200 tokens",
        "FileReadTool x2",
    ]


def test_drafts_that_are_judged_again_stand_in_their_lanes_as_done() -> None:
    """No contestant is asked, so none may look as if it were still to begin."""
    drafts = (
        TakenDraft(contestant="writer", output=ContentRef(id="r0/" + "0" * 32, size=9)),
        TakenDraft(contestant="critic", error="the model did not answer"),
    )
    plan = sample_market().model_copy(update={"tasks": ()})

    drawn = _drawn(plan, lambda teller: teller.begins(plan).tells(DraftsTaken(run="r0", drafts=drafts)))

    assert "✓" in drawn
    assert "✗" in drawn
    assert "research" not in drawn


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"selected": "D3", "contestant": None, "origin": "merged"}, "chose the merged text"),
        ({"selected": None, "contestant": None, "origin": "consensus"}, "drew up a consensus"),
        ({"selected": None, "contestant": None}, "could not choose"),
    ],
)
def test_the_view_tells_what_the_judging_came_to(given: dict[str, object], words: str) -> None:
    def tell(teller: Teller) -> None:
        teller.begins(sample_market())
        teller.starts("judge.1", "judge", kind="judge_call").turn("judge.1", "judge").ends("judge.1", "{}")
        ref = teller.contents.put(teller.run_id, b"{}")
        teller.tells(VerdictGiven.model_validate({**given, "verdict": ref}))

    assert words in _drawn(sample_market(), tell)
