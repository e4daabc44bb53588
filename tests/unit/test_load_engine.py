"""The load engine against loopback servers, good and hostile."""

import contextlib
import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import brotli
import pytest

from postflight.errors import CannotMeasure, ConfigError, DeploymentFault, NotEnoughEvidence, Unreachable
from postflight.flow import Flow, Pause, Request, Response
from postflight.load.batch import Batch
from postflight.load.engine import Engine
from postflight.load.histogram import bucket_of
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
        return engine.drain()


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


@pytest.mark.parametrize("name", hostile.BAD)
def test_a_hostile_server_is_bad_in_true_words(name: str) -> None:
    bad, found = hostile.BAD[name], []
    request = Request("GET", "web", "/", deadline=0.3 if "within" in bad.words else 10, follow_redirects=True)
    with bad.serve() as url:
        batch = run(deployed(url), ask(request, found=found))

    (error,) = found
    assert bad.words in str(error)
    assert str(error).startswith(url.removeprefix("http://"))
    assert batch.total().count == 1


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("refused", "refused"),
        ("silent", "timeout"),
        ("garbage", "garbage"),
        ("closes at once", "reset"),
        ("resets", "reset"),
        ("endless body", "garbage"),
    ],
)
def test_each_error_has_its_kind(name: str, outcome: str) -> None:
    with hostile.BAD[name].serve() as url:
        batch = run(deployed(url), ask(Request("GET", "web", "/", deadline=0.3 if name == "silent" else 10)))

    assert outcomes(batch) == {outcome: 1}


def test_a_connection_that_is_not_accepted_is_a_timeout_that_says_so() -> None:
    with hostile.full() as url:
        batch = run(deployed(url), ask(Request("GET", "web", "/", deadline=0.3)))

    (message,) = batch.messages
    assert message.outcome == "timeout"
    assert "did not accept a connection within 0.3 s" in message.text


def test_a_connection_is_kept_and_requests_are_marked() -> None:
    with keeping(lambda call, number: kept(str(number).encode())) as (url, calls):
        found: list[Any] = []
        run(deployed(url), ask(*[GET] * 3, found=found))

    assert [text for _, text in found] == ["0", "1", "2"]
    assert {call.header("X-Postflight-Run") for call in calls} == {"run-1"}
    assert calls[0].header("Host") == url.removeprefix("http://")


@pytest.mark.parametrize(("method", "sent", "good"), [("GET", 3, True), ("POST", 2, False)])
def test_only_what_may_be_repeated_is_tried_again_on_a_fresh_connection(method: str, sent: int, good: bool) -> None:
    with keeping(lambda call, number: kept() if number == 0 else b"") as (url, calls):
        found: list[Any] = []
        run(deployed(url), ask(GET, Request(method, "web", "/"), found=found))

    assert len(calls) == sent
    assert isinstance(found[1], Unreachable) is not good


def test_connections_are_bounded_and_the_wait_is_queueing_and_latency() -> None:
    released = threading.Event()

    def answer(call: hostile.Call, number: int) -> bytes:
        released.wait(PATIENCE)
        return kept()

    with keeping(answer) as (url, calls), Engine(deployed(url), "run-1", connections=2) as engine:
        engine.start([0.0] * 6, lambda _: ask(GET)())
        wait_for(lambda: len(calls) == 2)
        time.sleep(0.3)  # what the four others wait at least, and more than it takes to connect
        assert len(calls) == 2
        released.set()
        wait_for(lambda: engine.idle)
        engine.stop()
        whole = engine.drain().total()

    assert whole.count == 6
    assert sum(count for bucket, count in whole.queueing.counts.items() if bucket > bucket_of(250_000)) == 4
    assert whole.latency.quantile(0.1) >= 250_000


@pytest.mark.parametrize(
    ("encoding", "encode"), [("gzip", gzip.compress), ("br", brotli.compress), ("identity", bytes)]
)
def test_a_body_is_inflated_when_a_flow_reads_it(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    body = b"many words " * 100
    with hostile.answering(200, encode(body), {"Content-Encoding": encoding}) as url:
        found: list[Any] = []
        batch = run(deployed(url), ask(GET, found=found))

    assert found[0][1] == body.decode()
    assert batch.total().bytes == len(encode(body))


@pytest.mark.parametrize("body", [brotli.compress(bytes(3_000_000)), brotli.compress(b"abc" * 50)[:-4]])
def test_a_body_that_is_too_large_or_cut_is_unreachable(body: bytes) -> None:
    with hostile.answering(200, body, {"Content-Encoding": "br"}) as url:
        found: list[Any] = []
        run(deployed(url), ask(GET, found=found), body_limit=2_000_000)

    assert isinstance(found[0], Unreachable)


PLAIN = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (PLAIN + CHUNKED, "hello world"),
        (PLAIN + b"\r\nuntil the end", "until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\n", ""),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + PLAIN + b"X-A: b\r\nContent-Length: 2\r\n\r\nok", "ok"),
    ],
)
def test_every_way_to_end_a_body(answer: bytes, text: str) -> None:
    with hostile.serving(lambda call: call.send(answer)) as url:
        found: list[Any] = []
        run(deployed(url), ask(GET, found=found))

    assert found[0][1] == text
    assert ("X-A", "b") in found[0][0].headers or b"X-A" not in answer


def test_head_has_no_body_and_keeps_the_connection() -> None:
    def answer(call: hostile.Call, number: int) -> bytes:
        head = kept(b"12345")
        return head.removesuffix(b"12345") if call.head.startswith(b"HEAD") else head

    with keeping(answer) as (url, calls):
        found: list[Any] = []
        run(deployed(url), ask(Request("HEAD", "web", "/"), GET, Request("HEAD", "web", "/"), found=found))

    assert [text for _, text in found] == ["", "12345", ""]
    assert len({id(call.socket) for call in calls}) == 1


def test_two_answers_to_one_request_are_garbage() -> None:
    with hostile.serving(lambda call: call.send(kept() + kept())) as url:
        batch = run(deployed(url), ask(GET))

    assert outcomes(batch) == {"garbage": 1}


def test_redirects_are_followed_without_secrets_to_another_origin() -> None:
    seen: list[hostile.Call] = []

    def elsewhere(call: hostile.Call) -> None:
        seen.append(call)
        call.send(hostile.response(200, b"there"))

    with hostile.serving(elsewhere) as other:

        def here(call: hostile.Call) -> None:
            seen.append(call)
            target = "/b" if call.path == "/a" else f"{other}/c"
            call.send(hostile.response(302, b"", {"Location": target}))

        with hostile.serving(here) as url:
            found: list[Any] = []
            request = Request("GET", "web", "/a", token="secret-token", headers={"X-Own": "1"}, follow_redirects=True)
            batch = run(deployed(url), ask(request, found=found))

    assert [call.header("Authorization") for call in seen] == ["Bearer secret-token"] * 2 + [None]
    assert [call.header("X-Own") for call in seen] == ["1", "1", None]
    assert (found[0][0].url, found[0][0].history) == (f"{other}/c", (f"{url}/a", f"{url}/b"))
    assert batch.total().count == 1


@pytest.mark.parametrize(("status", "method", "body"), [(303, "GET", b""), (307, "POST", b'{"a":1}')])
def test_a_redirect_keeps_or_drops_method_and_body_as_the_standard_says(status: int, method: str, body: bytes) -> None:
    seen: list[bytes] = []

    def behave(call: hostile.Call) -> None:
        seen.append(call.head)
        call.send(hostile.response(status if call.path == "/a" else 200, b"", {"Location": "/b"}))

    with hostile.serving(behave) as url:
        run(deployed(url), ask(Request("POST", "web", "/a", json={"a": 1}, follow_redirects=True)))

    assert seen[1].startswith(method.encode())
    assert seen[1].endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize("content", [b"no {json}", b""])
def test_a_body_that_json_cannot_say_is_sent_as_it_is(content: bytes) -> None:
    seen: list[bytes] = []

    def behave(call: hostile.Call) -> None:
        seen.append(call.head)
        call.send(hostile.response(200, b""))

    request = Request("POST", "web", "/a", content=content, headers={"Content-Type": "text/csv"})
    with hostile.serving(behave) as url:
        batch = run(deployed(url), ask(request))

    assert seen[0].endswith(b"Content-Type: text/csv\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content))
    assert batch.total().count == 1


def test_cookies_belong_to_one_visit() -> None:
    def answer(call: hostile.Call, number: int) -> bytes:
        return kept((call.header("Cookie") or "none").encode(), Set_Cookie="session=abc; Path=/; HttpOnly")

    with keeping(answer) as (url, _):
        first: list[Any] = []
        second: list[Any] = []
        run(deployed(url), ask(GET, GET, found=first), ask(GET, found=second))

    assert [text for _, text in first] == ["none", "session=abc"]
    assert [text for _, text in second] == ["none"]


# -- TLS


@pytest.mark.parametrize(
    ("name", "expired", "known", "words"),
    [
        ("localhost", False, True, ""),
        ("localhost", False, False, "no trusted authority"),
        ("localhost", True, True, "expired"),
        ("elsewhere.example", False, True, "for another name"),
    ],
)
def test_tls_is_verified(name: str, expired: bool, known: bool, words: str) -> None:
    with hostile.secure(name, expired=expired) as server:
        batch = run(deployed(server.url, server.ca_file if known else None), ask(GET))

    if words:
        assert outcomes(batch) == {"tls": 1}
        assert words in next(iter(batch.messages)).text
    else:
        assert outcomes(batch) == {"2xx": 1}


def test_a_large_answer_over_tls_is_whole() -> None:
    body = bytes(range(256)) * 4000
    with hostile.secure(behave=lambda call: call.send(hostile.response(200, body))) as server:
        batch = run(deployed(server.url, server.ca_file), ask(GET))

    assert batch.total(outcomes=["2xx"]).bytes == len(body)


def test_a_server_without_tls_is_told_from_one_that_is_down() -> None:
    with hostile.serving(lambda call: call.send(hostile.response(400)), reads=False) as url:
        batch = run(deployed(url.replace("http://", "https://")), ask(GET))

    assert outcomes(batch) == {"tls": 1}


def test_a_certificate_file_that_is_none_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_file"), Engine(deployed("https://localhost", str(tmp_path)), "run-1"):
        pass


# -- what flows make of answers


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
from postflight.load.engine import Engine
from postflight.load.histogram import bucket_of
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
