"""Locust's totals become blocks; what was reset, stopped or is not there is missing, and never good."""

import asyncio
import json
from typing import Any

import pytest

from postflight.errors import RunnerNetworkError, Unreachable
from postflight.flow import Response
from postflight.signals.locust import Locust
from postflight.signals.reading import Counted, Fault, Missing, Span
from postflight.stats.blocks import Block
from postflight.stats.rules import ErrorRate
from tests.watching import FakeClock

ERRORS = ErrorRate(name="error_rate.locust")
Told = tuple[int, int] | dict[str, Any] | bytes | Exception


def statistics(requests: int, failures: int, state: str = "running", seconds: float = 10.0) -> dict[str, Any]:
    first = {"name": "/", "method": "GET", "num_requests": 1, "num_failures": 0, "total_rps": 0.1, "other": None}
    total = {"name": "Aggregated", "num_requests": requests, "num_failures": failures, "total_rps": requests / seconds}
    rows = [first, total]
    return {"state": state, "stats": rows, "errors": [], "user_count": 3}


def blocks(*told: Told) -> list[Counted]:
    """What each block says, when Locust says these one after the other: before the first, and after each."""
    clock, answers = FakeClock(), list(told)
    asked: list[float] = []

    async def get(url: str) -> Response:
        assert url == "http://locust.test:8089/stats/requests"
        asked.append(clock.now())
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, tuple):
            answer = statistics(*answer)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Response(200, (), body, url, 0.01)

    async def read() -> list[Counted]:
        source = Locust("http://locust.test:8089/", [ERRORS], get, clock)
        spans = [Span(number, 5.0 * number, 5.0 * number + 5) for number in range(1, len(told))]
        return [found.counted[ERRORS.name] for found in await asyncio.gather(*(source.read(span) for span in spans))]

    found = clock.run(read())
    assert asked == [5.0 * number for number in range(1, len(told) + 1)]
    return found


def test_a_block_is_what_the_totals_grew_by() -> None:
    assert blocks((100, 7), (150, 7), (160, 12)) == [Block(50, 0), Block(10, 5)]


def test_no_growth_is_no_evidence() -> None:
    assert blocks((100, 0), (100, 0)) == [Missing("no requests")]


def test_a_reset_makes_its_block_missing_and_the_next_counts_again() -> None:
    reset, after = blocks((100, 50), (30, 1), (40, 2))
    assert isinstance(reset, Missing)
    assert "were reset" in reset.reason
    assert after == Block(10, 1)


def test_a_reset_that_many_requests_hide_is_seen_by_the_time_that_was_counted() -> None:
    """The totals grew: 50 requests, all of them failures. In truth nobody knows."""
    [found] = blocks(statistics(100, 0, seconds=60), statistics(150, 50, seconds=4))
    assert isinstance(found, Missing)
    assert "were reset" in found.reason


def test_failures_that_shrink_are_a_reset_too() -> None:
    assert isinstance(blocks((100, 50), (130, 1))[0], Missing)


@pytest.mark.parametrize("state", ["ready", "stopping", "stopped", "missing", "cleanup"])
def test_a_locust_that_sends_nothing_is_missing(state: str) -> None:
    [found] = blocks((100, 0), statistics(100, 0, state))
    assert found == Missing(f"Locust sends nothing: its state is {state}")


def test_a_test_that_begins_later_is_counted_from_then_on() -> None:
    assert blocks(statistics(0, 0, "ready"), (40, 0), (90, 0))[1] == Block(50, 0)


@pytest.mark.parametrize(
    ("told", "reason", "fault"),
    [
        (Unreachable("locust.test refuses connections"), "refuses connections", Fault.SIGNAL),
        (RunnerNetworkError("locust.test does not resolve"), "does not resolve", Fault.RUNNER),
        (b"<html>please sign in</html>", "is no statistics of Locust", Fault.SIGNAL),
        (b'{"state": "running", "stats": []}', "has no row Aggregated", Fault.SIGNAL),
        (statistics(-1, 0), "is no statistics of Locust", Fault.SIGNAL),
    ],
)
def test_what_is_no_answer_is_missing(told: Told, reason: str, fault: Fault) -> None:
    gone, back, after = blocks((10, 0), told, (30, 0), (50, 1))
    assert isinstance(gone, Missing)
    assert reason in gone.reason
    assert gone.fault is fault
    assert isinstance(back, Missing), "how much of it was before nobody knows"
    assert after == Block(20, 1)
