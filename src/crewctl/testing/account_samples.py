"""Accounts of made-up runs, told event by event, for tests of whatever reads accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crewctl.audit.events import (
    ApprovalDecided,
    ClockStarted,
    Event,
    KickoffRequested,
    PlanMade,
    RetryScheduled,
    RunClosed,
    RunStarted,
    StepFinished,
    StepKind,
    StepStarted,
    ToolCallFinished,
    ToolCallStarted,
    TurnGranted,
    TurnTaken,
    VerdictGiven,
    WorkDelegated,
)
from crewctl.audit.port import ContentStore, RunStore
from crewctl.planning.digest import canonical
from crewctl.planning.plan import (
    EffectiveLimit,
    EffectiveLimits,
    Plan,
    PlannedAgent,
    PlannedCriterion,
    PlannedJudge,
    PlannedMarket,
    PlannedModel,
    PlannedRubric,
    PlannedTask,
    Price,
    Retry,
    Risk,
    WorstCase,
)

APPROVED = ApprovalDecided(
    decision="approved",
    by="grace",
    at=datetime(2026, 3, 1, 17, 30, tzinfo=UTC),
    reason="weekly briefing, read by sales",
    statement="20260301-grace-1",
)
PRICE = Price(input=150_000, output=600_000, source="config/models.yaml")


def sample_plan(**changes: Any) -> Plan:
    """Return a plan of two tasks, research and write, with some fields changed; its digests are made up."""
    fields: dict[str, Any] = {
        "crew": "brief",
        "description": "Research a company, then write about it.",
        "process": "sequential",
        "agents": (_agent("researcher"), _agent("writer"), _agent("critic"), _agent("judge")),
        "tasks": (_task("research", "researcher"), _task("write", "writer")),
        "models": (
            PlannedModel(
                name="standard", kind="provider", model="openai/gpt-x", max_output_tokens=4096, price=PRICE
            ),
        ),
        "inputs": {"company": "Acme Corp"},
        "limits": EffectiveLimits(
            max_turns=EffectiveLimit(value=10, source="registry/entries/brief.yaml"),
            max_cost=EffectiveLimit(value=5 * 10**11, source="registry/policy.yaml"),
        ),
        "retry": Retry(attempts=3, backoff=1.0),
        "risk": Risk(
            level="limited",
            tagged=True,
            data_categories=("company_data",),
            owner="sales-ops@example.eu",
            needs_approval=True,
            why=("registry/entries/brief.yaml asks for human oversight",),
        ),
        "versions": {"crewai": "1.15.30", "crewai-tools": "1.15.30"},
        "worst_case": WorstCase(turns=10, tokens=None, cost=None),
        "crew_digest": "sha256:" + "a" * 64,
        "inputs_digest": "sha256:" + "b" * 64,
    }
    return Plan(**{**fields, **changes})


def sample_market(**changes: Any) -> Plan:
    """Return a plan in which writer and critic compete on a draft and a judge chooses."""
    rubric = PlannedRubric(
        name="brief",
        criteria=(PlannedCriterion(name="voice", says="Plain.", weight=1, must=False),),
        digest="sha256:c",
    )
    market = PlannedMarket(
        task=_task("draft", None),
        contestants=("writer", "critic"),
        judges=(PlannedJudge(agent="judge"),),
        rubric=rubric,
        protocol="all_pairs",
    )
    return sample_plan(
        **{"process": "market", "tasks": (_task("research", "researcher"),), "market": market, **changes}
    )


class Teller:
    """Tells one run to a store, the way a kickoff does; every method returns the teller."""

    def __init__(self, store: RunStore, contents: ContentStore, run_id: str = "r1") -> None:
        self.store = store
        self.contents = contents
        self.run_id = run_id
        self._grants = 0
        self._attempts: dict[str, int] = {}

    def begins(self, plan: Plan, approval: ApprovalDecided = APPROVED, *, rehearsal: bool = False) -> Teller:
        """Tell everything up to the start of the clock."""
        content = self.contents.put(self.run_id, canonical(plan))
        self._add(KickoffRequested(crew=plan.crew, by="ada", host="desk", pid=7, rehearsal=rehearsal))
        self._add(
            PlanMade(
                crew_digest=plan.crew_digest,
                inputs_digest=plan.inputs_digest,
                plan=content,
                simulated=plan.simulated,
            )
        )
        self._add(approval)
        self._add(RunStarted())
        return self._add(ClockStarted())

    def starts(self, step: str, agent: str, *, task: str = "", kind: StepKind = "task") -> Teller:
        """Tell that a step is handed to a child; a second time it is another attempt."""
        attempt = self._attempts[step] = self._attempts.get(step, 0) + 1
        task = task or step.partition(".")[2] or step
        return self._add(StepStarted(step=step, step_kind=kind, attempt=attempt, task=task, agent=agent))

    def ends(self, step: str, output: str | None = None, **how: Any) -> Teller:
        """Tell how a step ended; `output` is kept as content."""
        ref = None if output is None else self.contents.put(self.run_id, output.encode())
        fields = {"outcome": "done", "seconds": 2.0, "exit": "exited 0", **how}
        return self._add(StepFinished(step=step, attempt=self._attempts[step], output=ref, **fields))

    def asks(self, step: str, agent: str, **more: Any) -> int:
        """Tell that a model call was granted, and return its grant."""
        self._grants += 1
        fields = {
            "model": "standard",
            "purpose": "agent",
            "reserved_tokens": 5000,
            "reserved_cost": 3 * 10**9,
        }
        self._add(
            TurnGranted(step=step, grant=self._grants, turn=self._grants, agent=agent, **{**fields, **more})
        )
        return self._grants

    def takes(self, step: str, grant: int, **more: Any) -> Teller:
        """Tell that a granted call came back."""
        fields = {"prompt_tokens": 1000, "completion_tokens": 200, "cost": 27 * 10**7, "seconds": 1.5}
        return self._add(TurnTaken(step=step, grant=grant, **{"simulated": False, **fields, **more}))

    def turn(self, step: str, agent: str, *, asked: dict[str, Any] | None = None, **taken: Any) -> Teller:
        """Tell a whole model call."""
        return self.takes(step, self.asks(step, agent, **(asked or {})), **taken)

    def tool(self, step: str, agent: str, tool: str, call: int = 1, *, error: str = "") -> Teller:
        """Tell a whole tool call."""
        self._add(ToolCallStarted(step=step, call=call, agent=agent, tool=tool))
        return self._add(ToolCallFinished(step=step, call=call, seconds=0.25, error=error))

    def delegates(self, step: str, by: str, to: str) -> Teller:
        """Tell that work was handed to a coworker."""
        return self._add(WorkDelegated(step=step, by=by, to=to, asks="work"))

    def retries(self, step: str, error: str) -> Teller:
        """Tell that a model call will be made again."""
        return self._add(RetryScheduled(step=step, error=error, delay=1.0))

    def chooses(self, verdict: str, selected: str | None, contestant: str | None) -> Teller:
        """Tell a verdict; `verdict` is its JSON."""
        ref = self.contents.put(self.run_id, verdict.encode())
        return self._add(VerdictGiven(selected=selected, contestant=contestant, verdict=ref))

    def tells(self, *events: Event) -> Teller:
        """Tell events as they are."""
        for event in events:
            self._add(event)
        return self

    def closes(
        self, outcome: str = "finished", code: int = 0, output: str | None = None, error: str = ""
    ) -> Teller:
        """Tell the end."""
        ref = None if output is None else self.contents.put(self.run_id, output.encode())
        return self._add(
            RunClosed.model_validate({"outcome": outcome, "exit_code": code, "output": ref, "error": error})
        )

    def _add(self, event: Any) -> Teller:
        self.store.append(self.run_id, event)
        return self


def _agent(name: str) -> PlannedAgent:
    return PlannedAgent(
        name=name, role=f"The {name}", goal="Do it well.", backstory="Years of it.", model="standard"
    )


def _task(name: str, agent: str | None) -> PlannedTask:
    return PlannedTask(
        name=name, description=f"{name} about {{company}}", expected_output="A text.", agent=agent
    )
