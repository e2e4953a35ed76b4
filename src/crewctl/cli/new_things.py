"""Adds what ``crewctl new`` was asked for: whole files, or one more block at the end of a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from crewctl.adapters.os_identity import user_name
from crewctl.catalogue.kinds import POLICY_FILE
from crewctl.catalogue.specs.spec import NAME
from crewctl.cli.fresh_project import template_files
from crewctl.cli.new_texts import Texts, crew_texts, single_text
from crewctl.errors import InvalidError, UsageError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def add(project: Project, kind: str, name: str, process: str) -> list[tuple[str, str]]:
    """Write it; nothing is written when any part of it cannot be. Returns files and added names."""
    if not re.fullmatch(NAME, name):
        raise UsageError(
            f"'{name}' cannot be a name",
            help="use lower-case letters, digits, - and _, and begin and end with a letter or digit",
        )
    texts = _texts(project, kind, name, process)
    planned: dict[Path, str] = {}
    for file, added, text in texts:
        path = project.root / file
        planned[path] = _with(path, planned.get(path), file, added, text)
    for path, content in planned.items():
        _replace(path, content)
    return [(file, added) for file, added, _ in texts]


def _texts(project: Project, kind: str, name: str, process: str) -> Texts:
    if kind == "policy":
        return ((POLICY_FILE, name, template_files()[POLICY_FILE].decode("utf-8")),)
    catalogue = project.catalogue
    if kind == "crew":
        return crew_texts(name, process, judge="judge" if "judge" in catalogue.models else "default")
    if kind == "entry" and name not in catalogue.crews:
        raise UsageError(
            f"there is no crew '{name}' to register", help=f"write it first: crewctl new crew {name}"
        )
    return single_text(kind, name, agent=next(iter(catalogue.agents), None), owner=user_name())


def _with(path: Path, pending: str | None, file: str, added: str, text: str) -> str:
    """Return the file's text with the new block at its end, every earlier character kept."""
    grows = file.startswith("config/")
    if not grows:
        if path.exists() or path.is_symlink():
            # There is one policy: another name would be none of it.
            step = "edit that file" if file == POLICY_FILE else "choose another name, or edit that file"
            raise UsageError(f"{file} exists already", help=step)
        return text
    before = pending if pending is not None else _read(path)
    known = _mapping(before, file)
    if added in known:
        raise UsageError(f"'{added}' is in {file} already", help="choose another name, or edit that one")
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    block = gap + text
    after = before + (block.replace("\n", "\r\n") if "\r\n" in before else block)
    if list(_mapping(after, file)) != [*known, added]:
        # A flow mapping, say: a block at the end would not belong to it.
        raise InvalidError(f"{file} is not written as a block of names", help=f"add '{added}' by hand")
    return after


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8") if path.is_file() else ""
    except UnicodeDecodeError:
        raise InvalidError(
            f"{path.name} is not UTF-8 text", help="save it as UTF-8, then try again"
        ) from None


def _mapping(text: str, file: str) -> dict[str, object]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        raise InvalidError(
            f"{file} cannot be added to as it is", help="see 'crewctl check', then try again"
        ) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InvalidError(f"{file} does not hold names", help="see 'crewctl check', then try again")
    return data


def _replace(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(content.encode("utf-8"))
    # In one move, so that no reader ever sees half a file.
    draft.replace(path)


def next_step(kind: str, name: str) -> str:
    """Say what to do with the new thing."""
    if kind == "crew":
        return (
            f"Next: crewctl rehearse {name} -i topic='solar panels', and crewctl new entry {name}\n"
            "(without an entry a crew counts as limited, with oversight)"
        )
    return "Next: fill it in, then crewctl check"
