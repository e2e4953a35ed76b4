"""Secrets are found in every disguise that providers and tools put them into."""

from __future__ import annotations

import base64
import json
from itertools import cycle

from hypothesis import given
from hypothesis import strategies as st

from crewctl.audit.redaction import REDACTED, SHORTEST, Redaction

SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=382), min_size=SHORTEST, max_size=40)
AROUND = st.binary(max_size=12)


@given(secret=SECRETS, before=AROUND, after=AROUND)
def test_base64_does_not_hide_a_secret_whatever_stands_around_it(
    secret: str, before: bytes, after: bytes
) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        hidden = encode(before + secret.encode() + after)

        assert REDACTED.encode() in Redaction([secret]).of_bytes(hidden)


@given(secret=SECRETS)
def test_json_does_not_hide_a_secret(secret: str) -> None:
    for ascii_only in (True, False):
        text = json.dumps({"said": f"the key is {secret}!"}, ensure_ascii=ascii_only)

        assert REDACTED in Redaction([secret]).of_text(text)


@given(text=st.text(), secret=SECRETS)
def test_what_holds_no_secret_is_left_as_it_is(text: str, secret: str) -> None:
    redaction = Redaction([secret])

    assert redaction.of_text(text) == text or redaction.finds(text.encode("utf-8", "surrogatepass"))


def test_a_secret_within_another_leaves_no_rest_of_the_longer_one() -> None:
    redaction = Redaction(["sk-live-12345678", "sk-live-12345678-with-scope"])

    assert redaction.of_text("key=sk-live-12345678-with-scope.") == "key=[redacted]."


def test_strings_in_json_are_redacted_and_the_rest_stays() -> None:
    value = {"sk-live-12345678": ["a sk-live-12345678", 5, None, {"deep": "sk-live-12345678"}]}

    assert Redaction(["sk-live-12345678"]).of_json(value) == {
        "sk-live-12345678": ["a [redacted]", 5, None, {"deep": "[redacted]"}]
    }


def test_without_secrets_nothing_is_looked_for() -> None:
    assert not Redaction().finds(b"anything")
    assert Redaction(["short"]).of_text("short") == "short"


@given(
    secrets=st.lists(SECRETS, max_size=3),
    parts=st.lists(st.one_of(st.binary(max_size=9), st.sampled_from([0, 1, 2])), max_size=12),
    cuts=st.lists(st.integers(1, 30), min_size=1),
)
def test_a_text_that_comes_in_pieces_is_redacted_as_if_it_came_at_once(
    secrets: list[str], parts: list[bytes | int], cuts: list[int]
) -> None:
    redaction = Redaction(secrets)
    whole = b"".join(
        part if isinstance(part, bytes) else (secrets[part].encode() if part < len(secrets) else b"")
        for part in parts
    )

    told, rest, at, sizes = b"", b"", 0, cycle(cuts)
    while at < len(whole):
        size = next(sizes)
        certain, rest = redaction.beginning_of(rest + whole[at : at + size])
        told, at = told + certain, at + size

    assert told + redaction.of_bytes(rest) == redaction.of_bytes(whole)
