"""What to say about each kind of mistake that pydantic finds, in the words of a YAML author."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails

from crewctl.catalogue.kinds import AGENT, SCRIPT, Kind
from crewctl.catalogue.specs.limits_spec import LimitsSpec
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.specs.quantities import written_duration
from crewctl.catalogue.specs.registry_specs import MarketRules
from crewctl.catalogue.wording import called, container, field_phrase, listed, quoted, species
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.nearest import did_you_mean, nearest

_YES_AND_NO = {
    **dict.fromkeys(("yes", "on", "y"), "true"),
    **dict.fromkeys(("no", "off", "n"), "false"),
}

_TURN = (
    "a turn is for an answer, json, calls or an error, and may have for, times, delay, retry_after and usage"
)


class Said(NamedTuple):
    """The parts of a problem; `path` moves it elsewhere, `on_key` points at the key."""

    rule: str
    message: str
    label: str = ""
    help: str = ""
    on_key: bool = False
    path: Path | None = None


@dataclass(frozen=True)
class Finding:
    """One of pydantic's errors about the item `name`; `path` is the way to it in the item."""

    kind: Kind
    name: str
    path: Path
    item: Any
    error: ErrorDetails
    on_key: bool

    @property
    def type(self) -> str:
        """Pydantic's name for the mistake."""
        return self.error["type"]

    @property
    def value(self) -> Any:
        """What the file says there."""
        return self.error["input"]

    @property
    def field(self) -> str:
        """How messages call the value."""
        return field_phrase(self.kind, self.name, self.path, self.item) if self.path else self.owner

    @property
    def owner(self) -> str:
        """How messages call the mapping that the value belongs to."""
        return container(self.kind, self.name, self.path[:-1], self.item)

    @property
    def written(self) -> Any:
        """What the file says there, before anything was made of it."""
        value = self.item
        for part in self.path:
            value = value[part]
        return value

    def context(self, key: str) -> Any:
        """Return a figure of pydantic's own message."""
        return self.error.get("ctx", {}).get(key)


def _unknown_key(found: Finding, fields: tuple[str, ...]) -> Said:
    key = str(found.path[-1])
    message = f"unknown key '{key}' in {found.owner}"
    meant = "max_turns" if key == "maxTurns" else "timeout" if key == "maxTimeout" else key
    if meant in LimitsSpec.model_fields and "limits" in fields:
        label = f"belongs under limits, as {meant}"
        return Said("unknown-key", message, label, f"write limits: {{{meant}: …}}", on_key=True)
    if found.kind is AGENT and key in ModelSpec.model_fields and key not in fields:
        return Said(
            "unknown-key", message, "belongs to the model", f"write llm: {{model: …, {key}: …}}", on_key=True
        )
    if key in MarketRules.model_fields and "contestants" in fields:
        label, help_line = "belongs to the policy", f"write market: {{{key}: …}} in registry/policy.yaml"
        return Said("unknown-key", message, label, help_line, on_key=True)
    if found.value is None and nearest(key, fields) is None:
        label = "a comma within { } ends the value before it"
        return Said("unknown-key", message, label, "put text with commas in quotes", on_key=True)
    label = did_you_mean(key, fields) or "nothing here has this name"
    takes = f"{species(found.kind, found.path[:-1])} takes: {listed(fields)}"
    return Said("unknown-key", message, label, takes, on_key=True)


def _missing(found: Finding, _: tuple[str, ...]) -> Said:
    key = found.path[-1]
    return Said(
        "missing-key", f"{found.owner} has no {key}", f"{key} is missing here", f"add {key}:", on_key=True
    )


def _not_text(found: Finding, _: tuple[str, ...]) -> Said:
    value = found.value
    message = f"{found.field} must be text, not {called(value)}"
    if isinstance(value, dict):
        label, help_line = "{ starts a mapping", "put text that starts with { in quotes"
    elif isinstance(value, list):
        label, help_line = (
            "a list where text belongs",
            "write one text, or put text that starts with [ in quotes",
        )
    elif value is None:
        label, help_line = "nothing is written here", "write the text, or take the key away"
    else:
        label, help_line = (
            f"YAML reads this as {called(value)}",
            f'write "{value if not isinstance(value, bool) else called(value)}" in quotes',
        )
    return Said("wrong-type", message, label, help_line, on_key=value is None)


def _not_a_list(found: Finding, _: tuple[str, ...]) -> Said:
    if found.error["loc"][-1] == "<list>":
        message = f"{found.field} must be a name or a list, not {called(found.value)}"
        key = found.path[-1]
        return Said(
            "wrong-type", message, "a name or a list belongs here", f"write {key}: one, or {key}: [one, two]"
        )
    message = f"{found.field} must be a list, not {called(found.value)}"
    example = found.value if isinstance(found.value, str) and len(found.value) < 30 else "one, two"  # noqa: PLR2004 - what fits a help line
    return Said("wrong-type", message, "a list belongs here", f"write {found.path[-1]}: [{example}]")


def _not_a_mapping(found: Finding, _: tuple[str, ...]) -> Said:
    either = "text or a mapping" if found.error["loc"][-1] == "<mapping>" else "a mapping"
    message = f"{found.field} must be {either}, not {called(found.value)}"
    return Said("wrong-type", message, f"{either} belongs here", "write keys and values below it")


def _not_a_number(found: Finding, _: tuple[str, ...]) -> Said:
    whole = "a whole number" if found.type.startswith("int") else "a number"
    message = f"{found.field} must be {whole}, not {quoted(found.value) if isinstance(found.value, (str, float)) else called(found.value)}"
    quotes = isinstance(found.value, str) and found.value.strip().isdigit()
    return Said(
        "wrong-type", message, "take the quotes away" if quotes else f"{whole} belongs here", f"write {whole}"
    )


def _not_true_or_false(found: Finding, _: tuple[str, ...]) -> Said:
    value = found.value
    said = quoted(value) if isinstance(value, str) else called(value)
    meant = _YES_AND_NO.get(value.lower()) if isinstance(value, str) else None
    label = f"YAML 1.2 reads this as text; did you mean {meant}?" if meant else "true or false belongs here"
    return Said(
        "wrong-type", f"{found.field} must be true or false, not {said}", label, "write true or false"
    )


def _not_a_choice(found: Finding, _: tuple[str, ...]) -> Said:
    expected = str(found.context("expected")).replace("'", "")
    choices = expected.replace(" or ", ", ").split(", ")
    label = (
        did_you_mean(found.value, choices) if isinstance(found.value, str) else ""
    ) or "not one of the choices"
    said = quoted(found.value) if isinstance(found.value, (str, int, float)) else called(found.value)
    help_line = f"use {expected}" if len(choices) == 1 else f"use one of: {listed(choices)}"
    return Said("not-a-choice", f"{found.field} cannot be {said}", label, help_line)


def _no_such_form(found: Finding, _: tuple[str, ...]) -> Said:
    """Say which key tells what kind of mapping this is, and what it may be."""
    key = str(found.context("discriminator")).strip("'")
    choices = str(found.context("expected_tags")).replace("'", "").split(", ")
    said = found.value.get(key)
    owner = container(found.kind, found.name, found.path, found.item)
    message = f"{key} of {owner} cannot be {quoted(said)}"
    label = did_you_mean(str(said), choices) or "not one of the choices"
    path = (*found.path, key)
    return Said("not-a-choice", message, label, f"use one of: {listed(choices)}", path=path)


def _no_form(found: Finding, _: tuple[str, ...]) -> Said:
    key = str(found.context("discriminator")).strip("'")
    owner = container(found.kind, found.name, found.path, found.item)
    return Said("missing-key", f"{owner} has no {key}", f"{key} is missing here", f"add {key}:")


def _no_scalar(found: Finding, _: tuple[str, ...]) -> Said:
    message = f"{found.field} must be text, a number, true or false, not {called(found.value)}"
    return Said("wrong-type", message, "one value belongs here", "write one value")


def _scalar_or_text(found: Finding, fields: tuple[str, ...]) -> Said:
    in_union = found.error["loc"][-1] in ("str", "int", "float", "bool")
    return _no_scalar(found, fields) if in_union else _BY_TYPE[found.type](found, fields)


def _bound(words: str, key: str) -> Callable[[Finding, tuple[str, ...]], Said]:
    def say(found: Finding, _: tuple[str, ...]) -> Said:
        limit = found.context(key)
        limit = int(limit) if isinstance(limit, float) and limit.is_integer() else limit
        value = found.value
        if isinstance(found.written, str):  # read from a text, such as 2h, that bounds are reckoned without
            limit, value = written_duration(limit), found.written
        message = f"{found.field} must be {words} {limit}, not {value}"
        return Said("out-of-range", message, "outside the range", f"write {words} {limit}")

    return say


def _too_short(found: Finding, _: tuple[str, ...]) -> Said:
    least = found.context("min_length")
    message = f"{found.field} needs at least {least} {'entry' if least == 1 else 'entries'}"
    return Said("out-of-range", message, "too few", f"list at least {least}")


def _too_long(found: Finding, _: tuple[str, ...]) -> Said:
    most = found.context("max_length")
    return Said(
        "out-of-range", f"{found.field} takes at most {most} entries", "too many", f"list at most {most}"
    )


def _pattern(found: Finding, _: tuple[str, ...]) -> Said:
    pattern = str(found.context("pattern"))
    if pattern == r"\S":
        return Said("blank", f"{found.field} is blank", "says nothing", "write what it is for")
    if pattern.startswith(r"^\$\{env:"):
        help_line = "write ${env:NAME}, and put the key into the environment variable NAME"
        message = f"{found.field} must be a reference to the environment, not the secret itself"
        return Said("literal-secret", message, "not shown", help_line)
    help_line = "use letters, digits, - and _, and start with a letter or a digit"
    return Said("bad-name", f"{quoted(found.value)} is not a name for {found.owner}", "not a name", help_line)


def _value(found: Finding, _: tuple[str, ...]) -> Said:
    error = found.context("error")
    reason = str(error) if error is not None else str(found.error["msg"])
    if isinstance(found.value, dict):
        # A model's own check; its message begins with the key it is about.
        key = reason.split(maxsplit=1)[0]
        path = (*found.path, key) if key in found.value else found.path
        owner = container(found.kind, found.name, found.path, found.item)
        return Said(
            "bad-value",
            f"{owner}: {reason}",
            "see the help below",
            _TURN if found.kind is SCRIPT else "add the other key, or take this away",
            path=path,
        )
    said = quoted(found.value) if isinstance(found.value, (str, int, float)) else called(found.value)
    return Said("bad-value", f"{found.field} cannot be {said}", reason, "write a value of this form")


_BY_TYPE: dict[str, Callable[[Finding, tuple[str, ...]], Said]] = {
    "string_type": _not_text,
    "int_type": _not_a_number,
    "float_type": _not_a_number,
    "bool_type": _not_true_or_false,
}

MESSAGES: dict[str, Callable[[Finding, tuple[str, ...]], Said]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    **dict.fromkeys(_BY_TYPE, _scalar_or_text),
    "int_from_float": _not_a_number,
    "list_type": _not_a_list,
    "dict_type": _not_a_mapping,
    "model_type": _not_a_mapping,
    "model_attributes_type": _not_a_mapping,
    "literal_error": _not_a_choice,
    "greater_than_equal": _bound("at least", "ge"),
    "greater_than": _bound("more than", "gt"),
    "less_than_equal": _bound("at most", "le"),
    "less_than": _bound("less than", "lt"),
    "too_short": _too_short,
    "too_long": _too_long,
    "string_too_short": _pattern,
    "string_pattern_mismatch": _pattern,
    "value_error": _value,
    "union_tag_invalid": _no_such_form,
    "union_tag_not_found": _no_form,
}
