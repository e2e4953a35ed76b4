"""Secrets are found in every disguise that providers and tools put them into."""

from __future__ import annotations

import base64
import json

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
