"""Every rule that a problem can name in brackets, explained."""

from __future__ import annotations

from crewctl.catalogue.rule_docs.faults import FAULTS
from crewctl.catalogue.rule_docs.reading import READING
from crewctl.catalogue.rule_docs.references import REFERENCES
from crewctl.catalogue.rule_docs.rule_doc import RuleDoc, files_of
from crewctl.catalogue.rule_docs.starting import STARTING
from crewctl.catalogue.rule_docs.substance import PLANNING, SUBSTANCE
from crewctl.catalogue.rule_docs.values import VALUES

RULES: dict[str, RuleDoc] = {**READING, **VALUES, **REFERENCES, **SUBSTANCE, **STARTING, **FAULTS, **PLANNING}
"""By name, for ``crewctl explain`` and docs/reference/rules.md."""

_SECTIONS = (
    ("Files and YAML", READING),
    ("Keys and values", VALUES),
    ("Names and order", REFERENCES),
    ("Inputs, outputs, limits and oversight", SUBSTANCE),
    ("Faults", FAULTS),
    ("Schedules and triggers", STARTING),
    ("Planning", PLANNING),
)
_HEAD = """# Rules

What the name in brackets at the end of a problem means. `crewctl explain RULE` says the same. Generated from
`crewctl.catalogue.rules`.
"""


def rules_page() -> str:
    """Return docs/reference/rules.md."""
    parts = [_HEAD]
    for title, rules in _SECTIONS:
        parts.append(f"\n## {title}\n")
        parts += [f"\n### {name}\n\n{_body(doc)}" for name, doc in rules.items()]
    return "".join(parts)


def _body(doc: RuleDoc) -> str:
    text = f"{doc.meaning} {doc.why}\n"
    for word, example in (("Refused", doc.bad), ("Accepted", doc.good)):
        for file, content in files_of(example).items():
            # Plain text, not yaml: these blocks are there to be wrong, or are parts of files.
            text += f"\n{word}:\n\n```text\n# {file}\n{content}```\n"
    return text
