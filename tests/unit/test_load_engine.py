"""The load engine against loopback servers, good and hostile."""

import gzip
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest

from postflight.errors import ConfigError, Unreachable
from postflight.flow import Request
from postflight.load.engine.engine import Engine
from postflight.load.engine.histogram import bucket_of
from tests import hostile
from tests.load_driving import GET, PATIENCE, ask, deployed, keeping, kept, outcomes, run, wait_for


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
