"""``crewctl trace``: a run as a tree with times, tokens and cost."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_runs
from crewctl.cli.output import Format, emit_one, output_option


@declare("trace", "crewctl trace last", "crewctl trace 20261121-09", "crewctl trace last -o json")
@click.argument("run", default="last", shell_complete=complete_runs)
@output_option
def command(run: str, form: Format) -> None:
    """Show a run as a tree: steps, agents, model calls, tools, delegations; also while it goes on.

    RUN is an id, its beginning, or 'last' (the default). The columns are time, turns, tokens and cost.
    """
    from crewctl.audit.trace import fold_trace  # noqa: PLC0415 - start-up cost
    from crewctl.cli.account import open_account, records_of, state_now  # noqa: PLC0415 - start-up cost
    from crewctl.cli.trace_view import show_trace, trace_data  # noqa: PLC0415 - start-up cost
    from crewctl.cli.waiting_view import note_waiting  # noqa: PLC0415 - start-up cost

    project = open_account()
    records = records_of(project, run)
    state = state_now(project, records)
    trace = fold_trace(records, state)
    emit_one(trace_data(trace), state.run_id, form, lambda: show_trace(trace))
    note_waiting(state)
