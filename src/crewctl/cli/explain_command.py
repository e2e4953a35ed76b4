"""``crewctl explain``: what a rule of check or an exit code means, and what to do."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_rules
from crewctl.cli.exit_codes import EXIT_CODES
from crewctl.cli.output import Format, emit_one, emit_rows, heading, output_option, say
from crewctl.diagnostics.nearest import nearest
from crewctl.errors import NotFoundError


@declare("explain", "crewctl explain unknown-key", "crewctl explain 4", "crewctl explain")
@click.argument("what", required=False, metavar="[RULE|EXIT CODE]", shell_complete=complete_rules)
@output_option
def command(what: str | None, form: Format) -> None:
    """Explain a rule of check or an exit code; without one, list them all."""
    known = _known()
    if what is None:
        emit_rows(list(known.values()), ("name", "summary"), form)
        return
    name = what.strip("[]").removeprefix("exit-")
    if name not in known:
        meant = nearest(name, known)
        raise NotFoundError(
            f"there is no rule and no exit code '{what}'",
            help=f"did you mean 'crewctl explain {meant}'?" if meant else "'crewctl explain' lists them all",
        )
    found = known[name]
    emit_one(found, name, form, lambda: _show(found))


def _known() -> dict[str, dict[str, str]]:
    from crewctl.catalogue.rules import RULES  # noqa: PLC0415 - a help text must not import the rules

    known = {
        rule: {"name": rule, "summary": doc.meaning, "text": doc.why, "bad": doc.bad, "good": doc.good}
        for rule, doc in sorted(RULES.items())
    }
    for code, meaning in EXIT_CODES.items():
        name = str(code)
        known[name] = {
            "name": name,
            "summary": meaning.summary,
            "text": meaning.next_step,
            "bad": "",
            "good": "",
        }
    return known


def _show(found: dict[str, str]) -> None:
    heading(f"exit code {found['name']}" if found["name"].isdigit() else found["name"])
    say(found["summary"])
    say(found["text"])
    for title, key in (("Refused", "bad"), ("Accepted", "good")):
        if found.get(key):
            heading(f"{title}:")
            say(found[key].rstrip(), indent=2)
