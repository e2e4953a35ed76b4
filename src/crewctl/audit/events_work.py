"""Events of runs that survive: who took one up, when it was put down, and what it took over."""

from __future__ import annotations

from typing import Literal

from crewctl.audit.fact import ContentRef, Fact

Source = Literal["person", "schedule", "trigger", "spool", "webhook", "rerun", "fork", "replay"]


class RunEnqueued(Fact):
    """The run waits for a worker: from its request on, or because it is to go on."""

    kind: Literal["RunEnqueued"] = "RunEnqueued"


class RunTaken(Fact):
    """A process began to work on the run. Of two that believe to, the higher `epoch` is right."""

    kind: Literal["RunTaken"] = "RunTaken"
    executor: str
    host: str
    pid: int
    epoch: int


class RunSuspended(Fact):
    """The run was put down until people have answered `cards`; it holds no process and no slot."""

    kind: Literal["RunSuspended"] = "RunSuspended"
    cards: tuple[str, ...]


class KeptStep(Fact):
    """A finished step of an earlier run; its output is this run's own copy.

    One that had come to nothing stays so: `outcome` and `error` are that run's, and `given_up` is how that
    run went on without it. `decided_by` names the
    person who let its output through there, or put it aside, and `people` all who answered cards about
    it. `changed` says what differs in today's plan, where somebody wanted the step kept all the same.
    """

    step: str
    output: ContentRef | None = None
    task: str = ""
    agent: str = ""
    outcome: Literal["done", "failed", "limit_reached"] = "done"
    error: str = ""
    given_up: Literal["continue", "skip"] | None = None
    decided_by: str = ""
    people: tuple[str, ...] = ()
    changed: str = ""


class StepsKept(Fact):
    """Finished steps of an earlier run were taken over instead of being done.

    `simulated` says that some of them may have been answered by a model that is not real.
    """

    kind: Literal["StepsKept"] = "StepsKept"
    run: str
    steps: tuple[KeptStep, ...]
    simulated: bool = False
