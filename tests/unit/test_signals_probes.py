"""The probes: a steady schedule, response times from the intended start, and what is bad, slow or missing."""

import asyncio
from collections.abc import Callable

import pytest

from postflight.errors import RunnerNetworkError, Unreachable
from postflight.flow import Response
from postflight.model import Deployment, Service
from postflight.signals.endpoints import Endpoint, control_endpoints_of, endpoints_of
from postflight.signals.probes import Probes, Schedule
from postflight.signals.reading import NO_REQUESTS, Fault, Missing, Reading, Span, counted, join, missing_because
from postflight.stats.blocks import Block
from postflight.stats.rules import ErrorRate, ResponseTime
from tests.watching import FakeClock

WEB = Endpoint("web", "http://web/health", health=True)
PAGE = Endpoint("page", "http://web/", health=False)
ERRORS, SLOW = ErrorRate(name="error_rate.probes"), ResponseTime(2.0, name="response_time.probes")
Outcome = int | Exception


def read(
    outcome: Callable[[Endpoint, float], Outcome],
    *,
    takes: float = 0.01,
    canary: str | None = None,
    network: str | None = None,
    every: float = 1.0,
) -> tuple[Reading, list[float]]:
    clock, starts = FakeClock(), list[float]()

    async def fetch(endpoint: Endpoint) -> Response:
        at = clock.now()
        starts.append(at)
        await clock.sleep(takes)
        found = outcome(endpoint, at)
        if isinstance(found, Exception):
            raise found
        return Response(found, (), b"", endpoint.url, takes)

    async def said(words: str | None) -> str | None:
        return words

    probes = Probes(
        [PAGE, WEB],
        [ERRORS, SLOW],
        Schedule(0.0, every),
        fetch=fetch,
        clock=clock,
        canary=lambda _: said(canary),
        network=lambda _: said(network),
    )
    return clock.run(probes.read(Span(1, 0.0, 5.0))), starts


def test_all_good() -> None:
    reading, starts = read(lambda *_: 200)
    assert starts == [at for at in range(5) for _ in range(2)]
    assert reading.counted == {"error_rate.probes": Block(10, 0), "response_time.probes": Block(10, 0)}
    assert reading.checks == {"web": (True,) * 5}
    assert reading.notes == ()
    assert len(reading.seconds) == 10


def test_slow_answers_do_not_slow_the_schedule() -> None:
    reading, starts = read(lambda *_: 200, takes=7.0)
    assert sorted(set(starts)) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert reading.counted == {"error_rate.probes": Block(10, 0), "response_time.probes": Block(10, 10)}
    assert set(reading.seconds) == {7.0}


def test_response_times_count_from_the_intended_start() -> None:
    """This runner could not send before 3 s: three rounds are late, and none is forgotten."""
    clock = FakeClock()

    async def fetch(endpoint: Endpoint) -> Response:
        await clock.sleep_until(3.0)
        return Response(200, (), b"", endpoint.url, 0.0)

    async def well(_at: float) -> None:
        return None

    probes = Probes([PAGE], [SLOW], Schedule(0.0, 1.0), fetch=fetch, clock=clock, canary=well, network=well)
    reading = clock.run(probes.read(Span(1, 0.0, 5.0)))
    assert reading.seconds == (3.0, 2.0, 1.0, 0.0, 0.0)
    assert reading.counted["response_time.probes"] == Block(5, 1)


@pytest.mark.parametrize(
    ("status", "page", "health"), [(204, 0, 0), (301, 0, 5), (404, 0, 5), (500, 5, 5), (503, 5, 5)]
)
def test_which_status_is_bad(status: int, page: int, health: int) -> None:
    assert read(lambda *_: status)[0].counted["error_rate.probes"] == Block(10, page + health)
    reading, _ = read(lambda endpoint, _: status if endpoint is WEB else 200)
    assert reading.checks["web"] == (health == 0,) * 5


def test_what_does_not_answer_is_bad_and_slow_when_this_runners_network_works() -> None:
    reading, _ = read(lambda endpoint, _: Unreachable("web:80 refuses connections") if endpoint is WEB else 200)
    assert reading.counted == {"error_rate.probes": Block(10, 5), "response_time.probes": Block(10, 5)}
    assert reading.checks["web"] == (False,) * 5
    assert reading.notes == ("web: web:80 refuses connections (5 times)",)


def test_what_does_not_answer_is_missing_when_it_does_not() -> None:
    reading, _ = read(lambda *_: Unreachable("refused"), network="the control address gives no answer")
    missing = Missing("the control address gives no answer", Fault.RUNNER)
    assert reading.counted == {"error_rate.probes": missing, "response_time.probes": missing}
    assert reading.checks["web"] == (None,) * 5


def test_the_network_is_only_asked_about_when_something_did_not_answer() -> None:
    reading, _ = read(lambda *_: 500, network="never asked")
    assert reading.counted["error_rate.probes"] == Block(10, 10)


def test_a_late_canary_makes_the_whole_block_missing() -> None:
    reading, _ = read(lambda *_: 200, canary="this runner is slow")
    assert set(reading.counted.values()) == {Missing("this runner is slow", Fault.RUNNER)}
    assert reading.seconds == ()


def test_a_name_that_does_not_resolve_is_missing_and_not_bad() -> None:
    reading, _ = read(lambda endpoint, _: RunnerNetworkError("web does not resolve") if endpoint is WEB else 200)
    assert reading.counted["error_rate.probes"] == Block(5, 0)
    assert reading.checks["web"] == (None,) * 5
    reading, _ = read(lambda *_: RunnerNetworkError("web does not resolve"))
    assert reading.counted["error_rate.probes"] == Missing("web does not resolve", Fault.RUNNER)


def test_a_refusal_for_asking_too_often_says_nothing() -> None:
    found = read(lambda *_: 429)[0].counted["error_rate.probes"]
    assert isinstance(found, Missing)
    assert (found.fault, "--every" in found.reason) == (Fault.SIGNAL, True)


@pytest.mark.parametrize(("every", "block"), [(0.1, 0.3), (0.1, 1.0), (0.7, 3.0), (5.0, 10.0), (1.0, 1.0), (2.0, 3.0)])
def test_blocks_divide_the_rounds_without_loss_or_repetition(every: float, block: float) -> None:
    schedule = Schedule(123.456, every)
    found = [
        at for i in range(30) for at in schedule.within(Span(i + 1, 123.456 + i * block, 123.456 + (i + 1) * block))
    ]
    assert found == [123.456 + i * every for i in range(len(found))]
    assert len(found) in range(int(30 * block / every), int(30 * block / every) + 2)


def deployment() -> Deployment:
    services = {
        "web": Service("web", "https://site", health="/api/health"),
        "orchestrator": Service(
            "orchestrator", "https://iad", {"iad": "https://iad", "sfo": "https://sfo/"}, "/health"
        ),
        "realtime": Service("realtime", "wss://live/realtime/v1"),
        "gateway": Service("gateway", "https://gateway"),
    }
    return Deployment("velocity", "staging", "https://site", known=True, services=services)


def test_every_service_and_region_is_asked() -> None:
    assert [(endpoint.name, endpoint.url, endpoint.health) for endpoint in endpoints_of(deployment())] == [
        ("page", "https://site", False),
        ("web", "https://site/api/health", True),
        ("orchestrator-iad", "https://iad/health", True),
        ("orchestrator-sfo", "https://sfo/health", True),
        ("realtime", "https://live/realtime/v1", False),
        ("gateway", "https://gateway", False),
    ]


def test_the_control_is_asked_the_same_of_its_own_address() -> None:
    found = control_endpoints_of(deployment(), "https://before/")
    assert [endpoint.url for endpoint in found] == ["https://before/", "https://before/api/health"]
    bare = Deployment("generic", "unknown", "https://site", known=False)
    assert [endpoint.url for endpoint in control_endpoints_of(bare, "https://before")] == ["https://before"]


def test_no_requests_are_missing() -> None:
    assert counted(0, 0) is NO_REQUESTS
    assert counted(3, 1) == Block(3, 1)


def test_errors_are_whose_fault_they_are() -> None:
    assert missing_because(Unreachable("refused")) == Missing("refused", Fault.SIGNAL)
    assert missing_because(RunnerNetworkError("no route")) == Missing("no route", Fault.RUNNER)


def test_readings_are_joined_and_bounded() -> None:
    one = Reading({"a": Block(1, 0)}, {"web": (True,)}, {}, (0.1,), ("x",) * 4)
    two = Reading({"b": Block(2, 1)}, {}, {"g": 3.0}, (0.2,), ("y",) * 4)
    both = join([one, two])
    assert both.counted == {"a": Block(1, 0), "b": Block(2, 1)}
    assert (both.seconds, both.gauges, len(both.notes)) == ((0.1, 0.2), {"g": 3.0}, 5)


def test_the_canary_answers_on_loopback() -> None:
    from postflight.signals.canary import Canary

    class Standing:
        """A clock that stands at one time."""

        def __init__(self, at: float) -> None:
            self.at = at

        def now(self) -> float:
            return self.at

    async def trouble(at: float) -> str | None:
        async with Canary(Standing(at), late=0.5) as canary:  # type: ignore[arg-type]
            return await canary.trouble(100.0)

    assert asyncio.run(trouble(100.4)) is None
    assert "this runner is slow: its own answer on loopback took 0.7 s" in str(asyncio.run(trouble(100.7)))


def test_a_canary_that_is_gone_means_that_this_runner_does_not_reach_itself() -> None:
    from postflight.signals.canary import Canary
    from postflight.signals.clock import SystemClock

    async def trouble() -> str | None:
        clock = SystemClock()
        async with Canary(clock, late=5.0) as canary:
            assert canary._server is not None
            port = canary._server.sockets[0].getsockname()[1]
            canary._server.close()
            await canary._server.wait_closed()

            class Closed:
                sockets = (type("Socket", (), {"getsockname": lambda self: ("127.0.0.1", port)})(),)

                def close(self) -> None: ...

            canary._server = Closed()  # type: ignore[assignment]
            return await canary.trouble(clock.now())

    assert "does not reach itself on loopback" in str(asyncio.run(trouble()))
