"""Answers cards at the command line as a person would who looks up outside what has happened."""

from __future__ import annotations

import json
from pathlib import Path

from account import Account
from log import Log
from project import crewctl

REASON = "looked up in the letters that went out"


def answer_cards(folder: Path, account: Account, outside: Path, log: Log) -> None:
    """Answer every open card: a letter that went out is told, one that did not may go out now."""
    for card in account.open_cards():
        posted = [line for line in _lines(outside) if f"/runs/{card.run_id}/" in line]
        words, what = _answer(card.source, posted)
        done = crewctl(folder, "card", words[0], card.card, *words[1:], "--reason", REASON)
        if done.returncode:
            log.answer("could not be answered")
            log.breaks(f"card {card.card} could not be answered: {done.stderr.strip()[:300]}")
        else:
            log.answer(what)


def _answer(source: str, posted: list[str]) -> tuple[list[str], str]:
    if source == "approval":
        return ["skip"], "one run more than was approved: refused"
    if posted:
        return ["amend", "--text", f"posted: {posted[0].split(' ', 2)[2]}"], "a letter had gone out: told so"
    return ["approve"], "a letter had not gone out: approved"


def letters(outside: Path) -> dict[str, list[str]]:
    """Return the keys under which letters of each run went out: the ledger outside."""
    found: dict[str, list[str]] = {}
    for line in _lines(outside):
        key, place, _ = line.split(" ", 2)
        found.setdefault(place.partition("/runs/")[2].partition("/")[0], []).append(key)
    return found


def _lines(outside: Path) -> list[str]:
    return outside.read_text(encoding="utf-8").splitlines() if outside.exists() else []


def reports(folder: Path) -> dict[str, str]:
    """Return the outcome that each report on disk tells."""
    files = folder.glob("registry/reports/*/*.json")
    return {file.stem: str(json.loads(file.read_text(encoding="utf-8"))["outcome"]) for file in files}
