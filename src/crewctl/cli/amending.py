"""Reads what a person puts in the place of what a card shows, and until when one is parked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from crewctl.errors import InvalidError, NotFoundError, UsageError
from crewctl.registry.amendments import LARGEST


@dataclass(frozen=True)
class Instead:
    """The ways to say an amendment; exactly one is used."""

    text: str | None = None
    arguments: str | None = None
    editor: bool = False

    def content(self, source: str, subject: bytes | None) -> bytes:
        """Return the amendment of a card of this source; UsageError for none, several, or the wrong one."""
        given = [name for name, said in self._given().items() if said]
        wanted = "--args" if source == "tool_call" else "--text"
        if len(given) != 1 or given[0] not in (wanted, "--editor"):
            other = " or --editor" if subject is not None else ""
            raise UsageError(
                f"an amendment of this card is given with {wanted}{other}, and with one of them alone",
                help=f"write {wanted} …, or {wanted} @FILE",
            )
        if self.editor:
            return _edited(subject, ".json" if source == "tool_call" else ".txt")
        said = self.text if self.text is not None else self.arguments or ""
        return _file(said[1:]) if said.startswith("@") else said.encode("utf-8", "surrogateescape")

    def _given(self) -> dict[str, bool]:
        return {
            "--text": self.text is not None,
            "--args": self.arguments is not None,
            "--editor": self.editor,
        }


def moment_of(word: str) -> datetime:
    """Read a duration from now, a date or a moment, in UTC where it names no zone; UsageError for others."""
    from crewctl.catalogue.specs.quantities import parse_duration  # noqa: PLC0415 - start-up cost

    try:
        return datetime.now(UTC) + timedelta(seconds=parse_duration(word))
    except ValueError:
        pass
    try:
        said = datetime.fromisoformat(word)
    except ValueError:
        raise UsageError(
            f"'{word}' is neither a duration nor a date", help="write --until 2d, or --until 2026-12-01"
        ) from None
    return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)


def _edited(subject: bytes | None, ending: str) -> bytes:
    before = (subject or b"").decode("utf-8", "replace")
    after = click.edit(before, extension=ending)
    if after is None:
        raise UsageError("nothing was changed in the editor", help="save the file with your change in it")
    # Editors end a file with a line end, whether the text had one or not.
    return (after if before.endswith("\n") else after.removesuffix("\n")).encode()


def _file(name: str) -> bytes:
    path = Path(name)
    try:
        if path.stat().st_size > LARGEST:
            raise InvalidError(f"the file {name} is over {LARGEST:,} bytes", help="give a shorter one")
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {name}", help="look at the path after '@'") from None
    except OSError as error:
        raise NotFoundError(f"the file {name} cannot be read: {error.strerror}") from None
