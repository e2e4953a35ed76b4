"""A fork keeps what an earlier run came to before a task: at no cost, once, and only while it still fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crewctl.audit.build_report import build_report
from crewctl.audit.events import (
    ApprovalDecided,
    KickoffRequested,
    PlanMade,
    RunClosed,
    RunStarted,
    StepFinished,
    StepStarted,
)
from crewctl.audit.events_people import CardAnswered, CardOpened, CardSource
from crewctl.audit.events_work import StepsKept
from crewctl.audit.fact import ContentRef
from crewctl.audit.run_state import fold_run
from crewctl.errors import CrewctlError, InvalidError, NotFoundError
from crewctl.planning.digest import canonical, sealed
from crewctl.planning.plan import Plan, PlannedPeople
from crewctl.processes.keeping import places, to_keep
from crewctl.processes.outcome import Outcome
from crewctl.processes.rooms import ProcessRooms
from crewctl.processes.run_process import run_process
from crewctl.running.port import StepResult
from crewctl.testing.fake_engine import FakeEngine, Script
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.sample_plans import hierarchical_plan, market_plan, sequential_plan, task

THREE = (task("research"), task("outline"), task("write"))


_OF_THE_RUN = {"attempts", "seconds", "kept_from", "process_exit", "tries"}


class Files:
    """The OutputFiles port that remembers what was written."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, file: str, content: bytes, *, create_directory: bool) -> None:
        """Remember it."""
        del content, create_directory
        self.written.append(file)


class Runs:
    """Several runs over the same stores, one after another."""

    def __init__(self) -> None:
        self.store = FakeRunStore()
        self.contents = FakeContentStore()
        self.files = Files()
        self.engines: dict[str, FakeEngine] = {}
        self.steps: dict[str, MemorySteps] = {}

    def run(self, run_id: str, plan: Plan, script: Script | None = None, **asked: Any) -> Outcome:
        """Run a plan; `asked` are further fields of the request."""
        self.ask(run_id, plan, **asked)
        outcome = self.go_on(run_id, plan, script)
        self.store.append(
            run_id, RunClosed(outcome="finished", exit_code=0, output=outcome.output, error=outcome.error)
        )
        return outcome

    def ask(self, run_id: str, plan: Plan, **asked: Any) -> None:
        """Write down that a run is asked for, and let through."""
        self.store.append(
            run_id, KickoffRequested(crew=plan.crew, host="box", pid=1, **{"by": "ada", **asked})
        )
        made = PlanMade(
            crew_digest=plan.crew_digest,
            inputs_digest=plan.inputs_digest,
            plan=self.contents.put(run_id, canonical(plan)),
            simulated=plan.simulated,
        )
        self.store.append(run_id, made)
        self.store.append(run_id, ApprovalDecided(decision="approved", by="policy"))
        self.store.append(run_id, RunStarted())

    def go_on(self, run_id: str, plan: Plan, script: Script | None = None) -> Outcome:
        """Do what is left of the run, with the memory of its steps."""
        engine = self.engines[run_id] = FakeEngine(run_id, self.store, self.contents, script)
        steps = self.steps.setdefault(run_id, MemorySteps())
        steps = self.steps[run_id] = MemorySteps(steps.journal)
        rooms = ProcessRooms(run_id, engine, self.store, self.contents, self.files)
        return run_process(plan, rooms, steps)

    def fork(self, plan: Plan, place: str, *, anyway: bool = False, run_id: str = "b") -> Outcome:
        """Fork run ``a``."""
        return self.run(run_id, plan, source="fork", of="a", from_task=place, keep_anyway=anyway)

    def done(self, run_id: str) -> list[str]:
        """Return the steps that the run did itself."""
        return [e.step for e in self.store.events(run_id) if isinstance(e, StepStarted)]

    def kept(self, run_id: str = "b") -> StepsKept:
        """Return what the run kept."""
        (kept,) = [e for e in self.store.events(run_id) if isinstance(e, StepsKept)]
        return kept

    def text(self, ref: ContentRef | None) -> str:
        """Return a content's text."""
        return self.contents.text(ref)


@pytest.fixture
def runs() -> Runs:
    return Runs()


def test_what_came_before_is_kept_and_the_rest_is_done_anew(runs: Runs) -> None:
    plan = sequential_plan(*THREE)
    runs.run("a", plan, {"research": "facts", "outline": "three points", "write": "a poor text"})
    outcome = runs.fork(plan, "write")

    assert runs.done("b") == ["3.write"]
    assert [(each.task, each.raw) for each in runs.engines["b"].kickoffs[0].context] == [
        ("research", "facts"),
        ("outline", "three points"),
    ]
    assert runs.text(outcome.output) == "output of 3.write"
    kept = runs.kept()
    assert (kept.run, [each.step for each in kept.steps]) == ("a", ["1.research", "2.outline"])


def test_the_report_tells_what_was_kept_and_that_it_cost_nothing(runs: Runs) -> None:
    plan = sequential_plan(*THREE)
    runs.run("a", plan)
    runs.fork(plan, "write")

    report = build_report(runs.store.events_of("b"), runs.contents)
    assert (report.source, report.of) == ("fork", "a")
    assert report.kept is not None
    assert [(each.step, each.changed) for each in report.kept.steps] == [
        ("1.research", None),
        ("2.outline", None),
    ]
    tasks = {each.task: each for each in report.tasks}
    assert [(each.outcome, each.kept_from, each.attempts) for each in report.tasks] == [
        ("done", "a", 0),
        ("done", "a", 0),
        ("done", None, 1),
    ]
    assert tasks["research"].output == "output of 1.research"
    assert report.bill.total.turns == 0
    assert report.simulated


def test_what_was_kept_is_this_runs_own_and_outlives_the_other(runs: Runs) -> None:
    plan = sequential_plan(*THREE)
    runs.run("a", plan)
    runs.fork(plan, "write")
    runs.contents.erase("a")
    assert [runs.text(each.output) for each in runs.kept().steps] == [
        "output of 1.research",
        "output of 2.outline",
    ]


def test_a_fork_that_comes_back_from_a_crash_keeps_what_it_kept_and_takes_over_once(runs: Runs) -> None:
    plan = sequential_plan(*THREE)
    runs.run("a", plan)
    runs.ask("b", plan, source="fork", of="a", from_task="outline", keep_anyway=False)
    runs.go_on("b", plan)
    runs.contents.erase("a")  # whatever becomes of the other run by then

    outcome = runs.go_on("b", plan)
    assert runs.text(outcome.output) == "output of 3.write"
    assert runs.done("b") == ["2.outline", "3.write"]
    assert [each.step for each in runs.kept().steps] == ["1.research"]


def test_a_later_file_may_differ_where_nothing_is_kept(runs: Runs) -> None:
    runs.run("a", sequential_plan(*THREE))
    today = sequential_plan(task("research"), task("write", description="Write it anew"), task("check"))
    runs.fork(today, "write")
    assert runs.done("b") == ["2.write", "3.check"]


def test_kept_outputs_are_not_written_into_files_again(runs: Runs) -> None:
    plan = sequential_plan(task("research", output_file="notes.md"), task("write", output_file="text.md"))
    runs.run("a", plan)
    runs.fork(plan, "write")
    assert runs.files.written == ["notes.md", "text.md", "text.md"]


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (sequential_plan(task("research", description="Dig"), *THREE[1:]), "1.research: task.description"),
        (sequential_plan(task("research", agent_name="lead"), *THREE[1:]), "task.agent"),
        (sequential_plan(task("research", markdown=True), *THREE[1:]), "task.markdown"),
        (sequential_plan(THREE[0], task("outline", context=()), THREE[2]), "2.outline: task.context"),
    ],
)
def test_an_output_is_not_kept_when_what_it_rests_on_has_changed(runs: Runs, today: Plan, said: str) -> None:
    plan = sequential_plan(*THREE)
    runs.run("a", plan)
    with pytest.raises(InvalidError) as refused:
        to_keep(runs.store.events_of("a"), plan, today, "write", anyway=False)
    assert said in refused.value.message
    assert "--keep-anyway" in refused.value.help


def test_other_inputs_are_a_change_only_where_a_kept_task_shows_them(runs: Runs) -> None:
    bare = task("research", description="Do it", expected_output="A text", agent_name="writer")
    silent = sequential_plan(bare, THREE[2])
    silent = sealed(
        silent.model_copy(
            update={"agents": tuple(a.model_copy(update={"goal": "Help"}) for a in silent.agents)}
        )
    )
    for before, fits in ((sequential_plan(*THREE), False), (silent, True)):
        runs = Runs()
        runs.run("a", before)
        today = sealed(before.model_copy(update={"inputs": {"company": "Initech"}}))
        if fits:
            assert len(to_keep(runs.store.events_of("a"), before, today, "write", anyway=False)) == 1
        else:
            with pytest.raises(InvalidError, match=r"task\.description"):
                to_keep(runs.store.events_of("a"), before, today, "write", anyway=False)


def test_what_was_kept_anyway_is_told_and_is_no_fit_for_the_next_fork_either(runs: Runs) -> None:
    runs.run("a", sequential_plan(*THREE))
    today = sequential_plan(task("research", description="Dig"), *THREE[1:])
    runs.fork(today, "write", anyway=True)
    report = build_report(runs.store.events_of("b"), runs.contents)
    assert report.kept is not None
    assert report.kept.steps[0].changed == "task.description"

    # Against the plan of run b nothing has changed, and yet its first output was never made by it.
    with pytest.raises(InvalidError, match=r"1.research: task.description \(since run a\)"):
        to_keep(runs.store.events_of("b"), today, today, "write", anyway=False)


@pytest.mark.parametrize("field", ["retry", "timeout", "on_failure", "output_file"])
def test_when_and_how_often_a_task_is_done_changes_nothing_about_what_it_came_to(
    runs: Runs, field: str
) -> None:
    values: dict[str, Any] = {
        "retry": {"attempts": 3},
        "timeout": 60.0,
        "on_failure": "continue",
        "output_file": "x.md",
    }
    plan = sequential_plan(*THREE)
    runs.run("a", plan)
    today = sequential_plan(task("research", **{field: values[field]}), *THREE[1:])
    assert len(to_keep(runs.store.events_of("a"), plan, today, "write", anyway=False)) == 2


def test_where_work_can_be_handed_on_everybodys_words_count(runs: Runs) -> None:
    plan = hierarchical_plan(task("analyse", None), task("sum_up", None))
    runs.run("a", plan)
    others = tuple(a if a.name != "writer" else a.model_copy(update={"goal": "Else"}) for a in plan.agents)
    today = sealed(plan.model_copy(update={"agents": others}))
    with pytest.raises(InvalidError, match=r"agents.writer.goal"):
        to_keep(runs.store.events_of("a"), plan, today, "sum_up", anyway=False)


def test_a_failed_run_is_forked_from_the_task_that_failed(runs: Runs) -> None:
    plan = sequential_plan(*THREE)
    runs.run("a", plan, {"outline": StepResult(outcome="failed", error="no idea")})
    runs.fork(plan, "outline")
    assert runs.done("b") == ["2.outline", "3.write"]
    with pytest.raises(InvalidError, match=r"did not finish the task 'outline'") as refused:
        to_keep(runs.store.events_of("a"), plan, plan, "write", anyway=True)
    assert refused.value.help == "fork from 'outline' or an earlier task"


def test_a_step_that_was_given_up_stays_so_and_the_report_says_it(runs: Runs) -> None:
    plan = sequential_plan(task("research", on_failure="continue"), *THREE[1:])
    runs.run("a", plan, {"research": StepResult(outcome="failed", error="no idea")})
    outcome = runs.fork(plan, "write")
    assert (outcome.how, runs.done("b")) == ("finished", ["3.write"])
    assert [(each.outcome, each.given_up) for each in runs.kept().steps] == [
        ("failed", "continue"),
        ("done", None),
    ]
    first = build_report(runs.store.events_of("a"), runs.contents).tasks[0]
    again = build_report(runs.store.events_of("b"), runs.contents).tasks[0]
    assert again.model_dump(exclude=_OF_THE_RUN) == first.model_dump(exclude=_OF_THE_RUN)


def test_an_unknown_place_is_answered_with_a_near_word(runs: Runs) -> None:
    plan = sequential_plan(*THREE)
    runs.run("a", plan)
    with pytest.raises(NotFoundError) as refused:
        to_keep(runs.store.events_of("a"), plan, plan, "outlin", anyway=False)
    assert refused.value.help == "did you mean 'outline'?"
    with pytest.raises(NotFoundError):
        to_keep(runs.store.events_of("a"), plan, plan, "judging", anyway=False)


def test_erased_outputs_end_the_fork_and_nothing_is_done(runs: Runs) -> None:
    plan = sequential_plan(*THREE)
    runs.run("a", plan)
    runs.contents.erase("a")
    runs.ask("b", plan, source="fork", of="a", from_task="write", keep_anyway=False)
    with pytest.raises(NotFoundError, match="have been erased, so nothing of it can be kept"):
        runs.go_on("b", plan)
    assert runs.done("b") == []


def test_a_market_keeps_its_drafts_and_judges_anew(runs: Runs) -> None:
    plan = market_plan("direct", "story", tasks=(task("research"),))
    assert places(plan) == ("research", "letter", "judging")
    runs.run("a", plan, {"draft.direct": "short", "draft.story": "a much longer story"})
    outcome = runs.fork(plan, "judging")

    assert not [step for step in runs.done("b") if step.startswith(("1.", "draft."))]
    assert runs.engines["b"].calls
    assert runs.text(outcome.output) == "a much longer story"
    report = build_report(runs.store.events_of("b"), runs.contents)
    assert [(each.contestant, each.kept_from, each.output) for each in report.contestants] == [
        ("direct", "a", "short"),
        ("story", "a", "a much longer story"),
    ]
    assert [each.usage.turns for each in report.contestants] == [0, 0]


def test_a_markets_drafts_are_made_anew_from_its_task_on(runs: Runs) -> None:
    plan = market_plan("direct", "story", tasks=(task("research"),))
    runs.run("a", plan)
    runs.fork(plan, "letter")
    assert [step for step in runs.done("b") if not step.startswith("judge")][:2] == [
        "draft.direct",
        "draft.story",
    ]
    assert [each.step for each in runs.kept().steps] == ["1.research"]


def test_a_draft_that_had_come_to_nothing_stays_so(runs: Runs) -> None:
    plan = market_plan("direct", "story", "question")
    failed = StepResult(outcome="failed", error="no idea")
    runs.run("a", plan, {"draft.story": failed, "draft.direct": "short", "draft.question": "a longer one"})
    outcome = runs.fork(plan, "judging")
    assert runs.text(outcome.output) == "a longer one"
    assert [(each.step, each.outcome, each.error) for each in runs.kept().steps][1] == (
        "draft.story",
        "failed",
        "no idea",
    )


def test_the_draft_of_a_new_contestant_cannot_be_kept(runs: Runs) -> None:
    plan = market_plan("direct", "story")
    runs.run("a", plan)
    today = market_plan("direct", "story", "question")
    with pytest.raises(InvalidError, match="did not finish the draft of 'question'") as refused:
        to_keep(runs.store.events_of("a"), plan, today, "judging", anyway=True)
    assert "fork from 'letter'" in refused.value.help


@pytest.mark.parametrize(("action", "left"), [("approve", "facts"), ("amend", "better facts"), ("skip", "")])
def test_what_people_let_through_is_kept_as_they_left_it_and_nobody_is_asked_again(
    runs: Runs, action: Any, left: str
) -> None:
    plan = sequential_plan(task("research", human_input=True), THREE[2])
    _waited(runs, plan, lambda: _answer(runs, action))
    runs.fork(plan, "write")

    assert [runs.text(each.output) for each in runs.kept().steps] == [left]
    assert [each.decided_by for each in runs.kept().steps] == ["grace"]
    assert not [e for e in runs.store.events("b") if isinstance(e, CardOpened)]
    assert [each.raw for each in runs.engines["b"].kickoffs[0].context if each.raw] == [left] * bool(left)


def test_a_fork_of_a_fork_still_knows_who_let_an_output_through(runs: Runs) -> None:
    plan = sequential_plan(task("research", human_input=True), *THREE[1:])
    _waited(runs, plan, lambda: _answer(runs, "amend"))
    runs.fork(plan, "outline")
    again = to_keep(runs.store.events_of("b"), plan, plan, "write", anyway=False)
    assert [(each.step, runs.text(each.output), each.decided_by) for each in again] == [
        ("1.research", "better facts", "grace"),
        ("2.outline", "output of 2.outline", ""),
    ]


@pytest.mark.parametrize("action", ["approve", "amend", "skip"])
def test_where_four_eyes_are_wanted_nobody_forks_a_run_around_what_they_answered_in_it(
    runs: Runs, action: Any
) -> None:
    plan = _four_eyes(sequential_plan(task("research", human_input=True), *THREE[1:]))
    _waited(runs, plan, lambda: _answer(runs, action))
    with pytest.raises(CrewctlError) as refused:
        runs.run("own", plan, source="fork", of="a", from_task="outline", by="grace")
    assert refused.value.message == (
        "grace answered a card about 1.research in run a and asks for its fork, and the registry wants four "
        "eyes on crew 'letters'"
    )
    assert refused.value.help == "fork from 'research' or an earlier task, or have a colleague fork it"
    assert runs.done("own") == []

    runs.fork(plan, "outline")  # by ada, who gave no answer
    assert [each.decided_by for each in runs.kept().steps] == ["grace"]
    # Not by way of that fork, either.
    with pytest.raises(CrewctlError, match=r"grace answered a card about 1.research"):
        to_keep(runs.store.events_of("b"), plan, plan, "write", anyway=True, by="grace")
    assert to_keep(runs.store.events_of("a"), plan, plan, "research", anyway=False, by="grace") == ()


@pytest.mark.parametrize("source", ["failed_step", "tool_call", "may_have_happened"])
def test_so_it_is_with_every_card_about_a_step_also_by_way_of_a_colleagues_fork(
    runs: Runs, source: CardSource
) -> None:
    plan = _four_eyes(sequential_plan(*THREE))
    _waited(runs, plan, lambda: _answer(runs, "approve"), source)
    runs.fork(plan, "outline")
    assert [(each.decided_by, each.people) for each in runs.kept().steps] == [("", ("grace",))]
    for run_id, place in (("a", "outline"), ("b", "write")):
        with pytest.raises(CrewctlError, match=r"grace answered a card about 1.research"):
            to_keep(runs.store.events_of(run_id), plan, plan, place, anyway=False, by="grace")
        assert to_keep(runs.store.events_of(run_id), plan, plan, place, anyway=False, by="ada")


def test_a_card_that_nobody_answered_is_nobodys_word(runs: Runs) -> None:
    plan = _four_eyes(sequential_plan(*THREE))
    _waited(runs, plan, lambda: _answer(runs, "expire"), "tool_call")
    assert to_keep(runs.store.events_of("a"), plan, plan, "outline", anyway=False, by="grace")[0].people == ()


def _four_eyes(plan: Plan) -> Plan:
    return sealed(plan.model_copy(update={"people": PlannedPeople(four_eyes=True)}))


def test_an_amendment_of_the_chosen_text_is_no_draft_of_anybodys(runs: Runs) -> None:
    plan = market_plan("direct", "story", human_input=True)
    runs.ask("a", plan)
    for name in ("direct", "story"):
        step, output = f"draft.{name}", runs.contents.put("a", f"by {name}".encode())
        runs.store.append("a", StepStarted(step=step, step_kind="task", attempt=1, task="letter", agent=name))
        runs.store.append("a", StepFinished(step=step, attempt=1, outcome="done", output=output, seconds=1.0))
    asked = {"card": "a.1", "key": "output.draft.story", "source": "output", "asks": "may it go on?"}
    card = CardOpened.model_validate({**asked, "actions": ["amend"], "step": "draft.story", "task": "letter"})
    runs.store.append("a", card)
    _answer(runs, "amend")
    kept = to_keep(runs.store.events_of("a"), plan, plan, "judging", anyway=False)
    assert [runs.text(each.output) for each in kept] == ["by direct", "by story"]
    assert [each.decided_by for each in kept] == ["", ""]


def test_what_nobody_has_answered_yet_is_kept_as_it_was_made(runs: Runs) -> None:
    plan = sequential_plan(task("research", human_input=True), THREE[2])
    _waited(runs, plan, lambda: None)
    (kept,) = to_keep(runs.store.events_of("a"), plan, plan, "write", anyway=False)
    assert (runs.text(kept.output), kept.decided_by) == ("facts", "")


def _waited(runs: Runs, plan: Plan, answer: Callable[[], None], source: CardSource = "output") -> None:
    """Tell of a run that did its first task and asked a person about it."""
    runs.ask("a", plan)
    output = runs.contents.put("a", b"facts")
    told = (
        StepStarted(step="1.research", step_kind="task", attempt=1, task="research", agent="writer"),
        StepFinished(step="1.research", attempt=1, outcome="done", output=output, seconds=1.0),
        CardOpened(
            card="a.1",
            key=f"{source}.1.research",
            source=source,
            asks="may it go on?",
            actions=("approve", "amend", "skip"),
            step="1.research",
            task="research",
        ),
    )
    for event in told:
        runs.store.append("a", event)
    answer()
    assert fold_run(runs.store.events_of("a"), alive=True).closing is None


def _answer(runs: Runs, action: Any) -> None:
    text = runs.contents.put("a", b"better facts") if action == "amend" else None
    runs.store.append("a", CardAnswered(card="a.1", action=action, by="grace", reason="seen", text=text))
