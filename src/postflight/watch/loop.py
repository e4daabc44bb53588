"""The loop of a watch: blocks one after the other, each measured in its own time, on a clock that the caller brings."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from postflight.signals.clock import Clock
from postflight.signals.reading import Reading, Source, Span, join
from postflight.stats.rules import WatchPlan
from postflight.watch.state import Record, WatchState

OnBlock = Callable[[Record, WatchState, Sequence[float]], None]  # the last are response times, for people to look at


def spans(plan: WatchPlan, origin: float) -> Iterator[Span]:
    """Yield the blocks of a plan that begins at `origin` (seconds on the watch's clock). The last may be short."""
    for number in range(1, plan.blocks + 1):
        start = origin + (number - 1) * plan.block
        yield Span(number, start, min(start + plan.block, origin + plan.duration))


Measured = tuple[Record, tuple[float, ...]]


class Watch:
    """One watch: its state after the last whole block, and how to go on from there."""

    def __init__(
        self,
        state: WatchState,
        sources: Sequence[Source],
        control: Sequence[Source],
        *,
        origin: float,
        clock: Clock,
        on_block: OnBlock,
    ) -> None:
        """`control` are the sources of the previous deployment, none where it is not probed."""
        self.state = state
        self._sources = tuple(sources)
        self._control = tuple(control)
        self._origin = origin
        self._clock = clock
        self._on_block = on_block

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until a trigger must act, the plan is over, or `stop` is set: a block that is not whole is dropped.

        A block is taken when its last request has ended, which may be while the next ones are measured: a service that
        hangs delays its own block by the requests' deadline and no other. Raises what a source or `on_block` raises.
        """
        begun: asyncio.Queue[asyncio.Task[Measured]] = asyncio.Queue()
        blocks: set[asyncio.Task[Measured]] = set()

        async def begin() -> None:
            for span in spans(self.state.plan, self._origin):
                await self._clock.sleep_until(span.start)
                task = asyncio.create_task(self._measure(span))
                blocks.add(task)
                begun.put_nowait(task)

        beginning, taking = asyncio.create_task(begin()), asyncio.create_task(self._take(begun, blocks))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if taking.done():
                taking.result()
        finally:
            ended = [beginning, taking, stopping, *blocks]
            for task in ended:
                task.cancel()
            await asyncio.gather(*ended, return_exceptions=True)

    async def _take(self, begun: asyncio.Queue[asyncio.Task[Measured]], blocks: set[asyncio.Task[Measured]]) -> None:
        while self.state.blocks < self.state.plan.blocks and not self.state.decided:
            task = await begun.get()
            record, seconds = await task
            blocks.discard(task)
            self.state = self.state.update(record)
            self._on_block(record, self.state, seconds)

    async def _measure(self, span: Span) -> Measured:
        sources = [*self._sources, *self._control]
        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(_read(source, span)) for source in sources]
        readings = [task.result() for task in reading]
        seen, control = join(readings[: len(self._sources)]), join(readings[len(self._sources) :])
        record = Record(
            span.number,
            span.end - self._origin,
            replace(seen, seconds=()),
            replace(control, seconds=()) if self._control else None,
        )
        return record, seen.seconds


async def _read(source: Source, span: Span) -> Reading:
    return await source.read(span)
