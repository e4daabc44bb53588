"""Timing by phase, against loopback servers."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anyio
import pytest

from postflight.checks.latency.timing import Timing
from postflight.errors import DeploymentFault, NotEnoughEvidence, RunnerNetworkError, UnexpectedAnswer
from postflight.flow import Request
from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.probes.pace import POLITE, pause_between
from postflight.probes.phases import Timer
from tests import hostile

GET = Request("GET", "web", "/page", deadline=10)


@contextlib.contextmanager
def timing(url: str, ca_file: str | None = None, *, http2: bool = True) -> Iterator[Timer]:
    deployment = Deployment("p", "e", url, known=True, ca_file=ca_file)
    with Client(deployment, "r1") as client, Timer(client, http2=http2) as timer:
        yield timer


OPEN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"  # says nothing of closing its connection


def keeping(answer: bytes) -> hostile.Behaviour:
    """Answer request after request on one connection."""

    def behave(call: hostile.Call) -> None:
        call.send(answer)
        while call.socket.recv(65536):
            call.send(answer)

    return behave


def test_cold_requests_connect_and_warm_ones_do_not() -> None:
    with hostile.serving(keeping(OPEN)) as url, timing(url) as timer:
        timer.warm_up(GET)
        cold, warm = timer.take(GET, cold=True), timer.take(GET, cold=False)
    assert (cold.reused, warm.reused) == (False, True)
    assert cold.connect > 0
    assert (warm.connect, warm.tls, warm.dns) == (0, 0, 0)
    assert cold.dns == cold.tls == 0  # an address needs no name server, plain HTTP no handshake
    assert (cold.operation, cold.http_version, cold.closes) == ("GET /page", "HTTP/1.1", False)


def test_under_tls_every_phase_is_told_and_the_certificate_is_that_of_the_name() -> None:
    with (
        hostile.secure(behave=keeping(OPEN)) as server,
        timing(server.url, server.ca_file) as timer,
    ):
        timer.warm_up(GET)
        cold, warm = timer.take(GET, cold=True), timer.take(GET, cold=False)
    assert min(cold.dns, cold.connect, cold.tls, cold.first_byte) > 0
    assert cold.total == pytest.approx(cold.dns + cold.connect + cold.tls + cold.first_byte + cold.body)
    assert warm.reused


def test_a_wrong_certificate_is_the_deployments_fault_in_a_cold_request_too() -> None:
    with (
        hostile.secure("elsewhere.test") as server,
        timing(server.url, server.ca_file) as timer,
        pytest.raises(DeploymentFault, match="another name"),
    ):
        timer.warm_up(GET)


def test_http2_where_it_is_offered() -> None:
    with (
        hostile.secure(behave=hostile.http2(), http2=True) as server,
        timing(server.url, server.ca_file) as timer,
    ):
        assert timer.warm_up(GET).http_version == "HTTP/2"
        cold, warm = timer.take(GET, cold=True), timer.take(GET, cold=False)
    assert cold.http_version == warm.http_version == "HTTP/2"
    assert (cold.reused, warm.reused) == (False, True)
    assert cold.first_byte > 0


def test_a_connection_that_the_server_ends_is_not_reused() -> None:
    closing = hostile.response(headers={"Connection": "close"})
    with hostile.serving(lambda call: call.send(closing)) as url, timing(url) as timer:
        timer.warm_up(GET)
        warm = timer.take(GET, cold=False)
    assert (warm.reused, warm.closes) == (False, True)
    assert warm.connect > 0


@pytest.mark.parametrize("slow", ["first_byte", "body"])
def test_the_phase_in_which_a_server_waits_is_the_long_one(slow: str) -> None:
    head, body = hostile.response(body=b"x" * 100).split(b"\r\n\r\n")

    def behave(call: hostile.Call) -> None:
        if slow == "first_byte":
            call.ending.wait(0.2)
        call.send(head, b"\r\n\r\n", body[:1])
        if slow == "body":
            call.ending.wait(0.2)
        call.send(body[1:])

    with hostile.serving(behave) as url, timing(url) as timer:
        taken = timer.take(GET, cold=True)
    assert _longest(taken) == slow


def test_a_name_server_that_is_silent_by_now_is_not_the_deployments_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object, **__: object) -> None:
        await anyio.sleep_forever()

    with hostile.serving(keeping(OPEN)) as url, timing(url.replace("127.0.0.1", "localhost")) as timer:
        timer.warm_up(GET)
        monkeypatch.setattr(anyio, "getaddrinfo", silent)
        with pytest.raises(RunnerNetworkError, match="no name server answered"):
            timer.take(replace(GET, deadline=0.2), cold=True)


def test_a_new_address_that_nobody_serves_is_passed_over_as_browsers_do(monkeypatch: pytest.MonkeyPatch) -> None:
    async def elsewhere(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.9", 0))]

    with hostile.serving(keeping(OPEN)) as url, timing(url.replace("127.0.0.1", "localhost")) as timer:
        timer.warm_up(GET)
        monkeypatch.setattr(anyio, "getaddrinfo", elsewhere)
        taken = timer.take(GET, cold=True)
    assert (taken.reused, taken.dns) == (False, 0)


def _longest(taken: Timing) -> str:
    return max(("dns", "connect", "tls", "first_byte", "body"), key=lambda phase: getattr(taken, phase))


def test_an_error_is_no_quick_answer() -> None:
    with hostile.answering(500) as url, timing(url) as timer, pytest.raises(UnexpectedAnswer, match="status 500"):
        timer.take(GET, cold=True)


def test_who_refuses_more_requests_leaves_it_unknown() -> None:
    with hostile.answering(429) as url, timing(url) as timer, pytest.raises(NotEnoughEvidence, match="429"):
        timer.take(GET, cold=True)


def test_a_token_is_sent_and_never_told() -> None:
    calls: list[hostile.Call] = []

    def behave(call: hostile.Call) -> None:
        calls.append(call)
        call.send(hostile.response(404))

    secret = "token-of-primary-0123456789"
    request = Request("GET", "web", "/", token=secret)
    with hostile.serving(behave) as url, timing(url) as timer, pytest.raises(UnexpectedAnswer) as caught:
        timer.take(request, cold=True)
    assert calls[0].header("authorization") == f"Bearer {secret}"
    assert secret not in f"{caught.value} {caught.value.facts}"


def test_only_where_load_is_allowed_requests_follow_each_other_at_once() -> None:
    elsewhere = Deployment("p", "e", "https://example.com", known=True)
    here = Deployment("p", "e", "http://127.0.0.1:1", known=True)
    assert (pause_between(elsewhere), pause_between(here), pause_between(here, elsewhere)) == (POLITE, 0, POLITE)
