"""Gathers every JSON Schema of the project and writes them where editors look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def all_schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by its name: what users write, and what crewctl writes."""
    from crewctl.audit.report import report_schema  # noqa: PLC0415 - imports every part of a report
    from crewctl.catalogue.schemas import schemas  # noqa: PLC0415 - imports every spec
    from crewctl.judging.verdict import verdict_schema  # noqa: PLC0415 - imports every part of a verdict

    written = {name.removesuffix(".json"): schema for name, schema in schemas().items()}
    return {**written, "report": report_schema(), "verdict": verdict_schema()}


def write_schemas(root: Path, known: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Write them to registry/schema; return the project-relative paths that changed."""
    folder = root / "registry" / "schema"
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, schema in sorted(known.items()):
        path = folder / f"{name}.json"
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path.relative_to(root).as_posix())
    return changed
