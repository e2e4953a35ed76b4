"""Prints every field of a plan with every text whole, for whoever approves exactly that."""

from __future__ import annotations

import json

import yaml

from crewctl.cli.amounts import count
from crewctl.cli.output import heading, say


class _Texts(yaml.SafeDumper):
    """Writes a text of several lines as lines."""


def show_whole_plan(subject: bytes) -> None:
    """Print what the bytes of a plan say: every field, nothing shortened."""
    heading(f"All of the plan, every text whole ({count(len(subject), 'byte')})")
    # Folding is left to whoever knows how wide the terminal is.
    endless = 1 << 30
    said = yaml.dump(json.loads(subject), Dumper=_Texts, allow_unicode=True, sort_keys=False, width=endless)
    say(said.rstrip("\n"), indent=2)


def _text(dumper: _Texts, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Texts.add_representer(str, _text)
