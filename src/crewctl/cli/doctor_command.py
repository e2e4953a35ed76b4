"""``crewctl doctor``: whether this machine can run crews, and with which guarantees."""

from __future__ import annotations

from crewctl.cli.command import declare
from crewctl.cli.output import Format, emit_rows, output_option
from crewctl.cli.session import open_project
from crewctl.errors import Exit, NotFoundError


@declare("doctor", "crewctl doctor", "crewctl doctor -o json")
@output_option
def command(form: Format) -> int:
    """Look at Python, the platform, CrewAI, the tools crewctl calls, and the project's folder.

    Ends with 1 when something is missing without which no crew runs.
    """
    from crewctl.cli.diagnosis import diagnose  # noqa: PLC0415 - start-up cost

    try:
        root = open_project().root
    except NotFoundError:
        root = None
    findings = diagnose(root)
    emit_rows([finding._asdict() for finding in findings], ("check", "status", "detail", "help"), form)
    return Exit.FAILED if any(finding.status == "missing" for finding in findings) else Exit.DONE
