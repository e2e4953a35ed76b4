"""The wish to stop, and the clock that counts only while steps run."""

from __future__ import annotations

import os
import signal

from crewctl.running.run_clock import RunClock
from crewctl.running.stop import StopFlag


def test_a_request_says_who_and_why() -> None:
    flag = StopFlag()
    assert not flag.is_set
    flag.request("ann", "wrong input")
    flag.request("bob", "too late")
    assert (flag.is_set, flag.cause, flag.why) == (True, "request", "stopped by ann: wrong input")


def test_listeners_hear_it_until_they_are_forgotten() -> None:
    flag, heard = StopFlag(), []

    def listener() -> None:
        heard.append(flag.cause)

    flag.listen(listener)
    flag.request("ann")
    flag.forget(listener)
    flag.request("ann")
    assert heard == ["request"]


def test_a_signal_sets_it_and_a_second_one_makes_it_urgent() -> None:
    flag = StopFlag()
    before = signal.getsignal(signal.SIGTERM)
    with flag.on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        assert (flag.cause, flag.urgent, flag.why) == ("signal", False, "interrupted by SIGTERM")
        os.kill(os.getpid(), signal.SIGINT)
        assert (flag.urgent, flag.why) == (True, "interrupted by SIGTERM")
    assert signal.getsignal(signal.SIGTERM) is before


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_clock_counts_side_by_side_steps_once_and_waits_not_at_all() -> None:
    time = Time()
    clock = RunClock(time, spent=5.0)
    time.now = 200.0
    assert clock.elapsed() == 5.0
    clock.enter()
    time.now = 203.0
    clock.enter()
    time.now = 204.0
    assert clock.elapsed() == 9.0
    clock.leave()
    time.now = 206.0
    clock.leave()
    time.now = 300.0
    assert clock.elapsed() == 11.0
