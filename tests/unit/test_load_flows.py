"""Flows under load: how each end is counted, what is cleaned up, and the end of a run."""

import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import pytest

from postflight.errors import CannotMeasure, DeploymentFault, NotEnoughEvidence
from postflight.flow import Flow, Pause, Request, Response
from postflight.load.engine.engine import Engine
from tests import hostile
from tests.load_driving import GET, PATIENCE, ask, deployed, keeping, kept, outcomes, run, wait_for


def ends(error: Exception | None) -> Callable[[], Flow[None]]:
    def flow() -> Flow[None]:
        yield GET
        if error is not None:
            raise error

    return flow


def test_the_end_of_a_flow_says_how_it_is_counted() -> None:
    kinds = [None, DeploymentFault("bad"), NotEnoughEvidence("full"), CannotMeasure("ours"), KeyError("bug")]
    with hostile.answering() as url:
        batch = run(deployed(url), *(ends(error) for error in kinds))

    flows = batch.flow_total()
    assert (flows.started, flows.ok, flows.failed, flows.unknown, flows.invalid) == (5, 1, 1, 1, 2)
    assert flows.in_flight == 0
    assert outcomes(batch) == {"2xx": 4, "check": 1}  # only the deployment's fault is an answer's
    assert {message.text for message in batch.messages} >= {"bad", "full", "KeyError: 'bug'"}


def test_a_rejected_5xx_stays_one() -> None:
    def flow() -> Flow[None]:
        answer = yield GET
        answer.expect(200)

    with hostile.answering(503) as url:
        assert outcomes(run(deployed(url), flow)) == {"5xx": 1}


def test_a_token_in_an_error_is_taken_out() -> None:
    def flow() -> Flow[None]:
        answer = yield Request("GET", "web", "/", token="opaque-token-123")
        answer.expect(201)

    with hostile.answering(200, b"you sent opaque-token-123") as url:
        batch = run(deployed(url), flow)

    (message,) = batch.messages
    assert "opaque" not in message.text
    assert "[secret token]" in message.text


@pytest.mark.parametrize(
    "wish",
    [
        Request("GET", "nowhere", "/"),
        Request("GET", "web", "https://elsewhere.example/", token="secret"),
        Request("GET", "web", "/", headers={"X-A": "b\r\nX-Evil: 1"}),
        Request("G ET", "web", "/"),
        Request("GET", "web", "ftp://elsewhere.example/"),
    ],
)
def test_what_cannot_be_sent_is_thrown_into_the_flow(wish: Request) -> None:
    cleaned: list[Response] = []

    def flow() -> Flow[None]:
        try:
            yield wish
        finally:
            cleaned.append((yield GET))

    with hostile.answering() as url:
        batch = run(deployed(url), flow)

    assert len(cleaned) == 1
    assert outcomes(batch) == {"2xx": 1}
    assert batch.flow_total().invalid + batch.flow_total().failed == 1


def test_a_flow_that_cannot_be_made_is_invalid() -> None:
    def make() -> Flow[None]:
        raise LookupError("no account left")

    with hostile.answering() as url:
        batch = run(deployed(url), make)

    assert batch.flow_total().invalid == 1


def test_what_is_due_beyond_the_limit_in_flight_is_missed() -> None:
    with hostile.silent() as url, Engine(deployed(url), "run-1", in_flight=3) as engine:
        engine.start([0.0] * 10, lambda _: ask(GET)(), name="f")
        wait_for(lambda: engine._heard == 1 and not engine._driver._due)  # type: ignore[union-attr]
        engine.stop(0)
        flows = engine.drain().flow_total("f")

    assert (flows.started, flows.missed, flows.due, flows.stopped) == (3, 7, 10, 3)


# -- the end of a run


def creator(removed: list[str], *, pause: float = 60.0) -> Generator[Any, Any, None]:
    """A flow that creates something and removes it whatever happens."""
    created = yield Request("POST", "web", "/created")
    try:
        yield Pause(pause)
    finally:
        answer = yield Request("DELETE", "web", f"/{created.text}")
        removed.append(answer.text)


def test_flows_clean_up_when_the_run_ends() -> None:
    removed: list[str] = []
    with keeping(lambda call, number: kept(call.path.encode())) as (url, calls), Engine(deployed(url), "r") as engine:
        engine.start([0.0] * 5, lambda _: creator(removed))
        engine.start([30.0, 40.0], lambda _: creator(removed), name="later")
        wait_for(lambda: len(calls) == 5)
        assert engine.stop(PATIENCE) == 0
        flows = engine.drain().flow_total()

    assert len(removed) == 5
    assert (flows.started, flows.stopped, flows.in_flight) == (5, 5, 0)


def test_an_answer_under_way_is_waited_for_so_that_what_it_created_is_removed() -> None:
    removed: list[str] = []
    stopped = threading.Event()

    def answer(call: hostile.Call, number: int) -> bytes:
        if call.head.startswith(b"POST"):
            stopped.wait(PATIENCE)
        return kept(call.path.encode())

    def stop_soon(calls: Sequence[Any], engine: Engine) -> None:
        wait_for(lambda: len(calls) == 1)
        threading.Timer(0.1, stopped.set).start()
        assert engine.stop(PATIENCE) == 0

    with keeping(answer) as (url, calls), Engine(deployed(url), "r") as engine:
        engine.start([0.0], lambda _: creator(removed))
        stop_soon(calls, engine)

    assert len(removed) == 1


def test_a_flow_that_does_not_end_is_cut_off_and_told() -> None:
    def stubborn() -> Flow[None]:
        while True:
            try:
                yield Pause(60)
            finally:
                yield GET

    with hostile.silent() as url, Engine(deployed(url), "r") as engine:
        engine.start([0.0], lambda _: stubborn())
        wait_for(lambda: bool(engine._driver and engine._driver._visits))
        assert engine.stop(0.2) == 1
        assert engine.drain().flow_total().stopped == 1


def test_a_series_can_be_ended_while_another_goes_on() -> None:
    with keeping(lambda call, number: kept()) as (url, _), Engine(deployed(url), "r") as engine:
        engine.start((i / 100 for i in range(100_000)), lambda _: ask(GET)(), name="long")
        engine.start([0.2], lambda _: ask(GET)(), name="short")
        engine.end("long")
        wait_for(lambda: engine.idle)
        engine.stop()
        batch = engine.drain()

    assert batch.flow_total("short").ok == 1
    assert batch.flow_total("long").in_flight == 0


def test_an_engine_that_dies_says_so() -> None:
    def offsets() -> Iterator[float]:
        yield 0.0
        raise RuntimeError("no more")

    with hostile.answering() as url, Engine(deployed(url), "r") as engine:
        engine.start(offsets(), lambda _: ask(GET)())
        wait_for(lambda: engine._error is not None)
        with pytest.raises(CannotMeasure, match="no more"):
            engine.drain()


GEVENT = """
import gevent.monkey; gevent.monkey.patch_all()
import sys, gevent
from postflight.flow import Request
from postflight.load.engine.engine import Engine
from postflight.load.engine.histogram import bucket_of
from postflight.model import Deployment
ticks = 0
def tick():
    global ticks
    while True:
        gevent.sleep(0.001); ticks += 1
gevent.spawn(tick)
def flow(number):
    answer = yield Request("GET", "web", "/")
    answer.expect(200)
deployment = Deployment("p", "e", sys.argv[1], known=True, ca_file=sys.argv[2])
with Engine(deployment, "r") as engine:
    engine.start([i / 100 for i in range(20)], flow)
    while not engine.idle:
        gevent.sleep(0.02)
    engine.stop()
    batch = engine.drain()
print(batch.flow_total().ok, ticks > 20, batch.effort.kernel)
"""


def test_it_works_beside_gevent_and_over_tls() -> None:
    with hostile.secure() as server:
        done = subprocess.run(
            [sys.executable, "-c", GEVENT, server.url, server.ca_file],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    ok, ticked, kernel = done.stdout.split() or [done.stderr] * 3
    assert (ok, ticked) == ("20", "True")
    assert int(kernel) >= 10 or sys.platform != "linux"
