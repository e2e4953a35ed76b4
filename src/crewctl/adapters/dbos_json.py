"""What the engine keeps is plain JSON, and nothing it reads is ever unpickled."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import dbos._serialization as builtin


class JsonSerializer(builtin.Serializer):
    """Keeps values as JSON. What a step or a run comes to is small: ids, names and content references."""

    def serialize(self, data: Any) -> str:
        """Return `data` as JSON; TypeError for what JSON cannot hold."""
        return json.dumps(data, ensure_ascii=False, allow_nan=False)

    def deserialize(self, serialized_data: str) -> Any:
        """Return what was kept; ValueError where it is not JSON."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """Return the name that rows are tagged with."""
        return "crewctl_json"


def forbid_pickle() -> None:
    """Have every row that is tagged as a pickle refused, whoever wrote it.

    A row's tag chooses how it is read, and unpickling runs code: a custom serializer alone does not
    keep a tampered row from being executed when it is merely listed.
    """
    builtin.DefaultSerializer.serialize = _refuse  # type: ignore[method-assign,assignment]
    builtin.DefaultSerializer.deserialize = _refuse  # type: ignore[method-assign,assignment]


def _refuse(*_: Any) -> NoReturn:
    raise ValueError("crewctl neither writes nor reads pickles")
