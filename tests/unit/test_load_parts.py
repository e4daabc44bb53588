"""The engine beyond single requests: side by side as a browser does it, and tasks that are not HTTP."""

import asyncio
import threading
import time
from collections.abc import Iterator
from errno import ECONNREFUSED
from http.server import BaseHTTPRequestHandler

import pytest

from postflight.errors import DeploymentFault, UnexpectedAnswer, Unreachable
from postflight.flow import Flow, Request, Response, Task, together
from postflight.load.engine.batch import Batch
from postflight.load.engine.engine import Engine
from postflight.load.engine.parts import AT_ONCE
from postflight.model import Deployment
from tests.conftest import serving

PATIENCE = 20.0  # seconds: the bound of a hang, never a measurement


class _Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    inside = most = 0
    lock = threading.Lock()
    full = threading.Barrier(AT_ONCE)

    def do_GET(self) -> None:
        with self.lock:
            _Site.inside += 1
            _Site.most = max(_Site.most, _Site.inside)
        if self.path.startswith("/wait"):
            self.full.wait(PATIENCE)  # goes on only when as many as may are here at the same time
        with self.lock:
            _Site.inside -= 1
        body = self.path.encode()
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = "broken" in self.path

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    _Site.inside = _Site.most = 0
    with serving(_Site) as url:
        yield url


def run(url: str, flow: Flow[None], *, stop_when: threading.Event | None = None) -> Batch:
    with Engine(Deployment("any", "local", url, known=True), "run-1") as engine:
        engine.start([0.0], lambda _: flow)
        end = time.monotonic() + PATIENCE
        while not (stop_when.is_set() if stop_when else engine.idle):
            assert time.monotonic() < end, "it hangs"
            time.sleep(0.005)
        engine.stop(2.0)
        return engine.drain()


def get(*paths: str) -> list[Request]:
    return [Request("GET", "web", path) for path in paths]


def test_parts_go_side_by_side_and_are_answered_in_their_order(site: str) -> None:
    paths = [f"/wait/{number}" for number in range(2 * AT_ONCE)]
    answers: list[Response] = []

    def flow() -> Flow[None]:
        answers.extend((yield from together(get(*paths))))

    batch = run(site, flow())
    assert [answer.text for answer in answers] == paths
    assert _Site.most == AT_ONCE, "a visitor has as many connections as a browser"
    assert (batch.total(outcomes=["2xx"]).count, batch.flow_total().ok) == (len(paths), 1)


def test_a_part_that_the_flow_rejects_is_what_counts_as_wrong(site: str) -> None:
    def flow() -> Flow[None]:
        for answer in (yield from together(get("/a", "/missing", "/b"))):
            answer.expect(200)

    batch = run(site, flow())
    assert batch.total("GET /missing", ["check"]).count == 1
    assert (batch.total(outcomes=["2xx"]).count, batch.flow_total().failed) == (2, 1)


def test_nothing_to_ask_for_is_answered_at_once(site: str) -> None:
    def flow() -> Flow[None]:
        assert (yield from together([])) == ()

    assert run(site, flow()).flow_total().ok == 1


def test_an_error_is_thrown_when_all_have_ended(site: str) -> None:
    dead = Request("GET", "web", "http://127.0.0.1:9/", name="GET dead")
    seen: list[Exception] = []

    def flow() -> Flow[None]:
        try:
            yield from together([dead, *get("/a", "/b")])
        except Unreachable as error:
            seen.append(error)

    batch = run(site, flow())
    assert len(seen) == 1
    assert (batch.total("GET dead", ["refused"]).count, batch.total(outcomes=["2xx"]).count) == (1, 2)


def test_no_answer_where_an_end_is_expected_is_no_error(site: str) -> None:
    def flow() -> Flow[None]:
        with pytest.raises(Unreachable):
            yield Request("GET", "web", "http://127.0.0.1:9/", expects_end=True)

    batch = run(site, flow())
    assert (batch.cells, batch.messages, batch.flow_total().ok) == ({}, {}, 1)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UnexpectedAnswer("lost"), "check"),
        (Unreachable("closed"), "reset"),
        (ConnectionRefusedError(ECONNREFUSED, "refused"), "refused"),
    ],
)
def test_a_task_is_measured_and_its_errors_are_thrown(error: Exception, outcome: str, site: str) -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    async def fail() -> None:
        raise error

    def flow() -> Flow[None]:
        assert (yield Task("work", work)) == "done"  # type: ignore[comparison-overlap]
        with pytest.raises(DeploymentFault):
            yield Task("fail", fail)

    batch = run(site, flow())
    assert batch.flow_total().ok == 1, batch.messages
    assert (batch.total("work", ["2xx"]).count, batch.total("fail", [outcome]).count) == (1, 1)


def test_a_late_task_is_ended(site: str) -> None:
    def flow() -> Flow[None]:
        yield Task("late", lambda: asyncio.sleep(PATIENCE), deadline=0.02)

    batch = run(site, flow())
    assert (batch.total("late", ["timeout"]).count, batch.flow_total().failed) == (1, 1)


def test_the_end_of_a_run_ends_a_task_and_the_flow_cleans_up(site: str) -> None:
    began, cleaned = threading.Event(), threading.Event()

    async def forever() -> None:
        began.set()
        await asyncio.sleep(PATIENCE)

    def flow() -> Flow[None]:
        try:
            yield Task("forever", forever, deadline=PATIENCE)
        finally:
            yield Request("GET", "web", "/cleaned")
            cleaned.set()

    batch = run(site, flow(), stop_when=began)
    assert cleaned.is_set()
    assert batch.flow_total().stopped == 1
