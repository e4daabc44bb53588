"""Runs flows in the loop's thread: starts them when they are due, and notes what became of each."""

import asyncio
import contextlib
import heapq
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from postflight.flow import Flow
from postflight.load.engine.alarm import alarm
from postflight.load.engine.batch import ENDINGS, INVALID, MISSED, STARTED, WAITING
from postflight.load.engine.clock import Clock
from postflight.load.engine.exchange import Exchange
from postflight.load.engine.pool import Pool, Pools
from postflight.load.engine.recorder import Recorder
from postflight.load.engine.routes import Origin, Routes
from postflight.load.engine.visit import Visit
from postflight.load.engine.writer import Writer

_AT_ONCE = 32  # arrivals that are started before the loop looks at answers again
CONNECT_DEADLINE = 5_000_000_000  # ns
TLS_DEADLINE = 5_000_000_000  # ns


@dataclass(frozen=True, slots=True)
class Limits:
    """What is bounded."""

    connections: int  # for each origin
    in_flight: int  # flows
    body: int  # bytes


@dataclass(slots=True)
class Series:
    """Flows of one kind, and when they start."""

    name: str
    offsets: Iterator[float]
    make_flow: Callable[[int], Flow[Any]]
    begin: int  # ns, monotonic
    number: int = 0  # of the next arrival


@dataclass(order=True, slots=True)
class _Due:
    when: int
    order: int
    series: Series = field(compare=False)


class Driver:
    """All that runs. Owned by the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        routes: Routes,
        writer: Writer,
        trust: ssl.SSLContext,
        limits: Limits,
        unix: int,
    ) -> None:
        self.loop, self.routes, self.writer = loop, routes, writer
        self.unix = unix  # ns to add to a monotonic time for that of the day, as all seconds of this run are named
        self._trust, self._limits = trust, limits
        self.clock = Clock()
        self.recorder = Recorder()
        self.exchanges: set[Exchange] = set()  # under way
        self.stopping = self._closed = False
        self.cut_off = 0  # flows that had no time to clean up
        self._visits: set[Visit] = set()
        self._waiting: Counter[tuple[int, str]] = Counter()  # (Unix second, name) -> requests, as told last
        self.pools = Pools(self._pool)
        self._due: list[_Due] = []
        self._order = 0
        self._alarm = alarm(loop, self._ring)
        self._swept = time.monotonic_ns()

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing is to come."""
        return not self._due and not self._visits

    def add(self, series: Series) -> None:
        """Start the flows of a series when they are due."""
        offset = next(series.offsets, None)
        if offset is not None and not self.stopping:
            self._order += 1
            heapq.heappush(self._due, _Due(series.begin + int(offset * 1e9), self._order, series))
            self._alarm.set(self._due[0].when)

    def end(self, name: str | None) -> None:
        """Start no more flows of a name (None: of any)."""
        self._due = [] if name is None else [due for due in self._due if due.series.name != name]
        heapq.heapify(self._due)

    def sweep(self) -> None:
        """Look after all that may have taken too long. To be called every few hundredths of a second.

        What counts is the time of the sweep before: all that had come by then has been read since. We may have stood
        still in between, and an answer that came in time is not late because we did not look.
        """
        now = time.monotonic_ns()
        read, self._swept = self._swept, now
        for exchange in [one for one in self.exchanges if one.limit <= read]:
            exchange.expire()
        for pool in self.pools.values():
            pool.sweep(now)
            pool.give_up(read, CONNECT_DEADLINE, TLS_DEADLINE)

    def new_recorder(self) -> Recorder:
        """Return what was noted so far, and begin anew."""
        self.clock.set()
        self._note_waiting()
        full, self.recorder = self.recorder, Recorder()
        full.seal()
        return full

    def ended(self, visit: Visit, how: int) -> None:
        """Note the end of a flow."""
        self._visits.discard(visit)
        self.recorder.flows[visit.place][how] += 1

    # -- the end of the run

    def stop(self) -> None:
        """Start nothing more, and let every flow clean up once the answer that it waits for has come."""
        self.stopping = True
        self.end(None)
        for visit in list(self._visits):
            visit.stop(patient=True)

    def hurry(self) -> None:
        """Wait for no more answers: let the flows clean up now."""
        for visit in list(self._visits):
            visit.stop(patient=False)

    def close(self) -> None:
        """Cut off what still runs, and close all."""
        if self._closed:
            return
        self.stopping = self._closed = True
        self.end(None)
        for visit in list(self._visits):
            self.cut_off += 1
            visit.cut_off()
        for pool in self.pools.values():
            pool.close()
        self._alarm.close()
        self.clock.close()

    # -- its own business

    def _note_waiting(self) -> None:
        """Note what the visits wait for, as the difference to the last time: to count each request would cost more."""
        asked = ((at, visit.name) for visit in self._visits for at in visit.waits_for())
        waiting = Counter(((at + self.unix) // 1_000_000_000, name) for at, name in asked)
        for place in waiting.keys() | self._waiting.keys():
            if more := waiting[place] - self._waiting[place]:
                self.recorder.flows[place][WAITING] += more
        self._waiting = waiting

    def _pool(self, origin: Origin) -> Pool:
        limits = self._limits
        return Pool(self.loop, origin, self._trust, self.clock, limit=limits.connections, body_limit=limits.body)

    def _ring(self) -> None:
        """Start the flows that are due; some at a time, the alarm rings again after the loop has looked at answers."""
        now = time.monotonic_ns()  # one reading for all: for what comes due meanwhile the alarm rings again
        for _ in range(_AT_ONCE):
            if not self._due:
                self._alarm.off()
                return
            due = self._due[0]
            if due.when > now:
                self._alarm.set(due.when)
                return
            series = due.series
            self._start(series, due.when)
            offset = next(series.offsets, None)
            if offset is None:
                heapq.heappop(self._due)
            else:
                due.when = series.begin + int(offset * 1e9)
                heapq.heapreplace(self._due, due)

    def _start(self, series: Series, intended: int) -> None:
        number, series.number = series.number, series.number + 1
        place = (intended + self.unix) // 1_000_000_000, series.name
        counts = self.recorder.flows[place]
        if len(self._visits) >= self._limits.in_flight:
            counts[MISSED] += 1
            return
        counts[STARTED] += 1
        try:
            flow = series.make_flow(number)
        except Exception as error:  # noqa: BLE001 - somebody else's code; a broken one voids the run, with its words
            counts[INVALID] += 1
            self.recorder.message(series.name, ENDINGS[INVALID], f"{type(error).__name__}: {error}")
            return
        visit = Visit(self, place, flow)
        self._visits.add(visit)
        visit.begin(intended)


async def look_after(driver: Driver, *, every: float, seal_every: int, give: Callable[[Recorder], None]) -> None:
    """Sweep every `every` seconds, and give away what was noted each `seal_every` sweeps, until cancelled."""
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            for _ in range(seal_every):
                await asyncio.sleep(every)
                driver.sweep()
            give(driver.new_recorder())
