"""What the tests of the load engine share: a server that keeps connections, and flows driven over them."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from postflight.errors import DeploymentFault
from postflight.flow import Flow, Request
from postflight.load.engine.batch import Batch
from postflight.load.engine.engine import Engine
from postflight.model import Deployment, Service
from tests import hostile

GET = Request("GET", "web", "/")
PATIENCE = 20.0  # seconds: the bound of a hang, never a measurement


def deployed(url: str, ca_file: str | None = None, **services: str) -> Deployment:
    named = {name: Service(name, address) for name, address in services.items()}
    return Deployment("velocity", "local", url, known=True, services=named, ca_file=ca_file)


def run(deployment: Deployment, *flows: Callable[[], Flow[Any]], grace: float = 2.0, **options: Any) -> Batch:
    """Run flows, all at once, to their end."""
    with Engine(deployment, "run-1", **options) as engine:
        engine.start([0.0] * len(flows), lambda number: flows[number]())
        wait_for(lambda: engine.idle)
        engine.stop(grace)
        batch = engine.drain()
    assert (batch.flow_total().in_flight, batch.flow_total().waiting) == (0, 0)
    return batch


def wait_for(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "it hangs"
        time.sleep(0.005)


def ask(*requests: Request, found: list[Any] | None = None) -> Callable[[], Flow[None]]:
    """A flow that sends these, one after the other, and keeps the answers or errors."""
    kept = [] if found is None else found

    def flow() -> Flow[None]:
        for request in requests:
            try:
                answer = yield request
                kept.append((answer, answer.text))
            except DeploymentFault as error:
                kept.append(error)

    return flow


def outcomes(batch: Batch) -> dict[str, int]:
    counted: dict[str, int] = {}
    for key, cell in batch.cells.items():
        counted[key.outcome] = counted.get(key.outcome, 0) + cell.count
    return counted


@contextlib.contextmanager
def keeping(answer: Callable[[hostile.Call, int], bytes]) -> Iterator[tuple[str, list[hostile.Call]]]:
    """A server that keeps connections; `answer` is given the call and its number on the connection, b"" closes."""
    calls: list[hostile.Call] = []

    def behave(call: hostile.Call) -> None:
        for number in range(1000):
            calls.append(call)
            if not (said := answer(call, number)):
                return
            call.send(said)
            if not (head := hostile._read_head(call.socket)):
                return
            call = hostile.Call(call.socket, head, call.ending)

    with hostile.serving(behave) as url:
        yield url, calls


def kept(body: bytes = b"hello", **headers: str) -> bytes:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return hostile.response(200, body, {"Connection": "keep-alive"} | told)
