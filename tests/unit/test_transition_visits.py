"""Visitors come when they are due; what each got, and whether it was us, is told apart."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from postflight.errors import DeploymentFault, RunnerNetworkError
from postflight.flow import Response
from postflight.signals.endpoints import Endpoint
from postflight.watch.transition.account import End, Visit
from postflight.watch.transition.visits import Pace, Visits, version_of
from tests.watching import FakeClock

PAGE, HEALTH = Endpoint("page", "http://shop.test/", health=False), Endpoint("web", "http://shop.test/h", health=True)
HEADER = "x-velocity-version"
Answering = Callable[[FakeClock, Endpoint], Awaitable[Response]]


async def _well(_at: float) -> str | None:
    return None


def answer(status: int = 200, version: str = "1.4.2", body: bytes = b"") -> Response:
    return Response(status, ((HEADER, version),), body, "http://shop.test/", 0.01)


def visited(
    answering: Answering,
    pace: Pace = Pace(10, 10, 2),  # noqa: B008 - frozen
    *,
    canary: Callable[[float], Awaitable[str | None]] = _well,
    network: Callable[[float], Awaitable[str | None]] = _well,
    stop_at: float | None = None,
) -> Visits:
    """Run visitors against `answering`, in no time."""
    clock, stop = FakeClock(), asyncio.Event()

    async def fetch(endpoint: Endpoint) -> Response:
        return await answering(clock, endpoint)

    def on_visit(visit: Visit) -> None:
        if stop_at is not None and visit.at >= stop_at:
            stop.set()

    visits = Visits(
        [PAGE, HEALTH],
        pace,
        origin=0.0,
        clock=clock,
        fetch=fetch,
        canary=canary,
        network=network,
        slower_than=2.0,
        version_header=HEADER,
        on_visit=on_visit,
    )
    clock.run(visits.run(stop))
    return visits


def test_visitors_come_when_they_are_due_whoever_was_served() -> None:
    due: list[float] = []

    async def stand_still(clock: FakeClock, _endpoint: Endpoint) -> Response:
        due.append(clock.now())
        await clock.sleep(3.0)
        return answer()

    made = visited(stand_still, Pace(10, 1, 100)).made
    assert due == pytest.approx([number / 10 for number in range(10)])
    assert {visit.end for visit in made} == {End.SLOW}
    assert [visit.seconds for visit in made] == pytest.approx([3.0] * 10)


def test_both_addresses_are_asked_in_turns_and_judged_each_as_what_it_is() -> None:
    async def missing(_clock: FakeClock, _endpoint: Endpoint) -> Response:
        return answer(404)

    made = visited(missing, Pace(10, 1, 100)).made
    assert [visit.end for visit in made] == [End.GOOD, End.FAILED] * 5, "a page may be missing, a health document not"
    assert made[1].said == "http://shop.test/h answered 404"


def test_they_end_some_time_after_the_version_last_changed() -> None:
    async def switch(clock: FakeClock, _endpoint: Endpoint) -> Response:
        return answer(version="1.4.2" if clock.now() < 2.95 else "1.5.0")

    made = visited(switch).made
    assert made[-1].at == pytest.approx(4.9)
    assert [visit.version for visit in made] == ["1.4.2"] * 30 + ["1.5.0"] * 20


def test_how_many_come_does_not_depend_on_how_they_fare() -> None:
    async def fail(clock: FakeClock, _endpoint: Endpoint) -> Response:
        return answer(500 if clock.now() > 4 else 200, "1.4.2" if clock.now() < 2.95 else "1.5.0")

    assert visited(fail).made[-1].at == pytest.approx(4.9)


def test_without_a_change_they_end_with_the_plan() -> None:
    async def same(_clock: FakeClock, _endpoint: Endpoint) -> Response:
        return answer()

    assert len(visited(same).made) == 100
    assert len(visited(same, stop_at=0.5).made) == pytest.approx(7, abs=1)


def test_no_answer_is_lost_when_our_own_network_works() -> None:
    async def gone(_clock: FakeClock, _endpoint: Endpoint) -> Response:
        raise DeploymentFault("shop.test refuses connections")

    visits = visited(gone, Pace(10, 1, 100))
    assert {(visit.end, visit.said) for visit in visits.made} == {(End.LOST, "shop.test refuses connections")}
    assert visits.troubles == []


def test_no_answer_is_our_trouble_when_the_control_is_gone_too() -> None:
    async def gone(clock: FakeClock, _endpoint: Endpoint) -> Response:
        await clock.sleep(0.5)
        raise DeploymentFault("shop.test gives no answer")

    async def broken(_at: float) -> str | None:
        return "the control address gives no answer"

    visits = visited(gone, Pace(10, 1, 100), network=broken)
    assert len(visits.troubles) == 10
    assert all(any(each.start <= visit.at <= each.end for each in visits.troubles) for visit in visits.made)


def test_what_this_runner_could_not_ask_is_missing() -> None:
    async def nameless(_clock: FakeClock, _endpoint: Endpoint) -> Response:
        raise RunnerNetworkError("shop.test does not resolve")

    async def refused(_clock: FakeClock, _endpoint: Endpoint) -> Response:
        return answer(429)

    for answering in (nameless, refused):
        assert {visit.end for visit in visited(answering, Pace(10, 1, 100)).made} == {End.MISSING}


def test_a_canary_that_is_late_is_a_time_of_trouble() -> None:
    async def well(_clock: FakeClock, _endpoint: Endpoint) -> Response:
        return answer()

    async def late(at: float) -> str | None:
        return "this runner is slow" if 0.25 < at < 0.45 else None

    troubles = visited(well, Pace(10, 1, 100), canary=late).troubles
    assert [(each.start, each.why) for each in troubles] == [
        (pytest.approx(0.3), "this runner is slow"),
        (pytest.approx(0.4), "this runner is slow"),
    ]


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        (((HEADER, "1.5.0"),), b'{"version": "other"}', "1.5.0"),
        ((("X-Velocity-Version", "1.5.0"),), b"", "1.5.0"),
        ((), json.dumps({"version": "1.5.0"}).encode(), "1.5.0"),
        ((), b'{"version": 7}', ""),
        ((), b'{"version": ', ""),
        ((), b"[" * 100_000, ""),
        ((), b"{" * 100_000, ""),
        ((), b"\xff<html>", ""),
        ((), b"", ""),
        (((HEADER, "v" * 1000),), b"", "v" * 100),
    ],
)
def test_the_version_of_an_answer(headers: tuple[tuple[str, str], ...], body: bytes, expected: str) -> None:
    assert version_of(Response(200, headers, body, "http://shop.test/", 0.0), HEADER) == expected
