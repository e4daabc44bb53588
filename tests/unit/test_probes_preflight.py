"""The preflight: who answers, who does not, and whose fault that is."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from postflight.model import Deployment, Finding, OnBreach, Secret, Status
from postflight.probes import network
from postflight.probes import preflight as module
from postflight.probes.preflight import network_works, preflight
from tests import hostile


def deployed(url: str, *, control: str | None = None, known: bool = True, deadline: float = 3.5) -> Deployment:
    return Deployment(
        "velocity", "production", url, known=known, control=control, preflight_deadline=deadline,
        secrets={"KEY": Secret("KEY", "planted-secret")},
    )  # fmt: skip


def run(deployment: Deployment) -> Finding:
    return hostile.within(lambda: preflight(deployment, "run-1"))


@pytest.mark.parametrize("status", [200, 204, 401, 404])
def test_who_answers_is_good(status: int) -> None:
    with hostile.answering(status, b"") as url:
        finding = run(deployed(url))
    assert (finding.status, finding.check, finding.stage) == (Status.GOOD, "preflight", "preflight")
    assert finding.seen.startswith(f"status {status} from {url}")


def test_a_redirect_is_followed_to_its_end() -> None:
    with hostile.answering(503) as end, hostile.answering(302, b"", {"Location": f"{end}/home"}) as url:
        finding = run(deployed(url))
    assert finding.status is Status.BAD
    assert f"{end}/home answered with status 503" in finding.summary


@pytest.mark.parametrize("name", hostile.BAD)
def test_who_is_hostile_is_bad_in_true_words(name: str) -> None:
    bad = hostile.BAD[name]
    with bad.serve() as url, hostile.answering() as control:
        finding = run(deployed(url, control=control, deadline=0.5 if "within" in bad.words else 10))
    assert finding.status is Status.BAD
    assert finding.summary.startswith(url.removeprefix("http://"))
    assert bad.words in finding.summary
    assert finding.curl.startswith("curl ")
    assert finding.where == url


def test_a_server_error_is_bad_and_its_words_are_redacted() -> None:
    with hostile.answering(500, b"Traceback: planted-secret") as url:
        finding = run(deployed(url))
    assert finding.status is Status.BAD
    assert "status 500: 'Traceback: [secret KEY]'" in finding.summary


@pytest.mark.parametrize(("known", "on_breach"), [(True, OnBreach.ROLLBACK), (False, OnBreach.HOLD)])
def test_only_a_known_deployment_is_rolled_back(known: bool, on_breach: OnBreach) -> None:
    with hostile.refused() as url:
        finding = run(deployed(url, known=known))
    assert (finding.status, finding.on_breach, finding.voids_run) == (Status.BAD, on_breach, False)


def test_an_invalid_certificate_is_bad() -> None:
    with hostile.secure(expired=True) as server:
        finding = run(Deployment("velocity", "local", server.url, known=True, ca_file=server.ca_file))
    assert finding.status is Status.BAD
    assert "has expired" in finding.summary


def without_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "loopback_trouble", lambda *_: "no loopback: planted")


def resolving(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], object]) -> None:
    """Let the name server do this when it is asked for velocity.test."""
    real = socket.getaddrinfo

    def resolve(host: str, *rest: Any, **more: Any) -> object:
        return answer() if host == "velocity.test" else real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_a_runner_without_loopback_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    without_loopback(monkeypatch)
    with hostile.answering() as url:
        finding = run(deployed(url))
    assert (finding.status, finding.voids_run) == (Status.INVALID, True)
    assert "no loopback" in finding.summary


def test_a_name_that_does_not_resolve_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolving(monkeypatch, unknown)
    finding = run(deployed("http://velocity.test"))
    assert finding.status is Status.INVALID
    assert "velocity.test does not resolve: Name or service not known" in finding.summary


def test_a_dead_name_server_is_invalid_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    resolving(monkeypatch, lambda: ended.wait(60))
    finding = run(deployed("http://velocity.test", deadline=0.3))
    ended.set()
    assert finding.status is Status.INVALID
    assert "no name server answered" in finding.summary


@pytest.mark.parametrize("address", ["ftp://velocity.test", "velocity.test"])
def test_an_address_that_is_none_is_invalid(address: str) -> None:
    finding = run(deployed(address))
    assert finding.status is Status.INVALID
    assert "is no address" in finding.summary


@pytest.mark.parametrize(
    ("control", "status"),
    [(hostile.refused, Status.INVALID), (hostile.silent, Status.INVALID), (hostile.answering, Status.GOOD)],
)
def test_without_its_control_nothing_is_said_about_the_deployment(
    control: Callable[[], contextlib.AbstractContextManager[str]], status: Status
) -> None:
    with hostile.answering() as url, control() as control_url:
        finding = run(deployed(url, control=control_url, deadline=1))
    assert finding.status is status
    if status is Status.INVALID:
        assert control_url.removeprefix("http://") in finding.summary


@pytest.mark.parametrize(("control_status", "status"), [(404, Status.GOOD), (503, Status.INVALID)])
def test_any_answer_below_500_is_enough_for_a_control(control_status: int, status: Status) -> None:
    with hostile.answering() as url, hostile.answering(control_status) as control:
        assert run(deployed(url, control=control)).status is status


def test_a_network_that_goes_in_between_blames_nobody() -> None:
    calls: list[str] = []

    def only_once(call: hostile.Call) -> None:
        calls.append(call.path)
        if len(calls) == 1:
            call.send(hostile.response(200))

    with hostile.refused() as url, hostile.serving(only_once) as control:
        finding = run(deployed(url, control=control))
    assert finding.status is Status.INVALID
    assert "control address" in finding.summary
    assert len(calls) == 2


@contextlib.contextmanager
def proxied(monkeypatch: pytest.MonkeyPatch, proxy: str) -> Iterator[None]:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield


def test_behind_a_proxy_the_proxy_resolves_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile.answering(200) as proxy, proxied(monkeypatch, proxy):
        finding = run(deployed("http://known-to-the-proxy-only.invalid"))
    assert finding.status is Status.GOOD


def test_a_proxys_refusal_is_invalid_and_the_canary_goes_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile.answering(407) as proxy, hostile.answering() as url, proxied(monkeypatch, proxy):
        assert run(deployed("http://velocity.invalid")).status is Status.INVALID
        assert run(deployed(url)).status is Status.GOOD
        assert network.loopback_trouble() is None


def test_network_works() -> None:
    with hostile.refused() as url, hostile.answering() as good, hostile.answering(500) as bad:
        assert network_works(deployed(url), "r1") is None
        assert network_works(deployed(url, control=good), "r1") is None
        assert "control address" in (network_works(deployed(url, control=bad), "r1") or "")
        assert "control address" in (network_works(deployed(url, control=url), "r1") or "")


def test_network_works_needs_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    without_loopback(monkeypatch)
    with hostile.answering() as url:
        assert "no loopback" in (network_works(deployed(url), "r1") or "")


def test_loopback_trouble_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> socket.socket:
        raise PermissionError("planted")

    monkeypatch.setattr(socket, "create_connection", refuse)
    assert "planted" in (network.loopback_trouble() or "")


@pytest.mark.parametrize("host", ["a" * 64 + ".test", ".."])
def test_a_name_that_cannot_be_one_does_not_resolve(host: str) -> None:
    assert "does not resolve" in (network.name_trouble(host, 10) or "")


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://velocity.test/", "http://proxy.test:3128"),
        ("https://velocity.test/", "http://secure-proxy.test"),
        ("http://inside.test/", None),
        ("http://127.0.0.1:1/", None),
        ("http://localhost:1/", None),
        ("http://[::1]:1/", None),
    ],
)
def test_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None) -> None:
    for name, value in {"http": "proxy.test:3128", "https": "http://secure-proxy.test", "no": "inside.test"}.items():
        monkeypatch.setenv(f"{name}_proxy", value)
    assert network.proxy_for(url) == proxy
