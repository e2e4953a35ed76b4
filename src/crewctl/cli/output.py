"""Writes results to stdout: rows as a table, JSON, JSON lines, YAML or names alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Literal

import click

from crewctl.cli.folding import NARROWEST, fitting, folded, terminal_width, width
from crewctl.diagnostics.visible import one_line, visible

Format = Literal["table", "json", "jsonl", "yaml", "name"]
GAP = "  "
FORMATS: tuple[Format, ...] = ("table", "json", "jsonl", "yaml", "name")

# JSON leaves these bare although a terminal obeys them: C1 controls, and what reorders or hides text.
_UNSAFE = re.compile(
    "[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)

output_option = click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How the result is written to stdout.",
)


def emit_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: Format) -> None:
    """Write rows; a table shows `columns`, a name is the first of them, the others hold whole rows."""
    if form == "table":
        _table(rows, columns)
    elif form == "name":
        for row in rows:
            click.echo(one_line(str(row[columns[0]])))
    elif form == "jsonl":
        for row in rows:
            click.echo(as_json(row))
    else:
        _emit_whole(list(rows), form)


def emit_one(value: Mapping[str, Any], name: str, form: Format, show: Callable[[], None]) -> None:
    """Write one thing: `show` prints it for a person, and `name` is what it is called."""
    if form == "table":
        show()
    elif form == "name":
        click.echo(one_line(name))
    elif form == "jsonl":
        click.echo(as_json(value))
    else:
        _emit_whole(value, form)


def as_json(value: Any, *, indent: int | None = None) -> str:
    """Return JSON that keeps letters of every language and spells out what could drive a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return _UNSAFE.sub(lambda found: json.dumps(found.group())[1:-1], text)


def _emit_whole(value: Any, form: Format) -> None:
    if form == "json":
        click.echo(as_json(value, indent=2))
        return
    import yaml  # noqa: PLC0415 - start-up cost; only this format needs it

    plain = json.loads(json.dumps(value, default=str))
    bare = not _UNSAFE.search(json.dumps(plain, ensure_ascii=False))
    click.echo(yaml.safe_dump(plain, allow_unicode=bare, sort_keys=False, width=100), nl=False)


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    heads = [column.replace("_", " ").upper() for column in columns]
    fits = fitting(list(zip(heads, *cells, strict=True)), terminal_width(), len(GAP))
    for number, line in enumerate([heads, *cells]):
        parts = [folded(cell, fit) for cell, fit in zip(line, fits, strict=False)]
        for row in zip_longest(*parts, fillvalue=""):
            click.echo(click.style(_aligned(row, fits), bold=number == 0 or None))
    if len(fits) < len(columns):
        note(
            f"Left out, for the terminal is too narrow: {', '.join(heads[len(fits) :]).lower()} (see -o json)"
        )


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell + " " * (wide - width(cell)) for cell, wide in zip(cells, widths, strict=True)]
    return GAP.join(padded).rstrip()


def _cell(value: Any) -> str:
    if value is None or value in ("", [], ()):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(one_line(str(item)) for item in value)
    return one_line(str(value))


def note(text: str) -> None:
    """Say something on stderr that is not the result."""
    click.echo(visible(text), err=True)


def say(text: str = "", *, indent: int = 0) -> None:
    """Print text for a person on stdout, made safe for a terminal."""
    pad, room = " " * indent, terminal_width()
    for line in visible(text.replace("\r\n", "\n")).split("\n"):
        for part in folded(f"{pad}{line}", room) if line else [""]:
            click.echo(part)


def heading(text: str) -> None:
    """Print a heading on stdout."""
    click.echo(click.style(visible(text), bold=True))


def pairs(values: Sequence[tuple[str, Any]], *, indent: int = 0) -> None:
    """Print names with their values, aligned; what is None is left out."""
    shown = [(name, value) for name, value in values if value is not None]
    wide = max((len(name) for name, _ in shown), default=0)
    before, room = indent + wide + len(GAP), terminal_width()
    for name, value in shown:
        first, *rest = folded(_cell(value), None if room is None else max(NARROWEST, room - before))
        click.echo(f"{' ' * indent}{click.style(f'{name:<{wide}}', fg='cyan')}{GAP}{first}")
        for part in rest:
            click.echo(f"{' ' * before}{part}")
