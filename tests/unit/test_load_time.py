"""Clocks that are set, hosts that do not agree on the time, an engine that stood still: none is the target's fault."""

import time
from collections.abc import Callable

import pytest

from postflight.flow import Flow, Request, Task, together
from postflight.load.engine.batch import Batch
from postflight.load.engine.engine import Engine
from tests import hostile
from tests.load_driving import deployed, keeping, kept, outcomes, run, wait_for

DEADLINE = 2.0  # seconds: far more than an answer takes, also on a busy machine
STANDSTILL = 2.5  # longer than that
PROMPT = Request("GET", "web", "/", deadline=DEADLINE)


def one(wish: Request = PROMPT) -> Flow[None]:
    yield wish


def standing_still(flows: dict[int, Callable[[], Flow[None]]]) -> Callable[[int], Flow[None]]:
    """Make flows by their number; the second one takes the engine's thread away, as a frozen host does."""

    def make(number: int) -> Flow[None]:
        if number == 1:
            time.sleep(STANDSTILL)  # the fault itself
        return flows.get(number, one)()

    return make


def test_seconds_are_named_as_the_master_does_whatever_this_host_calls_them() -> None:
    """The begin is told with the time that is left until then: a host whose clock is off begins with the others."""
    begin = 1_000_000_000.0  # 2001
    with (
        hostile.answering() as url,
        Engine(deployed(url), "r", epoch=begin - time.monotonic() - 0.1) as engine,
    ):
        engine.start([0.0, 0.01], lambda _: one(), begin=begin)
        wait_for(lambda: engine.idle)
        engine.stop()
        batch = engine.drain()
    assert {second for second, _ in batch.flows} == {key.second for key in batch.cells} == {1_000_000_000}
    assert batch.flow_total().ok == 2


@pytest.mark.parametrize("hours", [-1, 1])
def test_somebody_sets_the_clock_while_load_runs(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    """NTP's first correction, or a suspended machine: nothing of it is told of another hour."""
    true = time.time_ns
    with keeping(lambda call, number: kept()) as (url, calls), Engine(deployed(url), "r") as engine:
        before = time.time()
        engine.start([i / 100 for i in range(80)], lambda _: one())
        wait_for(lambda: len(calls) > 10)
        monkeypatch.setattr(time, "time_ns", lambda: true() + hours * 3_600_000_000_000)
        wait_for(lambda: engine.idle)
        engine.stop()
        batch = engine.drain()
    seconds = {second for second, _ in batch.flows} | {key.second for key in batch.cells}
    assert before - 1 < min(seconds) <= max(seconds) < before + 60
    assert batch.total(outcomes=["2xx"]).count == 80


def test_an_answer_that_came_in_time_is_not_late_because_we_did_not_look() -> None:
    """We stand still for longer than the deadline: the answer lies there, and is read before anybody gives up."""
    with keeping(lambda call, number: kept()) as (url, calls), Engine(deployed(url), "r") as engine:

        def wait_until_it_is_asked(number: int) -> Flow[None]:
            if number == 1:
                wait_for(lambda: len(calls) > 0)
                time.sleep(STANDSTILL)  # the fault itself
            return one()

        engine.start([0.0, 0.05], wait_until_it_is_asked)
        wait_for(lambda: engine.idle)
        engine.stop()
        batch = engine.drain()
    assert outcomes(batch) == {"2xx": 2}


def test_deadlines_of_visits_that_we_begin_late_count_from_then() -> None:
    """Due while we stood still: the target had no chance to answer before they were sent."""
    with keeping(lambda call, number: kept()) as (url, _), Engine(deployed(url), "r") as engine:
        engine.start([0.0] + [0.01] * 20, standing_still({}))
        wait_for(lambda: engine.idle)
        engine.stop()
        batch = engine.drain()
    assert outcomes(batch) == {"2xx": 21}
    assert batch.total().latency.maximum > 1e6 * (STANDSTILL - 0.1)  # and that they were late is told


def test_who_begins_late_says_so_also_of_what_is_no_request() -> None:
    async def nothing() -> None:
        pass

    def task() -> Flow[None]:
        yield Task("broadcast", nothing)

    with hostile.answering() as url, Engine(deployed(url), "r") as engine:
        engine.start([0.0] + [0.01] * 20, standing_still(dict.fromkeys(range(21), task)))
        wait_for(lambda: engine.idle)
        engine.stop()
        batch = engine.drain()
    late = 1e6 * (STANDSTILL - 0.1)
    assert batch.total("broadcast").latency.quantile(0.9) > late  # from when they were due
    assert batch.total("broadcast").service.maximum < late
    assert batch.effort.lag.quantile(0.9) > late


def test_it_is_told_how_many_requests_wait_and_not_how_many_visits_run() -> None:
    """A visit whose parts have come but for one waits for one."""
    parts = [Request("GET", "web", f"/{number}", name=f"part {number}") for number in range(5)]

    def answer(call: hostile.Call, _: int) -> bytes:
        if call.path == "/4":
            call.ending.wait(20)
        return kept()

    def page() -> Flow[None]:
        yield from together(parts)

    with keeping(answer) as (url, _), Engine(deployed(url), "r") as engine:
        engine.start([0.0], lambda _: page(), name="visit")
        batch = Batch()

        def all_but_one() -> bool:
            nonlocal batch
            batch += engine.drain()
            return batch.total(outcomes=["2xx"]).count == 4

        wait_for(all_but_one)
        assert (batch.flow_total().in_flight, batch.flow_total().waiting) == (1, 1)
        engine.stop(grace=0.2)
        batch += engine.drain()
    assert (batch.flow_total().in_flight, batch.flow_total().waiting) == (0, 0)


def test_nothing_waits_when_all_has_ended() -> None:
    with keeping(lambda call, number: kept()) as (url, _):
        batch = run(deployed(url), *[one] * 10)
    assert batch.flow_total().waiting == 0
