"""Work out which model a classic project means, from a name or from an LLM made in Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crewctl.adapters.classic_python import UnknownValueError, called, literal, own_method

_PROVIDERS = (
    (re.compile(r"gpt-|o\d|chatgpt|text-"), "openai"),
    (re.compile(r"claude"), "anthropic"),
    (re.compile(r"gemini"), "gemini"),
)
_ENV = {"getenv", "environ", "get"}
_PLAIN = {"model", "base_url", "temperature"}
_RENAMED = {"max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"}


@dataclass
class Models:
    """The entries that the imported agents need in config/models.yaml, by name."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)

    def name_for(self, spec: Mapping[str, Any]) -> str:
        """Return what an agent's `llm` says for this model: itself if it is only a name."""
        if set(spec) == {"model"}:
            return str(spec["model"])
        wanted = (
            re.sub(r"[^a-z0-9]+", "-", str(spec["model"]).lower().rsplit("/", 1)[-1]).strip("-") or "model"
        )
        number = 1
        name = wanted
        while name in self.entries and self.entries[name] != dict(spec):
            number += 1
            name = f"{wanted}-{number}"
        self.entries[name] = dict(spec)
        return name


def model_name(written: str) -> str | None:
    """Return `provider/model` for a name as CrewAI takes it; None if the provider is not plain."""
    name = written.strip()
    if "/" in name:
        return name
    return next((f"{provider}/{name}" for sign, provider in _PROVIDERS if sign.match(name.lower())), None)


def model_spec(node: ast.expr, names: Mapping[str, ast.expr], dropped: list[str]) -> dict[str, Any] | None:
    """Return the model that an expression makes, or None; what it says besides goes to `dropped`."""
    resolved = _resolved(node, names)
    if called(resolved) == "LLM" and isinstance(resolved, ast.Call):
        return _llm(resolved, names, dropped)
    try:
        found = literal(resolved, names)
    except UnknownValueError:
        return None
    name = model_name(found) if isinstance(found, str) else None
    return {"model": name} if name else None


def _resolved(node: ast.expr, names: Mapping[str, ast.expr]) -> ast.expr:
    for _ in range(8):
        name = (
            node.id
            if isinstance(node, ast.Name)
            else own_method(node)
            if isinstance(node, ast.Attribute)
            else ""
        )
        if not name or name not in names:
            break
        node = names[name]
    return node


def _llm(call: ast.Call, names: Mapping[str, ast.expr], dropped: list[str]) -> dict[str, Any] | None:
    given = {word.arg: word.value for word in call.keywords if word.arg}
    if call.args:
        given.setdefault("model", call.args[0])
    spec: dict[str, Any] = {}
    for key, node in given.items():
        value = _argument(key, node, names)
        if value is None:
            dropped.append(key)
        else:
            spec[_RENAMED.get(key, key)] = value
    name = model_name(spec["model"]) if isinstance(spec.get("model"), str) else None
    return {**spec, "model": name} if name else None


def _argument(key: str, node: ast.expr, names: Mapping[str, ast.expr]) -> Any:
    if key == "api_key":
        variable = _environment(node, names)
        return f"${{env:{variable}}}" if variable else None
    try:
        found = literal(node, names)
    except UnknownValueError:
        return None
    if key in {"timeout", "request_timeout"}:
        return f"{found}s" if type(found) is int and found > 0 else None
    if key in _RENAMED:
        return found if type(found) is int and found > 15 else None  # noqa: PLR2004 - the least that a model takes
    fits = isinstance(found, str) if key in {"model", "base_url"} else type(found) in {int, float}
    return found if key in _PLAIN and fits else None


def _environment(node: ast.expr, names: Mapping[str, ast.expr]) -> str | None:
    """Return X for ``os.getenv("X")``, ``os.environ["X"]`` and ``os.environ.get("X")``."""
    node = _resolved(node, names)
    key: ast.expr | None = None
    if isinstance(node, ast.Call) and called(node) in _ENV and node.args:
        key = node.args[0]
    elif isinstance(node, ast.Subscript):
        key = node.slice
    found = key.value if isinstance(key, ast.Constant) else None
    return found if isinstance(found, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", found) else None
