"""Whether the load engine tells the truth: against what a server in another process noted of what it did.

The truth of one request is what the server did, counted from when the request was to start. So a busy machine makes
these tests slow, and not red.
"""

import contextlib
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from postflight.flow import Flow, Request
from postflight.load.engine.arrivals import Kind, Schedule, Stage
from postflight.load.engine.batch import Batch
from postflight.load.engine.clock import Clock
from postflight.load.engine.engine import Engine
from postflight.load.judging.generator import judge
from postflight.model import Deployment

PATIENCE = 60.0  # seconds: the bound of a hang
STALL = 2.0  # seconds
MakeFlow = Callable[[int], Flow[None]]


@dataclass
class TruthServer:
    """The server's process, and what it says."""

    process: subprocess.Popen[str]
    url: str

    def begin(self) -> None:
        """Count the seconds to the stall from now on."""
        assert self.process.stdin is not None
        self.process.stdin.write("begin\n")
        self.process.stdin.flush()

    def log(self) -> dict[int, tuple[int, int, int]]:
        """End it, and return number -> read, before and after writing (ns, monotonic)."""
        said, _ = self.process.communicate(timeout=PATIENCE)
        lines = [tuple(map(int, line.split())) for line in said.splitlines()]
        return {number: (read, before, after) for number, read, before, after in lines}


@contextlib.contextmanager
def serving(stall_at: float = 1000.0, stall: float = 0.0) -> Iterator[TruthServer]:
    command = [sys.executable, str(Path(__file__).with_name("truth_server.py")), str(stall_at), str(stall)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield TruthServer(process, f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.kill()
        process.wait(PATIENCE)


def play(server: TruthServer, offsets: Sequence[float], make_flow: MakeFlow, **options: Any) -> tuple[int, Batch]:
    """Run a schedule. Returns when it began (ns, monotonic), and what the engine measured."""
    deployment = Deployment("truth", "local", server.url, known=True)
    batches = []
    with Engine(deployment, "run-1", in_flight=100_000, **options) as engine:
        begin = time.time() + 0.05
        at = time.monotonic_ns() + round((begin - time.time()) * 1e9)
        engine.start(offsets, make_flow, begin=begin)
        server.begin()
        end = time.monotonic() + PATIENCE
        while not engine.idle:
            assert time.monotonic() < end, "it hangs"
            time.sleep(0.05)
            batches.append(engine.drain())
        engine.stop()
        batches.append(engine.drain())
    return at, Batch.sum(batches)


def get(number: int, service: int = 0) -> Flow[None]:
    answer = yield Request("GET", "web", f"/{number}/{service}", name="GET", deadline=PATIENCE)
    answer.expect(200)


def quantile(samples: Sequence[float], share: float) -> float:
    return sorted(samples)[math.ceil(share * len(samples)) - 1]


@pytest.mark.parametrize(
    ("rate", "seconds", "kind"),
    [(50, 4.0, Kind.CONSTANT), (200, 4.0, Kind.POISSON), (1000, 4.0, Kind.CONSTANT), (5000, 3.0, Kind.CONSTANT)],
)
def test_corrected_latency_is_the_truth_through_a_stall(rate: int, seconds: float, kind: Kind) -> None:
    offsets = list(Schedule((Stage(seconds, rate, rate),), kind, seed=7).offsets())
    with serving(stall_at=seconds / 4, stall=STALL) as server:
        begin, batch = play(server, offsets, lambda number: get(number, 5000 if number % 10 == 0 else 0))
        log = server.log()

    assert len(log) == len(offsets) == batch.total(outcomes=["2xx"]).count
    told = batch.total().latency
    intended = [begin + offset * 1e9 for offset in offsets]
    early = [(log[number][1] - start) / 1000 for number, start in enumerate(intended)]  # us: it had not written yet
    late = [(log[number][2] - start) / 1000 for number, start in enumerate(intended)]  # it had
    for share in (0.5, 0.99, 1.0):
        least, most, seen = quantile(early, share), quantile(late, share), told.quantile(share)
        assert least - max(0.02 * least, 1000) <= seen <= most + max(0.02 * most, 1000), starved(batch)
    # what a closed loop would have said: it waits for the stall with each connection once
    assert quantile(early, 0.99) > 0.75 * STALL * 1e6
    assert batch.effort.kernel == len(offsets) or sys.platform != "linux"


def starved(batch: Batch) -> str:
    """What to say with a red test: whose fault it is."""
    return "; ".join(judge(batch.effort, batch.flow_total())) or "the generator was well: the measurement is wrong"


def busy(number: int) -> Flow[None]:
    """A flow that keeps our thread busy for longer than the next one is away."""
    yield from get(number)
    until = time.thread_time_ns() + 2_000_000
    while time.thread_time_ns() < until:
        pass


def test_a_saturated_generator_does_not_make_the_server_look_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    offsets = list(Schedule((Stage(1.0, 700, 700),)).offsets())
    with serving() as server:
        _, by_kernel = play(server, offsets, busy, connections=16)
        log = server.log()
    monkeypatch.setattr(Clock, "received", lambda _self, _ancillary: 0)
    with serving() as server:
        _, by_us = play(server, offsets, busy, connections=16)

    truth = quantile([(after - read) / 1000 for read, _, after in log.values()], 0.5)
    kernel, ours = (batch.total().service.quantile(0.5) for batch in (by_kernel, by_us))
    assert (by_us.effort.kernel, by_us.effort.user) == (0, len(offsets))
    assert abs(kernel - truth) < 1000
    assert ours > 10 * kernel
    # it says so itself: by the share of a core that it used, or, where others use that core too, by how late it was
    assert any("of a core" in reason or "late" in reason for reason in judge(by_kernel.effort, by_kernel.flow_total()))


def starving(number: int) -> Flow[None]:
    """A flow whose first one takes the thread away for half a second, as a busy host does."""
    if number == 0:
        time.sleep(0.5)
    return get(number)


def test_a_starved_generator_is_invalid() -> None:
    offsets = list(Schedule((Stage(1.0, 100, 100),)).offsets())
    with serving() as server:
        _, batch = play(server, offsets, starving)

    assert batch.total(outcomes=["2xx"]).count == len(offsets)
    assert any("late" in reason for reason in judge(batch.effort, batch.flow_total()))
