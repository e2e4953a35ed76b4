"""crewctl inbox and crewctl card over a real account: what people see, what they may say, what comes of it."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.adapters.report_files import ReportFiles
from crewctl.adapters.system_clock import SystemClock
from crewctl.audit.cards import CardState, fold_cards
from crewctl.audit.events import KickoffRequested, RunClosed
from crewctl.audit.events_people import NoticeLeft
from crewctl.audit.events_work import RunTaken
from crewctl.cli.amounts import duration
from crewctl.cli.complete_cards import complete_cards, complete_left
from crewctl.cli.ending import show_end
from crewctl.cli.fresh_project import TEMPLATE
from crewctl.cli.main import run
from crewctl.cli.row_keys import ROW_KEYS
from crewctl.cli.session import Session
from crewctl.cli.whole_plan import show_whole_plan
from crewctl.errors import WaitingError
from crewctl.planning.plan import Plan
from crewctl.registry.announce import announce
from crewctl.registry.close import Closed, PutDown
from crewctl.registry.kickoff import kickoff
from crewctl.registry.rooms import Rooms
from crewctl.running.cards import Asking, Desk, desk_of
from crewctl.running.port import CrewEngine
from crewctl.testing.fake_engine import FakeEngine
from crewctl.testing.memory_steps import MemorySteps
from crewctl.wiring import Project
from crewctl.wiring.line import ended

RUN = "20260302-090000-0001"
WHY = "checked it line by line"
Said = tuple[int, str, str]


class Office(Project):
    """A project at which somebody in particular sits."""

    who = "elena"

    @property
    def person(self) -> str:
        return self.who


class Line:
    """The command line over one project, whose run is worked on by an engine without children."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys
        self.project = Office(root)
        self.steps = MemorySteps()
        self.plan: Plan | None = None

    def __call__(self, *words: str, by: str = "elena") -> Said:
        self.project.who = by
        self._capsys.readouterr()
        code = run(words, Session(opener=lambda _: self.project))
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def output(self) -> str:
        return self._capsys.readouterr().out

    def errors(self) -> str:
        return self._capsys.readouterr().err

    def data(self, *words: str, code: int = 0, by: str = "elena") -> Any:
        done, out, err = self(*words, "-o", "json", by=by)
        assert done == code, err
        return json.loads(out)

    def change(self, file: str, before: str, after: str) -> None:
        text = (self.root / file).read_text(encoding="utf-8")
        assert before in text
        (self.root / file).write_text(text.replace(before, after, 1), encoding="utf-8")

    def asks_after(self, task: str = "write_brief") -> None:
        self.change(
            "config/tasks.yaml", f"{task}:\n", f"{task}:\n  human_input: true\n  output_file: out.md\n"
        )

    def work(self) -> Closed | PutDown:
        """Take the run up, as a worker would, and do it until it is over or put down."""
        if self.plan is None:
            self.plan = self.project.plan("company-brief", {"company": "Acme Corp"})
        else:
            self.project.store.append(RUN, RunTaken(executor="w2", host="h", pid=2, epoch=2))
            self.steps = MemorySteps(self.steps.journal)
        return kickoff(self.plan, self.rooms(), self.steps)

    def rooms(self) -> Rooms:
        engine = FakeEngine(
            RUN, self.project.store, self.project.contents, {"write_brief": "Acme does well."}
        )

        @contextmanager
        def opened(_: Plan) -> Iterator[CrewEngine]:
            yield engine

        return Rooms(
            run_id=RUN,
            request=KickoffRequested(crew="company-brief", by="bob", host="h", pid=1, detached=True),
            store=self.project.store,
            contents=self.project.contents,
            approvals=self.project.approvals,
            clock=SystemClock(),
            open_engine=opened,
            files=ProjectFiles(self.root),
            reports=ReportFiles(self.root),
        )

    def desk(self) -> Desk:
        assert self.plan is not None
        return desk_of(self.plan, RUN, self.project.store, self.project.contents, SystemClock())

    def call(self, arguments: str = '{"to": "ada@example.eu", "text": "Dear \\u001b[31mAda"}') -> CardState:
        """Open a card about a call of a tool, as the gate of calls does."""
        self.plan = self.project.plan("company-brief", {"company": "Acme Corp"})
        rooms = self.rooms()
        announce(RUN, self.plan, rooms.request, rooms.store, rooms.contents)
        return self.desk().ask(
            Asking(
                key="1.write/send/x/1",
                source="tool_call",
                asks="May 'writer' call the tool 'custom:send' with these arguments? It sends data.",
                step="1.write",
                task="write",
                agent="writer",
                tool="custom:send",
                subject=arguments.encode(),
            )
        )

    def cards(self) -> tuple[CardState, ...]:
        return fold_cards(self.project.store.events_of(RUN))

    def report(self) -> Any:
        path = self.root / "registry" / "reports" / "company-brief" / f"{RUN}.json"
        return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(Path(shutil.copytree(TEMPLATE, tmp_path / "project")), capsys)


def test_an_output_is_amended_and_the_run_goes_on_with_the_persons_text(line: Line) -> None:
    line.asks_after()
    waits = line.work()
    assert isinstance(waits, PutDown)
    [card] = waits.cards
    (line.root / "mine.txt").write_bytes(b"Acme does very well.\r\n")
    code, out, err = line("card", "amend", RUN, "--text", f"@{line.root / 'mine.txt'}", "--reason", WHY)
    assert (code, "Amended" in out) == (0, True), err
    assert f"crewctl resume {RUN}" in err, "nobody serves the queue here"

    closed = line.work()

    assert isinstance(closed, Closed)
    assert closed.ending.outcome == "finished"
    assert (line.root / "out.md").read_bytes() == b"Acme does very well.\r\n"
    report = line.report()
    assert report["output"] == "Acme does very well.\r\n"
    task = report["tasks"][-1]
    assert (task["output"], task["card"]) == ("Acme does very well.\r\n", card)
    [told] = report["cards"]
    assert (told["action"], told["by"], told["reason"]) == ("amend", "elena", WHY)
    assert (told["subject"], told["text"]) == ("Acme does well.", "Acme does very well.\r\n")
    assert [(each["kind"], each["text"]) for each in told["difference"]] == [
        ("equal", "Acme does "),
        ("removed", "well."),
        ("added", "very well.\r\n"),
    ]
    assert told["waited_seconds"] >= 0
    code, out, _ = line("report", RUN)
    assert f"Card {card}: amended by elena on" in out
    assert "Acme does [-well.-]{+very well." in out
    assert f"a person decided on this: card {card}" in out
    page = line("report", RUN, "--html", "-")[1]
    assert "<del>well.</del><ins>very well." in page
    assert WHY in page


def test_a_wait_is_no_running_time(line: Line) -> None:
    line.asks_after()
    line.work()
    line("card", "approve", RUN, "--reason", WHY)
    closed = line.work()
    assert isinstance(closed, Closed)
    times = line.report()["times"]
    assert times["waited_seconds"] > 0
    assert times["clock_seconds"] <= times["seconds"] - times["waited_seconds"] + 1e-6


def test_the_inbox_lists_what_waits_and_what_is_left_and_counts_it(line: Line) -> None:
    line.asks_after()
    line.change("registry/policy.yaml", "minimal: never", "minimal: notify")
    line.work()
    code, out, err = line("inbox")
    assert code == 0
    first, second = out.splitlines()[1:]
    assert first.startswith(f"{RUN}.1")
    assert "refused in 3d" in first
    assert second.split()[:2] == [RUN, "notice"]
    assert err == f"1 card to answer, 1 thing to look at. Begin with: crewctl card show {RUN}.1\n"
    rows = line.data("inbox")
    assert [(row["id"], row["kind"], row["risk"], row["by"]) for row in rows] == [
        (f"{RUN}.1", "output", "minimal", "bob"),
        (RUN, "notice", "minimal", "bob"),
    ]
    assert line.data("inbox", "--crew", "other") == []
    assert line.data("inbox", "--mine") == []
    assert len(line.data("inbox", "--mine", by="bob")) == 2
    assert line("inbox", "-o", "name")[1].split() == [f"{RUN}.1", RUN]


def test_a_notice_is_off_the_list_once_somebody_has_looked_at_it_and_the_report_says_who(line: Line) -> None:
    line.change("registry/policy.yaml", "minimal: never", "minimal: notify")
    assert isinstance(line.work(), Closed)
    assert line.report()["notice"]["seen_by"] is None
    assert line.data("inbox", "seen", RUN[:10], "--reason", "fine")["by"] == "elena"
    assert line.data("inbox") == []
    assert line.report()["notice"]["seen_by"] == "elena"
    code, _, err = line("inbox", "seen", RUN, by="bob")
    assert (code, "elena has looked at" in err) == (1, True)
    assert line("inbox")[2] == "Nothing waits for anybody.\n"


def test_where_four_eyes_are_wanted_somebody_else_looks_at_the_notice_of_a_run(line: Line) -> None:
    line.change("registry/policy.yaml", "minimal: never", "minimal: notify")
    line.change("registry/entries/company-brief.yaml", "risk_level:", "four_eyes: true\nrisk_level:")
    assert isinstance(line.work(), Closed)
    code, _, err = line("inbox", "seen", RUN, by="bob")
    assert code == 1
    assert "bob asked for run" in err
    assert "somebody else has to look at its notice" in err
    assert len(line.data("inbox")) == 1
    assert line.data("inbox", "seen", RUN)["by"] == "elena"


def test_a_sampled_answer_of_a_rule_waits_for_a_second_look(line: Line) -> None:
    line.asks_after()
    rule = (
        "\npeople:\n  rules:\n    - name: short\n      sample: 1.0\n      when:\n"
        "        - {field: source, op: equals, value: output}\n        - {field: length, op: below, value: 99}\n"
    )
    policy = line.root / "registry" / "policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8") + rule, encoding="utf-8")

    closed = line.work()

    assert isinstance(closed, Closed)
    assert closed.ending.outcome == "finished", "the rule said yes, and nobody was waited for"
    [row] = line.data("inbox")
    assert (row["kind"], row["id"]) == ("sampled", f"{RUN}.1")
    assert "rule short" in line("card", "show", RUN)[1]
    line("inbox", "seen", f"{RUN}.1", "--reason", "the rule was right")
    assert line.data("inbox") == []
    [told] = line.report()["cards"]
    assert (told["by"], told["rule"], told["seen_by"]) == ("rule short", "short", "elena")


def test_a_call_is_shown_pretty_and_as_its_very_bytes_with_nothing_that_drives_a_terminal(line: Line) -> None:
    card = line.call()
    code, out, err = line("card", "show", card.card)
    assert code == 0
    assert '"to": "ada@example.eu"' in out
    assert '{"to": "ada@example.eu", "text": "Dear \\u001b[31mAda"}' in out
    assert f"Exactly these {card.opened.subject.size if card.opened.subject else 0} bytes" in out
    assert "\x1b[31m" not in out
    assert f"--seen {card.opened.subject_sha256[:12]}" in err
    data = line.data("card", "show", card.card)
    assert data["arguments"] == {"to": "ada@example.eu", "text": "Dear \x1b[31mAda"}
    assert data["subject_sha256"] == card.opened.subject_sha256
    assert [each.split()[2] for each in data["next"]] == ["approve", "amend", "park", "skip"]


def test_rows_have_the_promised_keys(line: Line) -> None:
    card = line.call().card
    assert tuple(line.data("card", "show", card)) == ROW_KEYS["card show"]
    assert {tuple(row) for row in line.data("inbox")} == {ROW_KEYS["inbox"]}
    parked = line.data("card", "park", card, "--until", "2d", "--reason", WHY)
    assert tuple(parked) == ROW_KEYS["card park"]
    assert tuple(line.data("card", "skip", card, "--reason", WHY)) == ROW_KEYS["card skip"]
    line.project.store.append(RUN, NoticeLeft(about="x"))
    assert tuple(line.data("inbox", "seen", RUN)) == ROW_KEYS["inbox seen"]


def test_changed_arguments_make_a_new_card_that_shows_from_what_it_came(line: Line) -> None:
    card = line.call('{"to": "ada@example.eu"}')
    amended = line.data("card", "amend", card.card, "--args", '{"to": "bob@example.eu"}', "--reason", WHY)
    new = amended["instead"]
    assert amended["left"] == [new]
    assert line.data("card", "show", new)["instead_of"] == [card.card]
    assert "[-ada-]{+bob+}@example.eu" in line("card", "show", card.card)[1]
    code, _, err = line("card", "approve", new, "--seen", card.opened.subject_sha256, "--reason", WHY)
    assert (code, "and what was seen is" in err) == (1, True)
    assert line.data("card", "approve", new, "--reason", WHY)["action"] == "approve"


def test_an_approval_that_is_wanted_is_shown_as_the_plan_and_given_as_a_statement(line: Line) -> None:
    line.change(
        "registry/entries/company-brief.yaml",
        "human_oversight_required: false",
        "human_oversight_required: true",
    )
    waits = line.work()
    assert isinstance(waits, PutDown)
    out = line("card", "show", RUN)[1]
    assert "May crew 'company-brief' run by this plan, with these inputs?" in out
    assert "Acme Corp" in out
    assert "Worst case" in out

    approved = line.data("card", "approve", RUN, "--reason", WHY)

    statement = json.loads((line.root / approved["statement"]).read_text(encoding="utf-8"))
    assert (statement["reason"], statement["max_runs"]) == (WHY, 1)
    closed = line.work()
    assert isinstance(closed, Closed)
    assert closed.ending.outcome == "finished"
    assert line.report()["approval"]["statement"] == statement["id"]


def test_an_approval_that_is_refused_ends_the_run_unapproved(line: Line) -> None:
    line.change(
        "registry/entries/company-brief.yaml",
        "human_oversight_required: false",
        "human_oversight_required: true",
    )
    line.work()
    assert line("card", "skip", RUN, "--reason", "not this company")[0] == 0
    closed = line.work()
    assert isinstance(closed, Closed)
    assert (closed.ending.outcome, closed.ending.exit_code) == ("not_approved", 4)
    assert "elena said no: not this company" in closed.ending.error


def test_a_card_is_parked_for_a_time_or_until_a_day(line: Line) -> None:
    card = line.call()
    parked = line.data("card", "park", card.card, "--until", "2d", "--reason", WHY)
    until = datetime.fromisoformat(parked["until"])
    assert timedelta(days=1, hours=23) < until - datetime.now(UTC) <= timedelta(days=2)
    [row] = line.data("inbox")
    assert (row["parked"], datetime.fromisoformat(row["due"])) == (True, until)
    assert "back in 2d" in line("inbox")[1]
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    assert line.data("card", "park", card.card, "--until", day, "--reason", WHY)["until"].startswith(day)
    for word in ("yesterday", "2020-01-01"):
        code, _, err = line("card", "park", card.card, "--until", word, "--reason", WHY)
        assert (code, "--until" in err) == (2, True)


def at_a_terminal(root: Path, said: str, *words: str) -> tuple[int, str]:
    """Run a command at a terminal of its own, and type `said`; return its exit code and what was on the screen."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "crewctl", *words], cwd=root, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, said.encode())
    screen = b""
    while True:
        try:
            screen += os.read(ours, 65_536)
        except OSError:  # the other side is closed
            break
    os.close(ours)
    return done.wait(timeout=60), screen.decode("utf-8", "replace")


def test_at_a_terminal_the_card_is_shown_and_asked_about_once_more(line: Line) -> None:
    card = line.call('{"to": "ada@example.eu"}').card
    answer = ("card", "approve", card, "--reason", WHY)
    code, screen = at_a_terminal(line.root, "n\n", *answer)
    assert (code, f"Approve card {card}?" in screen, "ada@example.eu" in screen) == (1, True, True)
    assert line.cards()[0].answer is None
    code, screen = at_a_terminal(line.root, "y\n", *answer)
    assert (code, "Approved" in screen) == (0, True)
    assert line.cards()[0].answer is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--reason", "short"), "at least 10 characters"),
        (("--args", "[]", "--reason", WHY), "no JSON object"),
        (("--text", "x", "--reason", WHY), "is given with --args"),
        (("--text", "x", "--args", "{}", "--reason", WHY), "with one of them alone"),
        (("--args", "@nowhere.json", "--reason", WHY), "there is no file nowhere.json"),
    ],
)
def test_an_amendment_that_makes_no_sense_is_refused_with_the_next_step(
    line: Line, words: tuple[str, ...], said: str
) -> None:
    card = line.call()
    given = words if "--args" in words or "--text" in words else ("--args", '{"to": "x"}', *words)
    code, _, err = line("card", "amend", card.card, *given)
    assert code in (2, 9)
    assert said in err
    assert "help: " in err
    assert line.cards()[0].answer is None


def test_a_card_is_meant_by_the_beginning_of_its_id(line: Line) -> None:
    line.call('{"a": 1}')
    line.desk().ask(Asking(key="other", source="output", asks="?", subject=b"x"))
    code, _, err = line("card", "show", RUN)
    assert (code, f"could be any of 2 cards: {RUN}.1, {RUN}.2" in err) == (2, True)
    assert line("card", "show", "2031")[0] == 9
    line("card", "skip", f"{RUN}.1", "--reason", WHY)
    assert line.data("card", "show", RUN)["card"] == f"{RUN}.2", "one is open, and that is meant"
    assert line.data("card", "show", f"{RUN}.1")["answer"]["action"] == "skip"
    code, _, err = line("card", "approve", f"{RUN}.1", "--reason", WHY, by="bob")
    assert (code, "has its answer: skipped by elena" in err) == (1, True)


def test_the_newest_card_that_waits_can_be_looked_at_and_an_answer_names_its_card(line: Line) -> None:
    code, _, err = line("card", "show", "last")
    assert (code, "no card waits for an answer" in err) == (9, True)
    first = line.call()
    assert line.data("card", "show", "last")["card"] == first.card

    code, _, err = line("card", "approve", "last", "--reason", WHY)

    assert (code, "an answer names its card" in err) == (2, True)
    assert line.data("card", "show", first.card)["answer"] is None


def test_the_shell_completes_open_cards_and_what_is_to_look_at(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(line.root)
    line.call()
    line.project.store.append(RUN, NoticeLeft(about="x"))
    with click.Context(click.Command("card")) as context:
        parameter = click.Argument(["card"])
        assert complete_cards(context, parameter, "2026") == [f"{RUN}.1"]
        assert complete_left(context, parameter, "") == [RUN]
        assert complete_cards(context, parameter, "x") == []
        monkeypatch.chdir(line.root.parent)
        assert complete_cards(context, parameter, "") == []


def test_cards_of_a_run_that_is_over_say_so(line: Line) -> None:
    card = line.call()
    line.project.store.append(RUN, RunClosed(outcome="stopped", exit_code=6))
    code, _, err = line("card", "approve", card.card, "--reason", WHY)
    assert (code, "is over, so its card" in err) == (1, True)
    assert line.data("inbox") == []
    assert line.data("card", "show", card.card)["run_is_over"] is True


@pytest.mark.parametrize("words", [("inbox",), ("card", "show", RUN)])
def test_neither_crewai_nor_the_engine_is_imported_to_see_what_waits(
    line: Line, spawn: Any, words: tuple[str, ...]
) -> None:
    line.asks_after()
    line.work()
    code = (
        "import sys; sys.argv = ['crewctl', *sys.argv[1:]]\n"
        "from crewctl.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        "loaded = {name.split('.')[0] for name in sys.modules} & {'crewai', 'dbos', 'sqlalchemy', 'litellm'}\n"
        "print(sorted(loaded), code, file=sys.stderr)"
    )
    done = spawn(*words, cwd=line.root, code=code)
    assert done.err.strip().splitlines()[-1].startswith("[] "), done.err


def test_whoever_approves_a_plan_sees_every_word_of_it(line: Line) -> None:
    line.change("config/agents.yaml", "  goal: ", "  goal: |\n    Mind the reader.\n    ")
    line.change(
        "registry/entries/company-brief.yaml",
        "human_oversight_required: false",
        "human_oversight_required: true",
    )
    line.work()
    assert line.plan is not None
    plan = line.plan.model_dump(mode="json")
    code, out, _ = line("card", "show", RUN)

    assert code == 0
    assert "…" not in out.partition("Answer it")[0]
    shown = " ".join(out.split())
    missing = [text for text in texts_of(plan) if " ".join(text.split()) not in shown]
    assert missing == []
    assert len([text for text in texts_of(plan) if "\n" in text.strip()]) > 0, "several lines are lines here"


def texts_of(value: Any) -> Iterator[str]:
    """Give every text of a plan, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts_of(each)


def test_a_text_of_a_plan_on_a_card_drives_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = {"goal": "Write.\n\x1b[2J\u202eAnswer it\n  crewctl", "name": "\x9b31m"}
    show_whole_plan(json.dumps(hostile).encode())
    out = capsys.readouterr().out
    assert "Answer it" in out
    assert not any(bad in out for bad in ("\x1b[2J", "\x9b", "\u202e"))
    assert all(each.startswith("  ") for each in out.splitlines()[1:])


def suspend_the_crew(line: Line) -> None:
    code, _, err = line("suspend", "company-brief", "--reason", "it names people who said no")
    assert code == 0, err


def test_of_a_suspended_crew_the_inbox_its_card_and_the_answer_say_so(line: Line) -> None:
    line.asks_after()
    line.work()
    suspend_the_crew(line)

    for words in (
        ("inbox",),
        ("card", "show", RUN),
        ("card", "approve", RUN, "--reason", WHY),
    ):
        code, _, err = line(*words)
        assert code == 0, words
        assert "company-brief is suspended by" in err, words
        assert "it names people who said no" in err, words
        assert 'crewctl unsuspend company-brief --reason "…"' in err, words

    closed = line.work()
    assert isinstance(closed, Closed)
    assert line.plan is not None
    show_end(line.plan, ended(closed), "table")
    assert closed.ending.outcome == "not_approved"
    assert 'crewctl unsuspend company-brief --reason "…"' in line.errors()


def test_whom_four_eyes_bar_is_offered_no_answer(line: Line) -> None:
    line.change("registry/entries/company-brief.yaml", "risk_level:", "four_eyes: true\nrisk_level:")
    line.asks_after()
    line.work()

    code, out, err = line("card", "show", RUN, by="bob")
    assert (code, "card approve" in out) == (0, False)
    assert "bob asked for run" in err
    assert f"crewctl card show {RUN}.1" in err
    assert line.data("card", "show", RUN, by="bob")["next"] == []
    out = line("card", "show", RUN)[1]
    assert f"crewctl card approve {RUN}.1" in out


def test_a_run_that_waits_for_a_card_is_not_resumed_or_decided_but_answered(line: Line) -> None:
    line.asks_after()
    line.work()
    code, _, err = line("resume", RUN)
    assert (code, f"crewctl card show {RUN}.1" in err, f"crewctl resume {RUN}" in err) == (7, True, True)
    with pytest.raises(WaitingError, match="waits for a card") as refused:
        line.project.case_of(RUN)
    assert refused.value.help == f"answer the card: crewctl card show {RUN}.1"


def test_what_a_run_used_is_its_time_at_work_and_the_wait_is_in_what_it_took(line: Line) -> None:
    line.asks_after()
    line.work()
    time.sleep(1.2)
    line("card", "approve", RUN, "--reason", WHY)
    closed = line.work()
    assert isinstance(closed, Closed)
    assert line.plan is not None
    line.errors()
    show_end(line.plan, ended(closed), "table")
    rows = {words[0]: text for text in line.output().splitlines() if (words := text.split())}
    times = line.report()["times"]
    assert rows["used"].endswith(f", {duration(times['clock_seconds'])} at work")
    assert rows["took"].split() == ["took", duration(times["seconds"])]
    assert times["seconds"] > times["clock_seconds"] + 1
