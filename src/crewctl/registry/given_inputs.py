"""Reads a crew's inputs from JSON that came from elsewhere: one object of plain values, and nothing else."""

from __future__ import annotations

from crewctl.diagnostics.strict_json import strict_json
from crewctl.errors import InvalidError
from crewctl.planning.inputs import Value

_FORM = 'write one JSON object, such as {"company": "Acme Corp"}'


def inputs_from_json(content: bytes) -> dict[str, Value]:
    """Return the inputs that `content` gives; InvalidError says in one sentence what is wrong.

    They are still to be checked against what the crew declares.
    """
    try:
        data = strict_json(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidError("the inputs are not UTF-8 text", help=_FORM) from None
    except ValueError as error:
        raise InvalidError(f"the inputs are not JSON: {error}", help=_FORM) from None
    if not isinstance(data, dict):
        raise InvalidError("the inputs are not a JSON object", help=_FORM)
    for name, value in data.items():
        if not isinstance(value, (str, int, float, bool)):
            shown = name if len(name) <= 60 else f"{name[:59]}…"  # noqa: PLR2004 - what fits a message
            raise InvalidError(f"the input '{shown}' is neither text, a number, true nor false", help=_FORM)
    return data
