"""Sequential and hierarchical crews: what waits for what, who sees which output, how a run ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.audit.events import OutputWritten, StepFinished
from crewctl.processes.outcome import Outcome
from crewctl.running.port import ContextOutput, StepResult
from crewctl.testing.fake_engine import FakeEngine
from crewctl.testing.fake_room import RUN, FakeRoom
from crewctl.testing.fake_store import FakeRunStore
from crewctl.testing.sample_plans import hierarchical_plan, sequential_plan, task


def test_the_last_output_is_the_crews() -> None:
    room = FakeRoom(sequential_plan(), {"research": "facts", "write": "brief"})

    outcome = room.run()

    assert (outcome.how, room.text(outcome.output)) == ("finished", "brief")


def test_a_task_sees_every_earlier_output_unless_it_names_some() -> None:
    room = FakeRoom(
        sequential_plan(
            task("a"), task("b"), task("c"), task("d", context=["c", "a"]), task("e", context=[])
        ),
        {"a": "A", "b": ""},
    )

    room.run()

    assert room.contexts() == {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("c", "a"), "e": ()}
    third = room.engine.kickoffs[2]
    assert third.context == (ContextOutput(task="a", raw="A"), ContextOutput(task="b", raw=""))


def test_asynchronous_tasks_see_nothing_by_default_and_are_waited_for_by_the_next_task() -> None:
    room = FakeRoom(
        sequential_plan(
            task("a"),
            task("b", async_execution=True),
            task("c", async_execution=True, context=["a"]),
            task("d"),
        )
    )

    room.run()

    assert room.contexts() == {"a": (), "b": (), "c": ("a",), "d": ("a", "b", "c")}
    assert room.engine.kickoffs[-1].task == "d"


def test_a_named_output_that_is_not_there_yet_is_left_out_as_crewai_does() -> None:
    room = FakeRoom(
        sequential_plan(task("a", async_execution=True), task("b", async_execution=True, context=["a"]))
    )

    room.run()

    assert room.contexts()["b"] == ()


def test_an_empty_last_output_gives_way_to_an_earlier_one_as_in_crewai() -> None:
    room = FakeRoom(sequential_plan(), {"research": "facts", "write": ""})

    outcome = room.run()

    assert (outcome.how, room.text(outcome.output)) == ("finished", "facts")


def test_a_crew_whose_outputs_are_all_empty_has_failed() -> None:
    outcome = FakeRoom(sequential_plan(), {"research": "", "write": ""}).run()

    assert outcome == Outcome(how="failed", error="every task's output is empty")


def test_a_failed_task_ends_the_run_and_no_later_task_begins() -> None:
    room = FakeRoom(sequential_plan(), {"research": StepResult(outcome="failed", error="no key")})

    outcome = room.run()

    assert outcome == Outcome(how="failed", error="research: no key")
    assert [work.task for work in room.engine.kickoffs] == ["research"]


@pytest.mark.parametrize(
    ("result", "how"),
    [
        (StepResult(outcome="limit_reached", limit="max_turns"), "limit_reached"),
        (StepResult(outcome="refused", limit="max_tokens"), "limit_reached"),
        (StepResult(outcome="limit_reached", limit="task_timeout"), "limit_reached"),
        (StepResult(outcome="stopped"), "stopped"),
        (StepResult(outcome="lost", error="the child died"), "failed"),
    ],
)
def test_how_a_step_ended_is_how_the_run_ends(result: StepResult, how: str) -> None:
    outcome = FakeRoom(sequential_plan(), {"write": result}).run()

    assert (outcome.how, outcome.limit) == (how, result.limit)


def test_of_side_by_side_tasks_a_stop_counts_before_a_limit_and_a_limit_before_a_failure() -> None:
    tasks = [task(name, async_execution=True) for name in "abc"]
    failed, limit = StepResult(outcome="failed"), StepResult(outcome="limit_reached", limit="max_turns")

    assert FakeRoom(sequential_plan(*tasks), {"a": failed, "b": limit}).run().how == "limit_reached"
    assert (
        FakeRoom(sequential_plan(*tasks), {"a": failed, "b": limit, "c": StepResult(outcome="stopped")})
        .run()
        .how
        == "stopped"
    )


def test_output_files_are_written_by_the_parent_and_noted(tmp_path: Path) -> None:
    room = FakeRoom(
        sequential_plan(task("a", output_file="outputs/a.md"), task("b")),
        {"a": "text of a"},
        files=ProjectFiles(tmp_path),
    )

    room.run()

    assert (tmp_path / "outputs" / "a.md").read_text() == "text of a"
    assert OutputWritten(task="a", file="outputs/a.md") in room.store.events(RUN)


def test_an_output_file_out_of_the_project_fails_the_run_and_keeps_the_output(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    room = FakeRoom(
        sequential_plan(task("a", output_file="../a.md"), task("b")),
        {"a": "text of a"},
        files=ProjectFiles(root),
    )

    outcome = room.run()

    assert outcome.how == "failed"
    assert "'../a.md' is not a plain path inside the project" in outcome.error
    assert room.text(outcome.output) == "text of a"
    assert list(tmp_path.rglob("*.md")) == []


def test_a_rehearsal_writes_no_file() -> None:
    room = FakeRoom(sequential_plan(task("a", output_file="a.md")))

    assert room.run().how == "finished"
    assert not any(isinstance(event, OutputWritten) for event in room.store.events(RUN))


def test_a_recovered_run_does_only_what_is_missing() -> None:
    room = FakeRoom(sequential_plan(), {"research": "facts", "write": StepResult(outcome="done")})
    first = room.engine
    room.run()
    del room.steps.journal["2.write"]
    room.store = _while_going_on(room.store, "2.write")
    room.engine = FakeEngine(RUN, room.store, room.contents, {"write": "brief"})

    outcome = room.run()

    assert [work.task for work in first.kickoffs] == ["research", "write"]
    assert [work.task for work in room.engine.kickoffs] == ["write"]
    assert room.engine.kickoffs[0].context == (ContextOutput(task="research", raw="facts"),)
    assert room.text(outcome.output) == "brief"


def test_a_step_that_is_done_in_the_account_is_not_done_again() -> None:
    room = FakeRoom(sequential_plan(), {"research": "facts", "write": "brief"})
    room.run()
    del room.steps.journal["2.write"]  # the process died between the event and the journal
    room.engine = FakeEngine(RUN, room.store, room.contents, {"write": "another"})

    outcome = room.run()

    assert room.engine.kickoffs == []
    assert room.text(outcome.output) == "brief"


def _while_going_on(store: FakeRunStore, step: str) -> FakeRunStore:
    """Return the account as it was before `step` was finished."""
    before = FakeRunStore()
    for event in store.events(RUN):
        if not (isinstance(event, StepFinished) and event.step == step):
            before.append(RUN, event)
    return before


def test_every_hierarchical_task_is_a_step_of_its_own_with_the_outputs_before_it() -> None:
    room = FakeRoom(hierarchical_plan(task("finance", None), task("legal", "writer"), task("sum_up", None)))

    assert room.run().how == "finished"
    assert room.contexts() == {"finance": (), "legal": ("finance",), "sum_up": ("finance", "legal")}
    assert [work.step for work in room.engine.kickoffs] == ["1.finance", "2.legal", "3.sum_up"]
