"""``crewctl new``: adds a well-formed crew, agent, task, rubric, entry or policy to the project."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.output import Format, emit_rows, note, output_option
from crewctl.cli.session import open_project
from crewctl.errors import UsageError

KINDS = ("crew", "agent", "task", "rubric", "entry", "policy")
PROCESSES = ("sequential", "hierarchical", "market")


@declare(
    "new",
    "crewctl new agent researcher",
    "crewctl new crew weekly-digest",
    "crewctl new crew slogans --process market",
    "crewctl new entry weekly-digest",
    "crewctl new policy",
)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name", required=False)
@click.option("--process", type=click.Choice(PROCESSES), help="A crew's process (default: sequential).")
@output_option
def command(kind: str, name: str | None, process: str | None, form: Format) -> None:
    """Add a crew, agent, task, rubric, entry or the project's policy, ready to be edited.

    A crew comes with the agents and tasks it needs, so that it can be rehearsed at once. What is
    in a file already is kept as it is, and a name that is taken is refused. The policy has no name.
    """
    from crewctl.cli.new_things import add, next_step  # noqa: PLC0415 - a help text must not import the specs

    if (name is None) != (kind == "policy"):
        wrong = (
            "there is one policy, and it has no name" if kind == "policy" else f"the new {kind} needs a name"
        )
        raise UsageError(wrong, help=f"write: crewctl new {kind}" + ("" if name else " NAME"))
    name = kind if name is None else name
    if process is not None and kind != "crew":
        raise UsageError("--process is for a crew", help=f"leave it away: crewctl new {kind} {name}")
    written = add(open_project(), kind, name, process or "sequential")
    emit_rows([{"file": file, "added": added} for file, added in written], ("file", "added"), form)
    note(next_step(kind, name))
