"""The engine: runs flows on a schedule in a native thread of its own, and tells what it measured in batches.

It knows no Locust, and works in a plain process as well as beside gevent: see `native`.
"""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from postflight.flow import Flow
from postflight.load.batch import Batch
from postflight.model import Deployment
from postflight.redact import Redactor

MakeFlow = Callable[[int], Flow[Any]]  # is given the number of the arrival in its series: 0, 1, 2 ...


class Engine:
    """Runs flows against a deployment. A context manager. Its methods may be called from any one thread or greenlet.

    with Engine(deployment, run_id) as engine:
        engine.start(schedule.offsets(), lambda number: velocity.health("web", "/api/health"), name="api")
        while not engine.idle:
            time.sleep(0.5)            # or gevent.sleep
            batch += engine.drain()
        engine.stop(grace=10)
        batch += engine.drain()
    """

    def __init__(
        self,
        deployment: Deployment,
        run_id: str,
        *,
        connections: int = 100,  # at most, for each origin; waiting for one is measured as queueing
        in_flight: int = 10_000,  # flows at most; one that is due beyond that is missed
        body_limit: int = 10_000_000,  # bytes
        redactor: Redactor | None = None,
    ) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Start the thread. Raises `ConfigError` for an address or certificate file that cannot be used."""
        raise NotImplementedError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop without grace, where `stop` was not called, and end the thread."""
        raise NotImplementedError

    def start(
        self, arrivals: Iterable[float], make_flow: MakeFlow, *, name: str = "flow", begin: float | None = None
    ) -> None:
        """Add a series of flows: one for each arrival (seconds after `begin`, ascending).

        `begin` is Unix time, so that workers on several hosts can share it; None is now. `name` is that of the flows in
        `Batch.flows`. May be called again while others run.
        """
        raise NotImplementedError

    def end(self, name: str | None = None) -> None:
        """Let no more flows of this name (None: of any) start; those that run go on."""
        raise NotImplementedError

    @property
    def idle(self) -> bool:
        """Whether no arrival is to come and no flow runs."""
        raise NotImplementedError

    def stop(self, grace: float = 10.0) -> int:
        """End all: no new arrivals, and `Stopped` is thrown into each running flow at its next wish.

        An answer that is under way is waited for first, so that a flow knows what it has created; then its `finally`
        may send requests to remove it. After `grace` seconds everything is closed. Blocks for so long at most (through
        `time.sleep`, so a greenlet does not block the others), and returns how many flows were cut off uncleaned.
        """
        raise NotImplementedError

    def drain(self) -> Batch:
        """Return what was measured since the last call. Raises `CannotMeasure` when the thread has died."""
        raise NotImplementedError
