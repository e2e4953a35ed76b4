"""What ``approve`` and ``revoke`` check and print around a statement."""

from __future__ import annotations

import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from crewctl.cli.amounts import count, moment, short
from crewctl.cli.output import heading, note, pairs, say
from crewctl.errors import CrewctlError, UsageError
from crewctl.wiring import Said, Terms

if TYPE_CHECKING:  # only their shapes are needed
    from crewctl.approval.statement import Statement
    from crewctl.planning.overrides import Overrides
    from crewctl.wiring import Project


def terms_of(reason: str, expires: float, max_runs: int | None, *, for_inputs: bool, given: bool) -> Terms:
    """Put the terms together; UsageError where they contradict the inputs."""
    if for_inputs and not given:
        raise UsageError("--for-inputs needs the inputs", help="give each with -i name=value")
    if given and not for_inputs:
        raise UsageError(
            "inputs are given, but the approval would be for any valid inputs",
            help="add --for-inputs to approve these alone, or leave the inputs away",
        )
    return Terms(reason, expires, max_runs, for_inputs)


def row(said: Said) -> dict[str, Any]:
    """Return a statement as data, without the plan it holds."""
    data = said.statement.model_dump(mode="json", exclude={"plan"})
    return {"id": said.id, "file": said.file, **data}


def show_approval(said: Said, overrides: Overrides | None = None) -> None:
    """Print what was approved, until when, and what to do now."""
    statement = said.statement
    if statement.kind != "approval":
        return
    heading(f"Approved: {statement.crew}")
    pairs(
        [
            ("by", f"{said.by} (unsigned)"),
            ("crew digest", short(statement.crew_digest)),
            (
                "inputs",
                "any valid ones" if statement.inputs_digest is None else short(statement.inputs_digest),
            ),
            ("until", moment(statement.expires)),
            ("runs", count(statement.max_runs) if statement.max_runs else "any number"),
            ("statement", said.file),
        ],
        indent=2,
    )
    if overrides:
        words = shlex.join(overrides.words)
        say(f"Next: commit {said.file}, then crewctl rejudge RUN {words}")
        note(f"Once its file says the same ({words}), a kickoff of {statement.crew} is covered, too.")
        return
    then = "somebody else runs " if wants_another(statement) else ""
    say(f"Next: commit {said.file}, then {then}{kickoff_line(statement)}")


def note_four_eyes(said: Said) -> None:
    """Say so where whoever approves cannot ask for the run as well."""
    statement = said.statement
    if statement.kind == "approval" and wants_another(statement):
        note(
            f"The registry wants four eyes on {statement.crew}: this approval lets no run through that "
            f"{said.by} asks for."
        )


def wants_another(statement: Statement) -> bool:
    """Tell whether whoever approved cannot ask for a run on this approval."""
    return statement.plan.people.four_eyes and statement.plan.risk.needs_approval


def note_where_none_is_needed(project: Project, crew: str) -> None:
    """Say so where the crew runs with or without an approval, as it stands now."""
    with suppress(CrewctlError):  # a crew that cannot be planned does not run either
        risk = project.plan(crew, None).risk
        if not risk.needs_approval:
            note(
                f"{crew} runs without any approval: {'; '.join(risk.why)}. To change that, set "
                f"human_oversight_required: true (or risk_level: prohibited) in registry/entries/{crew}.yaml"
            )


def kickoff_line(statement: Statement) -> str:
    """Return the command that uses the approval."""
    inputs = [f"-i {name}=…" for name, spec in statement.plan.inputs_schema.items() if spec.required]
    return " ".join(["crewctl kickoff", statement.crew, *inputs])
