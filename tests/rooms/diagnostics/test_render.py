"""What problems look like."""

from __future__ import annotations

import json

import pytest

from crewctl.diagnostics.nearest import nearest
from crewctl.diagnostics.problem import Problem, Related, Severity
from crewctl.diagnostics.render import render
from crewctl.diagnostics.span import Span
from crewctl.diagnostics.visible import one_line, visible

LAUNCH = b"description: Launch\nprocess: sequential\nlimits:\n  max_turn: 12\n"
UNKNOWN = Problem(
    Span("crews/launch.yaml", 4, 3, 8),
    "unknown-key",
    "unknown key 'max_turn' in limits",
    "did you mean 'max_turns'?",
    "limits takes: max_turns, timeout, max_tokens, max_cost",
)


def test_a_problem_has_its_line_a_caret_a_hint_and_one_line_of_help() -> None:
    assert render([UNKNOWN], {"crews/launch.yaml": LAUNCH}) == (
        "crews/launch.yaml:4:3: unknown key 'max_turn' in limits [unknown-key]\n"
        "  |\n"
        "4 |   max_turn: 12\n"
        "  |   ^~~~~~~~ did you mean 'max_turns'?\n"
        "  = help: limits takes: max_turns, timeout, max_tokens, max_cost\n"
    )


def test_a_problem_of_several_files_shows_each_place() -> None:
    problem = Problem(
        Span("registry/policy.yaml", 9, 3, 17),
        "oversight-too-weak",
        "'custom:send_email' sends data, so crew 'outreach-email' cannot run without oversight",
        help="set human_oversight_required to true, or take the tool away from the agent",
        related=(
            Related(Span("config/agents.yaml", 31, 11), "agent 'sender' has the tool 'custom:send_email'"),
            Related(Span("registry/entries/outreach-email.yaml", 5, 27), "oversight is switched off here"),
        ),
    )
    assert render([problem], {}) == (
        "registry/policy.yaml:9:3: 'custom:send_email' sends data, so crew 'outreach-email' cannot run"
        " without oversight [oversight-too-weak]\n"
        "  > config/agents.yaml:31:11: agent 'sender' has the tool 'custom:send_email'\n"
        "  > registry/entries/outreach-email.yaml:5:27: oversight is switched off here\n"
        "  = help: set human_oversight_required to true, or take the tool away from the agent\n"
    )


def _caret_line(line: str, column: int, width: int) -> tuple[str, str]:
    problem = Problem(Span("f", 1, column, width), "r", "m", "here")
    shown = render([problem], {"f": line.encode()}).splitlines()
    return shown[2].removeprefix("1 | "), shown[3].removeprefix("  | ")


def test_the_caret_stands_under_the_word_behind_wide_characters() -> None:
    shown, caret = _caret_line("role: 作家 x", 10, 1)
    assert shown == "role: 作家 x"
    assert caret == " " * 11 + "^ here"  # two columns for each of the two characters


def test_the_caret_is_as_wide_as_the_wide_word() -> None:
    assert _caret_line("role: 作家", 7, 2)[1] == " " * 6 + "^~~~ here"


def test_combining_marks_take_no_column() -> None:
    assert _caret_line("e\u0301 x", 4, 1)[1] == "  ^ here"


def test_a_tab_is_shown_as_spaces_and_counted_as_such() -> None:
    shown, caret = _caret_line("\tx: 1", 2, 1)
    assert shown == "    x: 1"
    assert caret == "    ^ here"


def test_a_hidden_character_is_spelled_out_and_the_caret_follows() -> None:
    shown, caret = _caret_line("a: \x1b[2J b", 9, 1)
    assert shown == "a: \\x1b[2J b"
    assert caret == " " * 11 + "^ here"


def test_a_very_long_line_is_cut_around_the_caret() -> None:
    shown, caret = _caret_line("x" * 5_000 + "BAD" + "y" * 5_000, 5_001, 3)
    assert shown.startswith("…x")
    assert shown.endswith("y…")
    assert len(shown) == 122
    assert shown[caret.index("^") :].startswith("BAD")


def test_a_place_beyond_the_file_shows_no_line() -> None:
    problem = Problem(Span("f", 99, 1), "r", "m", "here", "do it")
    assert render([problem], {"f": b"one\n"}) == "f:99:1: m [r]\n  = help: do it\n"


def test_a_windows_line_ending_is_no_part_of_the_line() -> None:
    assert _caret_line("a: 1\r\n", 1, 1) == ("a: 1", "^ here")


def test_no_format_lets_a_terminal_escape_through() -> None:
    evil = "\x1b]0;owned\x07\u202e"
    problem = Problem(Span(evil, 1, 1), "r", evil, evil, evil, (Related(Span(evil, 1, 1), evil),))
    for form in ("text", "concise", "json", "github"):
        said = render([problem], {evil: evil.encode()}, form)
        assert "\x1b" not in said
        assert "\x07" not in said
        assert "\u202e" not in said


def test_text_of_a_user_cannot_forge_a_second_annotation() -> None:
    problem = Problem(Span("f", 1, 1), "r", "bad\n::error file=x::forged", help="100%\r\nsure")
    said = render([problem], {}, "github")
    assert said.count("\n") == 1
    assert said.startswith("::error file=f,line=1,col=1,endColumn=2,title=r::bad")
    assert "100%25" in said


def test_a_warning_says_that_it_is_one() -> None:
    warning = Problem(Span("f", 1, 2), "r", "m", severity=Severity.WARNING)
    assert render([warning], {}, "concise") == "f:1:2: warning: m [r]\n"
    assert render([warning], {}, "github").startswith("::warning ")


def test_json_says_everything() -> None:
    (said,) = json.loads(render([UNKNOWN], {}, "json"))
    assert said["file"] == "crews/launch.yaml"
    assert (said["line"], said["column"], said["width"]) == (4, 3, 8)
    assert said["rule"] == "unknown-key"
    assert said["severity"] == "error"
    assert said["help"].startswith("limits takes")
    assert render([], {}, "json") == "[]\n"


def test_a_secret_beside_a_problem_is_not_shown() -> None:
    lines = (
        "house: {model: x, api_key: abcd-1234, prise: free}",
        "house: {base_url: 'https://me:hunter2@host/v1', prise: free}",
        "backstory: use sk-abcdefghijklmnopqrstuvwx prise",
    )
    for line in lines:
        shown, caret = _caret_line(line, line.index("prise") + 1, 5)
        assert "abcd" not in shown
        assert "hunter2" not in shown
        assert shown[caret.index("^") :].startswith("prise")


def test_a_reference_to_the_environment_is_shown() -> None:
    assert "${env:KEY}" in _caret_line('house: {api_key: "${env:KEY}", prise: free}', 1, 5)[0]


def test_the_nearest_word_ignores_case_and_gives_up_when_nothing_is_near() -> None:
    assert nearest("MaxTurn", ["max_turns", "timeout"]) == "max_turns"
    assert nearest("zebra", ["max_turns", "timeout"]) is None


def test_visible_keeps_words_lines_and_emoji() -> None:
    assert visible("naïve\n👩‍💻\tok") == "naïve\n👩‍💻\tok"
    assert one_line("a\nb\x9b") == "a\\nb\\x9b"


SECRET = "Tr0ub4dor-and-3"


@pytest.mark.parametrize(
    "said",
    [
        f"the entry cannot be 'https://ada:{SECRET}@llm.example.eu/v1'",
        f"asked at https://ada:{SECRET}@llm.example.eu/v1, which nobody lists",
        f"asked at https://{SECRET}@llm.example.eu/v1",
        f"asked at https://ada:a/b@{SECRET}@llm.example.eu/v1",
        f"asked at ada:{SECRET}@llm.example.eu/v1",
        f"cannot be 'sk-{SECRET}{SECRET}'",
        f"cannot be 'password={SECRET}'",
    ],
)
def test_no_word_of_a_problem_repeats_a_secret_whatever_rule_said_it(said: str) -> None:
    span = Span("f", 1, 1)
    problem = Problem(span, "r", said, said, said, (Related(span, said),))
    for form in ("text", "concise", "json", "github"):
        shown = render([problem], {"f": said.encode()}, form)
        assert SECRET not in shown
        assert "***" in shown


def test_words_that_only_look_like_a_secret_stay() -> None:
    for said in (
        "the token: nobody gave one",
        "write to mailto:ada@example.org",
        "ask https://llm.example.eu:8443/v1",
        "write api_key: ${env:NAME}",
        "crew 'secret': a task is missing",
    ):
        assert Problem(Span("f", 1, 1), "r", said).message == said
