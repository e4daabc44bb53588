"""What the tests of the watch share: a clock that waits for nobody, and signals that follow a script."""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from postflight.model import Verdict
from postflight.signals.reading import Counted, Fault, Missing, Reading, Span
from postflight.stats.blocks import Block
from postflight.stats.rules import Consecutive, ErrorRate, Rule, WatchPlan
from postflight.watch.conclude import conclude
from postflight.watch.ledger import BlockLine, Header, Ledger
from postflight.watch.loop import Watch
from postflight.watch.plan import plan_watch
from postflight.watch.replay import call_line, verdict_line
from postflight.watch.state import Record, WatchState

T = TypeVar("T")
_TURNS = 200  # of the event loop, after which everybody who is not asleep is waiting for somebody who is
RULES: tuple[Rule, ...] = (ErrorRate(), Consecutive())


class FakeClock:
    """Jumps to the next time at which somebody wants to wake up, once nobody has anything else to do."""

    def __init__(self, wall: float = 1_800_000_000.0) -> None:
        self._now = 0.0
        self._wall = wall
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._wall + self._now

    async def sleep_until(self, at: float) -> None:
        if at <= self._now:
            await asyncio.sleep(0)
            return
        sleeper = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (at, next(self._count), sleeper))
        await sleeper

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self._now + seconds)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end, in no time."""
        return asyncio.run(self._drive(work))

    async def _drive(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        while True:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
                if task.done():
                    return task.result()
            assert self._sleepers, "all wait, and nobody sleeps: this would hang"
            at, _, sleeper = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not sleeper.done():
                sleeper.set_result(None)


Script = Callable[[int], Reading]  # number of a block -> what is seen in it


class Scripted:
    """A source that says what its script says, when the block is over."""

    def __init__(self, clock: FakeClock, script: Script) -> None:
        self._clock = clock
        self._script = script

    async def read(self, span: Span) -> Reading:
        await self._clock.sleep_until(span.end)
        return self._script(span.number)


def seen(requests: int, bad: int = 0, *, healthy: bool | None = True, **gauges: float | Missing) -> Reading:
    """A block of the probes: `bad` of `requests`, one health check, and gauges."""
    return Reading(counted={"error_rate.probes": Block(requests, bad)}, checks={"web": (healthy,)}, gauges=gauges)


def gone(missing: Missing) -> Reading:
    """A block without requests. Health is checked all the same, unless it is this runner that is broken."""
    counted: Mapping[str, Counted] = {"error_rate.probes": missing}
    return Reading(counted=counted, checks={"web": (None if missing.fault is Fault.RUNNER else True,)})


def plan_of(
    rules: Sequence[Rule] = RULES, *, duration: float = 60.0, block: float = 1.0, signals: Sequence[str] = ("probes",)
) -> WatchPlan:
    return plan_watch(rules, signals, alpha=0.01, duration=duration, block=block)[0]


def watched(
    script: Script,
    control: Script | None = None,
    *,
    plan: WatchPlan | None = None,
    stop_after: int = 0,
    ledger: Path | None = None,
    known: bool = True,
) -> tuple[Verdict, WatchState, list[Record]]:
    """Run a watch over scripts; `stop_after` a block somebody presses Ctrl-C. Writes a ledger where one is wanted."""
    clock, plan, records, stop = FakeClock(), plan or plan_of(), list[Record](), asyncio.Event()
    state = WatchState.start(plan, with_control=control is not None)

    def on_block(record: Record, _now: WatchState, _seconds: Sequence[float]) -> None:
        records.append(record)
        if record.number == stop_after:
            stop.set()

    beside = [Scripted(clock, control)] if control else []
    watch = Watch(state, [Scripted(clock, script)], beside, origin=0.0, clock=clock, on_block=on_block)
    clock.run(watch.run(stop))
    interrupted = bool(stop_after) and watch.state.blocks < plan.blocks
    verdict = conclude(watch.state, (), may_roll_back=known, interrupted=interrupted)
    if ledger is not None:
        write(ledger, plan, records, verdict, interrupted=interrupted, control=control is not None, known=known)
    return verdict, watch.state, records


def header_of(plan: WatchPlan, *, control: bool = False, known: bool = True) -> Header:
    return Header(
        kind="header",
        version=1,
        postflight="0.1.0",
        python="3.11.2",
        run_id="20260101T000000-abcdef",
        platform="velocity",
        environment="staging",
        base_url="https://staging.example",
        known=known,
        control_url="https://before.example" if control else None,
        sources=("probes",),
        started="2026-01-01T00:00:00.000+00:00",
        every=1.0,
        alpha=plan.alpha,
        duration=plan.duration,
        block=plan.block,
        rules=plan.rules,
        left_out=(),
    )


def write(
    path: Path,
    plan: WatchPlan,
    records: Sequence[Record],
    verdict: Verdict | None,
    *,
    interrupted: bool = False,
    control: bool = False,
    known: bool = True,
) -> None:
    """Write a ledger as the command does."""
    state = WatchState.start(plan, with_control=control)
    with Ledger(path) as ledger:
        ledger.append(header_of(plan, control=control, known=known))
        for record in records:
            state = state.update(record)
            ledger.append(BlockLine("block", "2026-01-01T00:00:01.000+00:00", record, state.digits))
            for called in state.calls:
                if called.number == record.number:
                    ledger.append(call_line(called))
        if verdict is not None:
            ledger.append(verdict_line(verdict, interrupted=interrupted))
