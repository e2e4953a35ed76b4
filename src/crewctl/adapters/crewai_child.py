"""What a forked child does: one task or one model call with real CrewAI, and a result for the parent."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from crewai.tools import BaseTool

from crewctl.adapters import crewai_choke, crewai_http
from crewctl.adapters.child_protocol import MAX_OUTPUT, ChildRequest, Ready, Result
from crewctl.adapters.crewai_build import MANAGER, Parts, crew_for, planned_task
from crewctl.adapters.crewai_exchanges import Exchanges
from crewctl.adapters.crewai_failure import plainly
from crewctl.adapters.crewai_hooks import Watch
from crewctl.adapters.crewai_models import build_llm
from crewctl.adapters.crewai_purposes import SPEAKER, Speaker
from crewctl.adapters.crewai_stand_ins import StandIns
from crewctl.adapters.crewai_tools_of_plan import make_tool
from crewctl.adapters.crewai_turns import Turns, as_text
from crewctl.adapters.crewai_warm import warm
from crewctl.adapters.crewai_wire import Wire
from crewctl.adapters.tool_files import write_sources
from crewctl.errors import EngineError
from crewctl.planning.digest import plan_from_bytes
from crewctl.planning.faults import with_models
from crewctl.planning.plan import Plan, PlannedTool
from crewctl.planning.rendering import filled
from crewctl.running.port import ModelCall, TaskWork

__all__ = ["run", "warm"]
"""The two functions of a child's code that the zygote calls."""


def run(request: ChildRequest, rpc_fd: int, events_fd: int) -> NoReturn:
    """Do the request's work and end the process.

    Home, temporary, storage and working folder, standard streams and secrets are set by now. Nothing
    is ever printed to the two pipes but the protocol.
    """
    secrets = _secrets(request.plan, os.environ)
    wire = Wire(rpc_fd, events_fd, secrets)
    try:
        result = Result(ok=True, output=_within_bounds(_work(request, wire)))
    except BaseException as error:  # the parent needs a result, whatever happened
        logging.getLogger("crewctl").exception("the step failed")
        result = Result(ok=False, error=plainly(error))
    wire.event(result)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    # Without the interpreter's own ending: CrewAI's exit handlers may wait for seconds. What is left on
    # its event bus is for its own listeners, of which we have none.
    os._exit(0)


def _work(request: ChildRequest, wire: Wire) -> str:
    plan = _plan(request)
    _quieten()
    exchanges = Exchanges(wire, request.recordings)
    if isinstance(request.work, ModelCall):
        return _call(plan, request.work, exchanges)
    taken = with_models(plan, request.work.models)
    return _task(taken, request.work, exchanges, request)


def _plan(request: ChildRequest) -> Plan:
    """Read the plan, refusing one that is not the one that was approved."""
    plan = plan_from_bytes(request.plan.encode())
    if (plan.crew_digest, plan.inputs_digest) != (request.crew_digest, request.inputs_digest):
        raise EngineError("the child was handed another plan than was approved", help="run the crew again")
    return filled(plan)


def _call(plan: Plan, call: ModelCall, exchanges: Exchanges) -> str:
    """Make exactly one model call, with no agent around it."""
    model = plan.model(call.model)
    turns = Turns(exchanges, plan.retry, Speaker(call.agent, _purpose(call.purpose)), model)
    SPEAKER.set(turns.default)
    crewai_choke.install(turns)
    crewai_http.install(turns)
    llm = build_llm(model, os.environ)
    turns.knows(llm, model)
    exchanges.wire.event(Ready())
    return as_text(llm.call([message.model_dump() for message in call.messages]))


def _purpose(purpose: str) -> Any:
    """Return the purpose where it has a name in the protocol."""
    return purpose if purpose in {"judge", "edit", "guardrail"} else "other"


def _task(plan: Plan, work: TaskWork, exchanges: Exchanges, request: ChildRequest) -> str:
    """Do one task with one small crew, and return its text."""
    doer = work.agent or planned_task(plan, work).agent
    leader = plan.manager_agent or MANAGER if plan.process == "hierarchical" else doer
    hierarchical = plan.process == "hierarchical"
    speaker = Speaker(leader or MANAGER, "manager" if hierarchical else "agent")
    turns = Turns(exchanges, plan.retry, speaker, plan.model(_model_of(plan, speaker.agent)))
    SPEAKER.set(turns.default)
    watch = Watch(
        turns,
        rehearsal=request.rehearsal,
        gated={tool.name for tool in plan.tools if tool.gated},
        effects={tool.name for tool in plan.tools if tool.effect},
    )
    crewai_choke.install(turns)
    crewai_http.install(turns)
    watch.install()
    parts = Parts(
        plan,
        os.environ,
        on_llm=lambda llm, model: turns.knows(llm, plan.model(model)),
        on_tool=watch.govern,
        make=_maker(plan, request),
    )
    crew = crew_for(work, parts)
    for name, agent in parts.agents.items():
        watch.knows(agent, name)
    if parts.manager is not None:
        watch.knows(parts.manager, speaker.agent, "manager")
    exchanges.wire.event(Ready())
    watch.tell()
    return str(crew.kickoff().raw)


def _maker(plan: Plan, request: ChildRequest) -> Callable[[PlannedTool], BaseTool]:
    """Return what makes the plan's tools; where they are only described their code is not even written down."""
    if request.tools is not None:
        return StandIns(request.tools).make
    write_sources(plan.tool_sources, Path.cwd())
    return make_tool


def _model_of(plan: Plan, agent: str) -> str:
    """Return the model of that agent; the manager's own where CrewAI makes the manager."""
    if agent == MANAGER and plan.manager_model is not None:
        return plan.manager_model
    return plan.agent(agent).model


def _within_bounds(output: str) -> str:
    size = len(output.encode("utf-8", "replace"))
    if size > MAX_OUTPUT:
        raise EngineError(
            f"the output has {size:,} bytes, and {MAX_OUTPUT:,} are allowed", help="ask for less"
        )
    return output


def _secrets(plan: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys that this plan's models use, so that no pipe carries one."""
    try:
        models = Plan.model_validate_json(plan).models
    except ValueError:
        return ()
    return tuple(environ.get(model.api_key_env or "", "") for model in models)


def _quieten() -> None:
    """Keep CrewAI's remarks on every call out of the step's log."""
    logging.getLogger("crewai.llms.base_llm").setLevel(logging.ERROR)
    logging.getLogger("httpx").setLevel(logging.WARNING)
