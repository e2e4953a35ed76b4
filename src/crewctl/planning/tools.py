"""Resolve tool names: class or file, version, source digest and the policy's risk tags."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.known_tools import tags_of
from crewctl.diagnostics.nearest import nearest
from crewctl.planning.findings import Findings, Where
from crewctl.planning.plan import EffectiveLimits, PlannedTool
from crewctl.planning.port import World

CUSTOM = "custom:"
DISTRIBUTION = "crewai-tools"

EFFECTS = frozenset({"sends_data", "spends_money", "runs_code"})
"""Tags of tools that change something outside, so that the same call must not be made twice.

``writes_files`` is none of them: a tool writes into its step's own folder, which every attempt has anew.
"""


def planned_tools(
    names: Iterable[tuple[str, Where]], findings: Findings, world: World
) -> tuple[PlannedTool, ...]:
    """Return each named tool once, in order of first use; unknown files go to the findings."""
    tools: dict[str, PlannedTool] = {}
    for name, where in names:
        if name not in tools:
            tool = (
                _custom(name, where, findings)
                if name.startswith(CUSTOM)
                else _packaged(name, findings.catalogue, world)
            )
            if tool is not None:
                tools[name] = tool
    return tuple(tools.values())


def tool_sources(tools: Iterable[PlannedTool], findings: Findings) -> dict[str, str]:
    """Return the text of every file under tools/ if any tool is custom: they may import each other."""
    if not any(tool.kind == "custom" for tool in tools):
        return {}
    sources: dict[str, str] = {}
    for file, content in sorted(findings.catalogue.tool_files.items()):
        try:
            sources[file] = content.decode("utf-8")
        except UnicodeDecodeError:
            findings.add(Where(file), "bad-tool", f"{file} is not UTF-8 text", help="save it as UTF-8")
    return sources


def refuse_unmetered(
    tools: Iterable[PlannedTool],
    limits: EffectiveLimits,
    places: Iterable[tuple[str, Where]],
    findings: Findings,
) -> None:
    """Refuse tools that call models on their own where tokens or cost are limited."""
    limit = next((name for name in ("max_cost", "max_tokens") if getattr(limits, name) is not None), None)
    calling = {tool.name for tool in tools if "calls_models" in tool.tags}
    if limit is None:
        return
    for name, where in places:
        if name in calling:
            findings.add(
                where,
                "unmetered-tool",
                f"the tool {name!r} calls models on its own, so {limit} cannot hold",
                help=f"take the tool away, or limit the crew by max_turns and timeout instead of {limit}",
            )


def _packaged(name: str, catalogue: Catalogue, world: World) -> PlannedTool:
    version = world.version(DISTRIBUTION) or "absent"
    distribution = f"{DISTRIBUTION}=={version}"
    digest = hashlib.sha256(f"{distribution}:{name}".encode()).hexdigest()
    return _tool(catalogue, name, "crewai_tools", distribution, digest)


def _custom(name: str, where: Where, findings: Findings) -> PlannedTool | None:
    file = f"tools/{name.removeprefix(CUSTOM)}.py"
    content = findings.catalogue.tool_files.get(file)
    if content is None:
        own = (each.removeprefix("tools/").removesuffix(".py") for each in findings.catalogue.tool_files)
        meant = nearest(name.removeprefix(CUSTOM), own)
        findings.add(
            where,
            "unknown-tool",
            f"there is no file {file} for the tool {name!r}",
            label=f"did you mean {CUSTOM}{meant}?" if meant else "",
            help=f"write {file}, or name another tool",
        )
        return None
    return _tool(findings.catalogue, name, "custom", file, hashlib.sha256(content).hexdigest())


def _tool(
    catalogue: Catalogue, name: str, kind: Literal["crewai_tools", "custom"], distribution: str, digest: str
) -> PlannedTool:
    """Return the tool with what is known of its risk, and what the policy says of its calls."""
    tags = tags_of(catalogue, name)
    asks = any(getattr(catalogue.policy.calls, tag) == "ask" for tag in tags)
    return PlannedTool(
        name=name,
        kind=kind,
        distribution=distribution,
        source_digest=digest,
        tags=tuple(sorted(tags)),
        calls="ask" if asks else "allow",
        effect=not EFFECTS.isdisjoint(tags),
        watched=catalogue.policy.breaker is not None,
    )
