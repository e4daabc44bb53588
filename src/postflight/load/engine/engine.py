"""The engine: runs flows on a schedule in a native thread of its own, and tells what it measured in batches.

It knows no Locust, and works in a plain process as well as beside gevent: see `native`.
"""

import asyncio
import contextlib
import gc
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from postflight.errors import CannotMeasure
from postflight.flow import Flow
from postflight.load.engine.batch import Batch, Message, count_message
from postflight.load.engine.driver import Driver, Limits, Series, look_after
from postflight.load.engine.http2 import PROTOCOL
from postflight.load.engine.native import start_thread
from postflight.load.engine.recorder import Recorder
from postflight.load.engine.routes import Routes, place
from postflight.load.engine.writer import Writer
from postflight.model import Deployment
from postflight.probes import body
from postflight.probes.addresses import urls
from postflight.probes.transport import trust
from postflight.redact import Redactor

MakeFlow = Callable[[int], Flow[Any]]  # is given the number of the arrival in its series: 0, 1, 2 ...

SWEEP = 0.05  # seconds: how late a deadline may be noticed
SEAL_EVERY = 5  # sweeps: what is drained is at most so old
_LOOK = 0.005  # seconds between two looks at whether the thread is done
_COLLECT_EVERY = 50_000  # objects: a request leaves no cycle behind, so that there is little to collect
_THREAD_DEADLINE = 5.0  # seconds for the thread to start, and to end


class Engine:
    """Runs flows against a deployment. A context manager; one thread or greenlet owns it.

    with Engine(deployment, run_id) as engine:
        engine.start(schedule.offsets(), lambda number: velocity.health("web", "/api/health"), name="api")
        while not engine.idle:
            time.sleep(0.5)            # or gevent.sleep
            batch += engine.drain()
        engine.stop(grace=10)
        batch += engine.drain()        # all that is left

    TLS is verified as everywhere (`probes.transport`). Requests go straight to their origin, past any proxy: else it
    would be the proxy that is measured.
    """

    def __init__(
        self,
        deployment: Deployment,
        run_id: str,
        *,
        connections: int = 100,  # at most, for each origin; waiting for one is measured as queueing
        in_flight: int = 10_000,  # flows at most; one that is due beyond that is missed
        body_limit: int = body.LIMIT,  # bytes
        redactor: Redactor | None = None,
        epoch: float | None = None,  # what to add to monotonic seconds for Unix time; None: what this clock says now
    ) -> None:
        self._deployment = deployment
        self._redactor = redactor or Redactor.of(deployment)
        self._limits = Limits(connections, in_flight, body_limit)
        self._writer = Writer(run_id)
        # once for all: nobody who sets the clock, and no other host with another one, shall mix up the seconds
        self._unix = time.time_ns() - time.monotonic_ns() if epoch is None else round(epoch * 1e9)
        self._full: deque[Recorder] = deque()  # given away by the thread, not yet drained
        self._told = self._heard = 0  # what the thread was asked to do, and has done
        self._loop: asyncio.AbstractEventLoop | None = None
        self._driver: Driver | None = None
        self._running = False
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        """Start the thread. Raises `ConfigError` (no certificate file) or `UnexpectedAnswer` (no address)."""
        for url in urls(self._deployment):
            if url.startswith("http"):
                place(url)
        certificates = trust(self._deployment.ca_file)
        certificates.set_alpn_protocols([PROTOCOL, "http/1.1"])
        gc.collect()
        gc.freeze()  # else each of the collector's full rounds goes through all that Locust has loaded, and we wait
        self._threshold = gc.get_threshold()
        gc.set_threshold(_COLLECT_EVERY, *self._threshold[1:])
        self._running = True
        start_thread(lambda: self._run(certificates))
        self._wait(lambda: self._driver is not None, _THREAD_DEADLINE, "the engine's thread did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop without grace, where `stop` was not called, and end the thread."""
        gc.set_threshold(*self._threshold)
        gc.unfreeze()
        if self._running:
            self.stop(grace=0.0)

    def start(
        self, arrivals: Iterable[float], make_flow: MakeFlow, *, name: str = "flow", begin: float | None = None
    ) -> None:
        """Add a series of flows: one for each arrival (seconds after `begin`, ascending).

        `begin` is Unix time, as `epoch` has it; None is now. `name` is that of the flows in `Batch.flows`. `arrivals`
        and `make_flow` are called in the engine's thread. Others may run already.
        """
        at = time.monotonic_ns() if begin is None else round(begin * 1e9) - self._unix
        series = Series(name, iter(arrivals), make_flow, at)
        self._tell(lambda driver: driver.add(series))

    def end(self, name: str | None = None) -> None:
        """Let no more flows of this name (None: of any) start; those that run go on."""
        self._tell(lambda driver: driver.end(name))

    @property
    def idle(self) -> bool:
        """Whether no arrival is to come and no flow runs."""
        driver = self._driver
        return self._told == self._heard and (driver is None or not self._running or driver.idle)

    def stop(self, grace: float = 10.0) -> int:
        """End all: no new arrivals, and `Stopped` is thrown into each running flow at its next wish.

        An answer that is under way is waited for, half of the grace at most, so that a flow knows what it has created;
        then its `finally` may send requests to remove it. After `grace` seconds everything is closed. Blocks for so
        long at most (through `time.sleep`, so a greenlet lets others run), and returns how many flows were cut off
        before they had cleaned up.
        """
        driver = self._driver
        if driver is None or not self._running:
            return 0 if driver is None else driver.cut_off
        begun = time.monotonic()
        if grace > 0:
            self._tell(lambda driver: driver.stop())
            self._sleep_until(lambda: self.idle, begun + grace / 2)
            if not self.idle:
                self._tell(lambda driver: driver.hurry())
                self._sleep_until(lambda: self.idle, begun + grace)
        self._tell(self._close)
        self._wait(lambda: not self._running, _THREAD_DEADLINE, "the engine's thread did not end")
        return driver.cut_off

    def drain(self) -> Batch:
        """Return what was measured since the last call: up to a quarter second ago, and after `stop` all.

        Raises `CannotMeasure` when the thread has died.
        """
        if self._error is not None:
            raise CannotMeasure(f"the load engine died: {type(self._error).__name__}: {self._error}") from self._error
        batches = []
        while self._full:
            batch = self._full.popleft().batch()
            batches.append(replace(batch, messages=self._redacted(batch.messages.items())))
        return Batch.sum(batches)

    # -- between the threads

    def _tell(self, what: Callable[[Driver], None]) -> None:
        """Let the thread do something."""
        loop, driver = self._loop, self._driver
        if loop is None or driver is None or not self._running:
            return

        def do() -> None:
            what(driver)
            self._heard += 1

        self._told += 1
        with contextlib.suppress(RuntimeError):  # it has just ended
            loop.call_soon_threadsafe(do)

    def _sleep_until(self, done: Callable[[], bool], end: float) -> bool:
        while not done():
            if time.monotonic() >= end:
                return False
            time.sleep(_LOOK)
        return True

    def _wait(self, done: Callable[[], bool], seconds: float, trouble: str) -> None:
        if not self._sleep_until(lambda: done() or self._error is not None, time.monotonic() + seconds):
            raise CannotMeasure(f"{trouble} within {seconds:g} s")

    def _redacted(self, messages: Iterable[tuple[Message, int]]) -> dict[Message, int]:
        clean: dict[Message, int] = {}
        for message, times in messages:
            count_message(clean, message._replace(text=self._redactor.text(message.text)), times)
        return clean

    # -- in the thread

    def _run(self, certificates: ssl.SSLContext) -> None:
        try:
            loop = self._loop = _new_loop()
            loop.set_exception_handler(self._died)
            try:
                routes = Routes(self._deployment, self._writer)
                self._driver = driver = Driver(loop, routes, self._writer, certificates, self._limits, self._unix)
                keeper = loop.create_task(
                    look_after(driver, every=SWEEP, seal_every=SEAL_EVERY, give=self._full.append)
                )
                loop.run_forever()
                driver.close()
                keeper.cancel()
                loop.run_until_complete(_end_tasks())  # what flows keep open beyond HTTP is theirs up to here
                self._full.append(driver.new_recorder())
            finally:
                loop.close()
        except BaseException as error:  # noqa: BLE001 - nobody else would hear of it
            self._error = self._error or error
        finally:
            self._running = False

    def _close(self, driver: Driver) -> None:
        driver.close()
        driver.loop.stop()

    def _died(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Stop at the first error that nobody foresaw: what follows would not be a measurement."""
        self._error = self._error or context.get("exception") or CannotMeasure(context["message"])
        loop.stop()


async def _end_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
