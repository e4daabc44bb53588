"""Open connections end whenever their server likes; only what a server says of a request is held against it."""

import contextlib
import time
from collections.abc import Iterator

import pytest

from postflight.errors import PostflightError, Unreachable
from postflight.flow import Request
from postflight.model import Deployment
from postflight.probes.client import Client
from tests import hostile

GET, POST = (Request(method, "web", "/page") for method in ("GET", "POST"))
OPEN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextlib.contextmanager
def client(url: str, ca_file: str | None = None) -> Iterator[Client]:
    with Client(Deployment("p", "e", url, known=True, ca_file=ca_file), "r1") as opened:
        yield opened


def closes_as_we_send(second: bytes = b"") -> hostile.Behaviour:
    """Answer once, and close when the next request is there: its idle time was over just then."""

    def behave(call: hostile.Call) -> None:
        call.send(OPEN)
        if call.socket.recv(65536):
            call.send(second)

    return behave


@pytest.mark.parametrize("goaway", ["never", "before", "amid", "after"])
def test_an_http2_connection_that_its_server_ends_is_not_the_deployments_fault(goaway: str) -> None:
    """nginx says so before its thousandth answer, Go and Envoy whenever they drain; many say nothing and close."""
    with (
        hostile.secure(behave=hostile.http2(2, goaway), http2=True) as server,
        client(server.url, server.ca_file) as api,
    ):
        answers = [api.send(GET) for _ in range(5)]
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"two")] * 5


def test_who_ends_every_connection_before_its_answer_is_not_asked_for_ever() -> None:
    with (
        hostile.secure(behave=hostile.http2(1, "before"), http2=True) as server,
        client(server.url, server.ca_file) as api,
        pytest.raises(PostflightError),
    ):
        api.send(GET)


def test_a_connection_that_ends_just_when_we_send_is_not_the_deployments_fault() -> None:
    with hostile.serving(closes_as_we_send()) as url, client(url) as api:
        assert [api.send(GET).status for _ in range(3)] == [200] * 3


def test_what_may_have_had_an_effect_is_never_sent_twice() -> None:
    with hostile.serving(closes_as_we_send()) as url, client(url) as api:
        api.send(GET)
        with pytest.raises(Unreachable, match="closed the connection without an answer"):
            api.send(POST)


def test_who_closes_a_new_connection_without_an_answer_is_asked_once() -> None:
    calls: list[hostile.Call] = []
    with (
        hostile.serving(calls.append) as url,
        client(url) as api,
        pytest.raises(Unreachable, match="without an answer"),
    ):
        api.send(GET)
    assert len(calls) == 1


def test_an_answer_that_breaks_off_is_the_deployments_fault_over_an_open_connection_too() -> None:
    with hostile.serving(closes_as_we_send(OPEN.replace(b": 2", b": 20"))) as url, client(url) as api:
        api.send(GET)
        with pytest.raises(Unreachable, match="in the middle of its answer"):
            api.send(GET)


def test_the_time_in_which_we_stood_still_counts_against_nobody() -> None:
    async def stand_still() -> None:
        time.sleep(0.6)  # noqa: ASYNC251 - as a stopped or starved process does

    def behave(call: hostile.Call) -> None:
        api.call(stand_still, deadline=10)
        call.ending.wait(0.05)  # the deadline has passed by now
        call.send(OPEN)

    with hostile.serving(behave) as url, client(url) as api:
        answer = api.send(Request("GET", "web", "/", deadline=0.5))
    assert answer.status == 200
    assert 0.5 <= answer.late <= answer.seconds
