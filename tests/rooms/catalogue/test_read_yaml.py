"""Reading YAML strictly: what is taken, what is refused, and that nothing can take long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.catalogue.read_yaml import Reading, read_yaml


def _read(content: str | bytes) -> Reading:
    return read_yaml("f.yaml", content.encode() if isinstance(content, str) else content)


def _rules(content: str | bytes) -> list[str]:
    return [problem.rule for problem in _read(content).problems]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (BOMB, "no-anchors"),
        ("[" * 20_000, "too-deep"),
        ("[" * 20_000 + "]" * 20_000, "too-deep"),
        ("{a: " * 20_000, "too-deep"),
        ("- " * 20_000 + "x", "too-deep"),
        ("? " * 20_000 + "x", "too-deep"),
        ("\n".join(" " * i + "a:" for i in range(700)), "too-deep"),
        ("a: [" + "1, " * 30_000 + "]", "too-many-values"),
        ("\n".join(f"k{i}: 1" for i in range(15_000)), "too-many-values"),
        ("x" * (256 * 1024 + 1), "file-too-big"),
        ("a: !!python/object/apply:os.system ['true']", "no-tags"),
        ("a: !custom 1", "no-tags"),
        ("%TAG ! tag:example.eu,2026:\n---\na: !x 1", "no-tags"),
        ("a: &x 1", "no-anchors"),
        ("a: *x", "no-anchors"),
        ("a: 1\na: 2", "duplicate-key"),
        ("a: 1\n'a': 2", "duplicate-key"),
        ("a: 1\n---\nb: 1", "one-document"),
        ("a: 1\n...\n---\nb: 1", "one-document"),
        ("<<: {a: 1}", "merge-key"),
        ("1: a", "key-not-text"),
        ("true: a", "key-not-text"),
        ("? [a]\n: b", "key-not-text"),
        ("~: b", "key-not-text"),
        ("a: 1e999", "bad-number"),
        ("a: .nan", "bad-number"),
        ("a: " + "9" * 5_000, "bad-number"),
        ("a: b\u202ec", "hidden-character"),
        ("a: b\x07c", "hidden-character"),
        ("a: b\rc", "hidden-character"),
        ("a: b\u200bc", "hidden-character"),
        ('a: "b\\u202ec"', "hidden-character"),
        (b"a: \xff", "not-utf8"),
        ("a: 1".encode("utf-16"), "not-utf8"),
        ("a: b: c", "yaml-syntax"),
        ("a: [1, 2", "yaml-syntax"),
        ("a: 'x", "yaml-syntax"),
    ],
)
def test_what_misleads_or_overwhelms_is_refused_at_once(content: str | bytes, rule: str) -> None:
    began = time.perf_counter()
    assert rule in _rules(content)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("2026-11-21", "2026-11-21"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("TRUE", True),
        ("false", False),
        ("-3", -3),
        ("+.5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("-", None),
        ("'true'", "true"),
        ('"3"', "3"),
        ("=", "="),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    reading = _read(f"a: {text}\n" if text != "-" else "a:\n  ~\n")
    assert reading.problems == []
    assert reading.source.data == {"a": value}
    assert type(reading.source.data["a"]) is type(value)


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffa: 1\r\nb: 'x'\r\n",
        "# only a comment",
        "",
        "---\na: 1\n",
        "%YAML 1.2\n---\na: 1\n",
        "a: Tom & Jerry **bold** !important, a*b & c",
        "a: |\n  &not_an_anchor *not_an_alias !not_a_tag\n",
        "a: '👩‍💻 🇪🇺 naïve 作家'",
        "a: {b: [c, d]}",
    ],
)
def test_what_people_write_is_taken(content: str) -> None:
    assert _rules(content) == []


def test_both_places_of_a_duplicate_key_are_shown() -> None:
    (problem,) = _read("a: 1\nb: 2\na: 3\n").problems
    assert (problem.span.line, problem.span.column) == (3, 1)
    assert problem.related[0].span.line == 1


def test_every_duplicate_and_every_key_is_reported_in_one_pass() -> None:
    assert _rules("a: 1\na: 2\nb: {c: 1, c: 2}\n1: x\n") == ["duplicate-key", "duplicate-key", "key-not-text"]


def test_values_and_keys_have_their_places() -> None:
    source = _read("a:\n  b: [x, 'yy']\n  c: |\n    long\n    {name} text\n").source
    assert source.place(("a", "b", 1)) == ("f.yaml", 2, 10, 4)
    assert source.place(("a", "b"), key=True) == ("f.yaml", 2, 3, 1)
    assert source.place(("a", "c")) == ("f.yaml", 3, 6, 1)
    assert source.find(("a", "c"), "{name}") == ("f.yaml", 5, 5, 6)


def test_an_absent_value_has_the_place_of_its_nearest_parent() -> None:
    source = _read("a:\n  b: 1\n").source
    assert source.place(("a", "x", "y")) == ("f.yaml", 1, 1, 1)
    assert source.place(("z",)) == ("f.yaml", 1, 1, 1)
    assert _read("").source.place(("a",)) == ("f.yaml", 1, 1, 1)


def test_columns_are_counted_in_characters_also_after_a_byte_order_mark() -> None:
    assert _read("\ufeffé: 1\n").source.place(("é",)) == ("f.yaml", 1, 4, 1)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:-?[]{},&*!|>'\"%@`# \n\t~<0.\\\r\u202e\ufeff"), max_size=60))
def test_no_text_makes_the_reader_fall_over(text: str) -> None:
    reading = _read(text)
    for problem in reading.problems:
        assert problem.span.line >= 1
        assert problem.span.column >= 1
    if not reading.problems:
        assert reading.source.place(()).file == "f.yaml"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_no_bytes_make_the_reader_fall_over(content: bytes) -> None:
    assert _read(content).source.content == content
