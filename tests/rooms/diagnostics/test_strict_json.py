"""JSON that two readers could take for different things is refused, whatever else is read from it."""

from __future__ import annotations

import pytest

from crewctl.diagnostics.strict_json import strict_json


def test_what_is_plain_is_read() -> None:
    assert strict_json('{"to": "ada", "amounts": [1, 2.5, null, true]}') == {
        "to": "ada",
        "amounts": [1, 2.5, None, True],
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"to": "a", "to": "b"}', "the name 'to' stands twice"),
        ('{"in": [{"to": "a", "to": "a"}]}', "the name 'to' stands twice"),
        ('{"amount": NaN}', "NaN is no number of JSON"),
        ('{"amount": 1e999}', "1e999 is too large a number"),
        ("[" * 100_000, "nested too deeply"),
        ("{to: 1}", "Expecting property name"),
    ],
)
def test_what_is_not_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        strict_json(text)
