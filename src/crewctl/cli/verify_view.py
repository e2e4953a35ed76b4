"""Finds the verdict that is meant, in a file or in the project, and shows what was checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from crewctl.audit.report_data import report_data
from crewctl.cli.output import Format, emit_one, emit_rows, heading, note
from crewctl.diagnostics.strict_json import strict_json
from crewctl.diagnostics.visible import one_line
from crewctl.errors import CrewctlError, InvalidError, NotFoundError
from crewctl.judging.report_checks import report_checks
from crewctl.judging.verdict import Verdict
from crewctl.judging.verify import Check, holds

LARGEST = 64 * 2**20
"""Bytes of a report that are read."""


def checks_of(word: str) -> tuple[str, tuple[Check, ...]]:
    """Return the run's id and the checks of the file's report, or of the run's; CrewctlError for neither."""
    path = Path(word)
    if path.is_file():
        return _of_report(_read(path), word)
    if path.suffix == ".json" or "/" in word:
        raise NotFoundError(
            f"there is no file {one_line(word)!r}", help="name a report's file, or a run: crewctl runs"
        )
    from crewctl.cli.account import find_run, open_account  # noqa: PLC0415 - a file needs no project
    from crewctl.cli.verify_run import run_checks  # noqa: PLC0415 - a file needs no project

    project = open_account()
    run_id = find_run(project, word)
    report, kept = run_checks(project, run_id)
    name, checks = _of_report(report_data(report), run_id)
    return name, (*checks, *kept)


def show_checks(name: str, checks: Sequence[Check], form: Format) -> bool:
    """Write every check, and return whether the verdict holds."""
    held = holds(tuple(checks))
    data = {"run_id": name, "holds": held, "checks": [check.model_dump(mode="json") for check in checks]}
    emit_one(data, name, form, lambda: _page(name, checks, held=held))
    return held


def _page(name: str, checks: Sequence[Check], *, held: bool) -> None:
    heading(f"The verdict of run {name} {'holds' if held else 'does not hold'}")
    rows = [{"check": check.name, "result": _RESULTS[check.ok], "detail": check.detail} for check in checks]
    emit_rows(rows, ("check", "result", "detail"), "table")
    if not held:
        note("Compare it with what the account gives: crewctl report RUN -o json")


_RESULTS = {True: "ok", False: "failed", None: "not checked"}


def _of_report(report: Mapping[str, Any], word: str) -> tuple[str, tuple[Check, ...]]:
    said = report.get("verdict", report if "passes" in report else None)
    if said is None:
        raise CrewctlError(f"{one_line(word)} holds no verdict", help="only a market's run has one")
    try:
        verdict = Verdict.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return str(report.get("run_id", "?")), (
            Check(
                name="schema", ok=False, detail=f"it is no verdict of this form at {where}: {first['msg']}"
            ),
        )
    whole = report if "verdict" in report else None
    return verdict.run_id, (Check(name="schema", ok=True), *report_checks(verdict, whole))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise CrewctlError(
            f"{one_line(str(path))}: {error.strerror}", help="check that you may read it"
        ) from error
    found, why = None, ""
    try:
        found = strict_json(content.decode()) if len(content) <= LARGEST else None
    except ValueError as error:
        why = f": {one_line(str(error))}"
    if not isinstance(found, dict):
        raise InvalidError(f"{one_line(str(path))} is no report{why}", help="name a file of registry/reports")
    return found
