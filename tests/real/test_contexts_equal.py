"""Which outputs a task sees, and which output is the crew's: our processes beside a native crew."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crewctl.planning.plan import Plan, PlannedTask
from crewctl.testing.fake_room import FakeRoom
from crewctl.testing.sample_plans import hierarchical_plan, sequential_plan, task

pytestmark = [
    pytest.mark.real,
    pytest.mark.usefixtures("crewai_here"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # CrewAI's own fields, on every Agent
]

BETWEEN_OUTPUTS = "\n\n----------\n\n"
SHAPES: dict[str, tuple[PlannedTask, ...]] = {
    "a chain": (task("a"), task("b"), task("c")),
    "named contexts": (task("a"), task("b"), task("c", context=["b", "a"]), task("d", context=[])),
    "asynchronous first": (task("a", async_execution=True), task("b")),
    "two side by side": (
        task("a"),
        task("b", async_execution=True),
        task("c", async_execution=True, context=["a"]),
        task("d"),
    ),
    "asynchronous last": (task("a"), task("b"), task("c", async_execution=True)),
    "two groups": (
        task("a", async_execution=True),
        task("b"),
        task("c", async_execution=True, context=["a", "b"]),
        task("d", context=["c"]),
    ),
}


def native(plan: Plan) -> tuple[dict[str, str], str]:
    """Run the plan's tasks in one native crew; return the context each task saw, and the final output."""
    from crewai import Agent, BaseLLM, Crew, Process, Task  # noqa: PLC0415 - after the environment is set

    seen: dict[str, str] = {}

    class Recording(BaseLLM):
        """Answers a task with its name, and writes down the context it was shown."""

        def call(self, messages: Any, *_: Any, **__: Any) -> str:
            text = "\n".join(str(message["content"]) for message in messages)
            name = re.search(r"Current Task: Do (\w+)", text)
            context = re.search(
                r"context you're working with:\n(.*?)(?=\n\n(?:Provide|Begin!)|\Z)", text, re.DOTALL
            )
            assert name is not None
            seen[name[1]] = context[1] if context else ""
            return f"Thought: I now can give a great answer\nFinal Answer: output of {name[1]}"

    def person(role: str) -> Any:
        return Agent(role=role, goal="Help", backstory="Long experience.", llm=Recording(model="recording"))

    # One agent cannot do two asynchronous tasks at once in CrewAI: its executor is already running.
    workers = {each.name: person(f"writer of {each.name}") for each in plan.tasks}
    made: dict[str, Any] = {}
    for each in plan.tasks:
        fields: dict[str, Any] = {"async_execution": each.async_execution}
        if each.context is not None:
            fields["context"] = [made[name] for name in each.context]
        if each.agent is not None:
            fields["agent"] = workers[each.name]
        made[each.name] = Task(description=f"Do {each.name}", expected_output="A text", **fields)
    crew: dict[str, Any] = {"agents": list(workers.values()), "tasks": list(made.values())}
    if plan.process == "hierarchical":
        crew.update(process=Process.hierarchical, manager_agent=person("lead"))
    return seen, Crew(**crew).kickoff().raw


def ours(plan: Plan) -> tuple[dict[str, str], str]:
    """Run the same tasks through our process; return the same."""
    room = FakeRoom(plan, {each.name: f"output of {each.name}" for each in plan.tasks})
    outcome = room.run()
    assert outcome.output is not None
    seen = {
        work.task: BETWEEN_OUTPUTS.join(each.raw for each in work.context) for work in room.engine.kickoffs
    }
    return seen, room.text(outcome.output)


@pytest.mark.parametrize("tasks", SHAPES.values(), ids=SHAPES.keys())
def test_a_sequential_crew_shows_each_task_what_a_native_crew_shows_it(
    tasks: tuple[PlannedTask, ...],
) -> None:
    plan = sequential_plan(*tasks)

    assert ours(plan) == native(plan)


@pytest.mark.parametrize("shape", ["a chain", "named contexts"])
def test_a_hierarchical_crew_shows_each_task_what_a_native_crew_shows_it(shape: str) -> None:
    plan = hierarchical_plan(*(each.model_copy(update={"agent": None}) for each in SHAPES[shape]))

    assert ours(plan) == native(plan)
