"""Flows over HTTP: results, errors, clean-up, interrupts and deadlines."""

import contextlib
from collections.abc import Generator

import pytest

from postflight.errors import DeploymentFault
from postflight.flow import Flow, Pause, Request, Response
from postflight.model import Deployment
from postflight.probes import client as client_module
from postflight.probes.client import Client
from tests import hostile

GET = Request("GET", "web", "/", deadline=10)


def deployed(url: str) -> Deployment:
    return Deployment("velocity", "local", url, known=True)


def polling(times: int) -> Flow[list[str]]:
    seen: list[str] = []
    for number in range(times):
        answer = yield Request("GET", "web", f"/{number}")
        seen.append(answer.text)
        yield Pause(0)
    return seen


def test_a_flow_runs_to_its_result() -> None:
    with hostile.echoing() as (url, _), Client(deployed(url), "r1") as client:
        assert client.run(polling(3)) == ["/0", "/1", "/2"]


def creating(path: str) -> Flow[Response]:
    try:
        return (yield Request("GET", "web", path, deadline=5))
    finally:
        yield Request("DELETE", "web", "/created")


def test_a_flow_cleans_up_after_an_error() -> None:
    deleted: list[str] = []

    def behave(call: hostile.Call) -> None:
        if call.head.startswith(b"DELETE"):
            deleted.append(call.path)
            call.send(hostile.response(200))

    with (
        hostile.serving(behave) as url,
        Client(deployed(url), "r1") as client,
        pytest.raises(DeploymentFault, match="without an answer"),
    ):
        client.run(creating("/closes"))
    assert deleted == ["/created"]


def test_a_flow_may_catch_an_error() -> None:
    def forgiving() -> Flow[str]:
        try:
            yield GET
        except DeploymentFault as error:
            return f"caught: {error}"
        return "nothing to catch"

    with hostile.refused() as url, Client(deployed(url), "r1") as client:
        assert "caught" in client.run(forgiving())


def test_an_interrupt_reaches_the_flow_so_that_it_cleans_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile.echoing() as (url, calls), Client(deployed(url), "r1") as client:
        whole = client.send

        def interrupted(request: Request) -> Response:
            if request.method == "GET":
                raise KeyboardInterrupt
            return whole(request)

        monkeypatch.setattr(client, "send", interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.run(creating("/"))
    assert [call.head.split()[0] for call in calls] == [b"DELETE"]


def test_a_flow_has_a_deadline_and_then_time_to_clean_up() -> None:
    deleted: list[str] = []

    def behave(call: hostile.Call) -> None:
        if call.head.startswith(b"DELETE"):
            deleted.append(call.path)
            call.send(hostile.response(200))
        else:
            call.ending.wait(20)

    with (
        hostile.serving(behave) as url,
        Client(deployed(url), "r1") as client,
        pytest.raises(DeploymentFault, match=r"not done within 0\.2 s; it had come to GET /silent"),
    ):
        hostile.within(lambda: client.run(creating("/silent"), deadline=0.2))
    assert deleted == ["/created"]


def test_a_flow_that_never_gives_up_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CLEAN_UP", 0.1)

    def stubborn() -> Generator[Request | Pause, Response, None]:
        while True:
            with contextlib.suppress(DeploymentFault):
                yield Pause(0.05)

    with (
        hostile.echoing() as (url, _),
        Client(deployed(url), "r1") as client,
        pytest.raises(DeploymentFault, match="not done within"),
    ):
        hostile.within(lambda: client.run(stubborn(), deadline=0.1))
