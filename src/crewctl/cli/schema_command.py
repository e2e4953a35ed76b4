"""``crewctl schema``: the JSON Schemas that editors check YAML with."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.output import Format, as_json, emit_rows, note, output_option
from crewctl.cli.session import open_project
from crewctl.diagnostics.nearest import nearest
from crewctl.errors import NotFoundError


@declare("schema", "crewctl schema", "crewctl schema crew", "crewctl schema --write")
@click.argument("name", required=False)
@click.option("--write", is_flag=True, help="Write all of them into the project's registry/schema.")
@output_option
def command(name: str | None, write: bool, form: Format) -> None:  # noqa: FBT001 - click passes flags by name
    """Print the JSON Schema of one kind of file, or list them; --write puts them into the project."""
    from crewctl.cli.schema_files import all_schemas, write_schemas  # noqa: PLC0415 - start-up cost

    known = all_schemas()
    if write:
        for path in write_schemas(open_project().root, known):
            note(f"wrote {path}")
    elif name is None:
        rows = [{"name": each, "title": schema.get("title", "")} for each, schema in sorted(known.items())]
        emit_rows(rows, ("name", "title"), form)
    elif name.removesuffix(".json") in known:
        click.echo(as_json(known[name.removesuffix(".json")], indent=2))
    else:
        meant = nearest(name, known)
        advice = f"did you mean '{meant}'?" if meant else f"there are: {', '.join(sorted(known))}"
        raise NotFoundError(f"there is no schema '{name}'", help=advice)
