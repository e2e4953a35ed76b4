"""``crewctl check``: every problem of the project's files in one pass."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.no_policy import note_if_no_policy
from crewctl.cli.output import Format, emit_rows, note, output_option
from crewctl.cli.session import open_project
from crewctl.errors import Exit

SHAPES = ("text", "concise", "json", "github")


@declare("check", "crewctl check", "crewctl check -v", "crewctl check --format github")
@click.option(
    "--format",
    "shape",
    type=click.Choice(SHAPES),
    default="text",
    show_default=True,
    help="How problems are shown: for people, one a line, as data, or as GitHub annotations.",
)
@click.option("-v", "--verbose", is_flag=True, help="Also list display fields that are ignored.")
@output_option
def command(shape: str, verbose: bool, form: Format) -> int:  # noqa: FBT001 - click passes flags by name
    """Find every problem in the project's files, with its place and what to do about it.

    Ends with 3 when there is an error; warnings alone end with 0.
    """
    from crewctl.cli.checking import errors_in, problem_rows, rendered, summary  # noqa: PLC0415 - start-up cost
    from crewctl.cli.overview import overview  # noqa: PLC0415 - start-up cost

    project = open_project()
    seen = overview(project)
    if form == "table":
        click.echo(rendered(seen, shape), nl=False)
    else:
        emit_rows(problem_rows(seen), ("file", "line", "rule", "message"), form)
    for field in seen.ignored if verbose else ():
        note(field)
    if shape == "text" and form == "table":
        note(summary(seen))
    note_if_no_policy(project.root)
    return Exit.INVALID if errors_in(seen) else Exit.DONE
