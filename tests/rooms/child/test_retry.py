"""Only what passes by itself is tried again, after a pause that grows but has an end."""

from __future__ import annotations

import pytest

from crewctl.adapters.crewai_retry import LONGEST_PAUSE, is_passing, pause_before, status_of


class Reply:
    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.status_code = status
        self.headers = headers or {}


class StatusError(Exception):
    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"status {status}")
        self.response = Reply(status, headers)


def wrapped(cause: Exception) -> Exception:
    """As CrewAI does: raise an error of its own from the client's."""
    error = ValueError("the call failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_these_statuses_pass(status: int) -> None:
    assert is_passing(wrapped(StatusError(status)))
    assert status_of(wrapped(StatusError(status))) == status


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_these_statuses_stay(status: int) -> None:
    assert not is_passing(StatusError(status))


@pytest.mark.parametrize("error", [ConnectionError("reset"), TimeoutError("slow"), ConnectionResetError()])
def test_connections_and_time_pass(error: Exception) -> None:
    assert is_passing(wrapped(error))


@pytest.mark.parametrize("error", [ValueError("no"), KeyError("x"), RuntimeError("guardrail failed")])
def test_anything_else_stays(error: Exception) -> None:
    assert not is_passing(error)


def test_pauses_double_with_jitter_and_have_an_end() -> None:
    error = ConnectionError()

    assert [pause_before(attempt, 1.0, error, lambda: 0.5) for attempt in (2, 3, 4)] == [1.0, 2.0, 4.0]
    assert pause_before(2, 1.0, error, lambda: 0.0) == 0.75
    assert pause_before(2, 1.0, error, lambda: 1.0) == 1.25
    assert pause_before(500, 1.0, error, lambda: 0.5) == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("said", "pause"),
    [("3", 3.0), ("0", 0.0), ("86400", LONGEST_PAUSE), ("-1", 1.0), ("soon", 1.0), ("inf", 1.0)],
)
def test_retry_after_is_honoured_within_bounds(said: str, pause: float) -> None:
    error = wrapped(StatusError(429, {"retry-after": said}))

    assert pause_before(2, 1.0, error, lambda: 0.5) == pause


def test_an_error_that_is_its_own_cause_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first

    assert not is_passing(first)
