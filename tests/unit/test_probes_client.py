"""The client against loopback servers, good and hostile."""

import asyncio
import base64
import gzip
import json
import re
import shlex
import socket
import threading
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from postflight.errors import ConfigError, DeploymentFault, NotAllowed, RunnerNetworkError, UnexpectedAnswer
from postflight.flow import Request
from postflight.model import Deployment, Secret, Service
from postflight.probes import body
from postflight.probes import client as client_module
from postflight.probes.client import Client
from tests import hostile

TOKEN = "token-of-primary-0123456789"
GET = Request("GET", "web", "/", deadline=10)


def deployed(url: str, *services: Service, ca_file: str | None = None, secrets: tuple[Secret, ...] = ()) -> Deployment:
    return Deployment(
        platform="velocity",
        environment="local",
        base_url=url,
        known=True,
        services={service.name: service for service in services},
        secrets={secret.name: secret for secret in secrets},
        ca_file=ca_file,
    )


@pytest.mark.parametrize("name", hostile.BAD)
def test_a_hostile_server_is_bad_in_true_words(name: str) -> None:
    bad = hostile.BAD[name]
    request = Request("GET", "web", "/", deadline=0.3 if "within" in bad.words else 10, follow_redirects=True)
    with bad.serve() as url, Client(deployed(url), "r1") as client:
        with pytest.raises(DeploymentFault) as caught:
            hostile.within(lambda: client.send(request))

        assert bad.words in str(caught.value)
        assert str(caught.value).startswith(url.removeprefix("http://"))
        assert "curl" in caught.value.facts.curl
        assert [entry.error for entry in client.log] == [str(caught.value)]


@pytest.mark.parametrize("name", ["endless body", "gzip bomb", "huge headers", "endless redirect body"])
def test_memory_stays_bounded(name: str) -> None:
    with hostile.BAD[name].serve() as url, Client(deployed(url), "r1") as client:
        tracemalloc.start()
        try:
            with pytest.raises(DeploymentFault):
                hostile.within(lambda: client.send(Request("GET", "web", "/", follow_redirects=True)))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 60_000_000  # bytes; the bomb inflates to 1000 MB, and the endless body is endless


def test_a_larger_body_than_allowed_is_refused_and_one_of_that_size_is_not() -> None:
    with hostile.answering(body=bytes(1000)) as url:
        with Client(deployed(url), "r1", body_limit=1000) as client:
            assert len(client.send(GET).body) == 1000
        with Client(deployed(url), "r1", body_limit=999) as client, pytest.raises(DeploymentFault, match="endless or"):
            client.send(GET)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_compressed_bodies_are_inflated(encoding: str) -> None:
    compressor = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
    packed = compressor.compress(b"hello " * 1000) + compressor.flush()
    server = hostile.answering(body=packed, headers={"Content-Encoding": encoding})
    with server as url, Client(deployed(url), "r1") as client:
        assert client.send(GET).body == b"hello " * 1000


@pytest.mark.parametrize(
    ("encoding", "packed", "plain"),
    [
        ("gzip", gzip.compress(b"one, ", mtime=0) + gzip.compress(b"two", mtime=0), b"one, two"),
        ("gzip", gzip.compress(b"one", mtime=0) + b"trailing garbage", b"one"),
        ("gzip, deflate", zlib.compress(gzip.compress(b"twice", mtime=0)), b"twice"),
        ("deflate", zlib.compress(b"no header")[2:-4], b"no header"),
        ("zstd", b"unknown", b"unknown"),
        ("identity", b"as it is", b"as it is"),
        ("gzip", b"", b""),
    ],
)
def test_inflate(encoding: str, packed: bytes, plain: bytes) -> None:
    assert body.inflate(packed, encoding, limit=100) == plain


@pytest.mark.parametrize("packed", [gzip.compress(b"cut off in the middle", mtime=0)[:-12], b"never packed"])
def test_a_body_that_does_not_inflate_is_an_error(packed: bytes) -> None:
    with pytest.raises(httpx.DecodingError):
        body.inflate(packed, "gzip", limit=100)


def test_a_connection_that_is_never_accepted_is_bad_in_true_words() -> None:
    with (
        hostile.full() as url,
        Client(deployed(url), "r1") as client,
        pytest.raises(DeploymentFault, match=r"did not accept a connection within 0\.3 s"),
    ):
        hostile.within(lambda: client.send(Request("GET", "web", "/", deadline=0.3)))


def test_a_handshake_that_never_ends_is_bad_in_true_words() -> None:
    def wait(call: hostile.Call) -> None:
        call.ending.wait(20)

    with (
        hostile.serving(wait, reads=False) as plain,
        Client(deployed(plain.replace("http:", "https:")), "r1") as client,
        pytest.raises(DeploymentFault, match="did not finish the TLS handshake within"),
    ):
        hostile.within(lambda: client.send(Request("GET", "web", "/", deadline=0.3)))


def test_a_name_server_that_dies_in_between_is_not_the_deployments_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(60))
    with Client(deployed("http://velocity.test"), "r1") as client:
        with pytest.raises(RunnerNetworkError, match=r"velocity\.test:80 does not resolve"):
            hostile.within(lambda: client.send(Request("GET", "web", "/", deadline=0.1)))
        ended.set()


def test_certificates_are_verified() -> None:
    with hostile.secure() as good, hostile.secure(expired=True) as old, hostile.secure("other.test") as other:
        with Client(deployed(good.url, ca_file=good.ca_file), "r1") as client:
            assert client.send(GET).status == 200
        for server, ca_file, words in (
            (good, None, "no trusted authority"),
            (old, old.ca_file, "has expired"),
            (other, other.ca_file, "another name"),
        ):
            deployment = deployed(server.url, ca_file=ca_file)
            with Client(deployment, "r1") as client, pytest.raises(DeploymentFault, match=words):
                client.send(GET)


def test_http2_is_spoken() -> None:
    with (
        hostile.secure(behave=hostile.http2(), http2=True) as server,
        Client(deployed(server.url, ca_file=server.ca_file), "r1") as client,
    ):
        answer = client.send(GET)
    assert (answer.http_version, answer.body) == ("HTTP/2", b"two")


def test_every_request_says_who_it_is() -> None:
    with hostile.echoing() as (url, calls), Client(deployed(url), "run-7") as client:
        client.send(GET)
    assert re.fullmatch(r"Postflight/\S+ \(\+synthetic; run run-7\)", calls[0].header("user-agent") or "")
    assert calls[0].header("x-postflight-run") == "run-7"


def test_services_and_regions_resolve() -> None:
    with hostile.echoing() as (web, _), hostile.echoing() as (api, _), hostile.echoing() as (far, _):
        service = Service("orchestrator", f"{api}/v1/", regions={"sfo": far})
        with Client(deployed(web, service), "r1") as client:
            assert client.send(GET).url == f"{web}/"
            assert client.send(Request("GET", "orchestrator", "/health?x=1")).url == f"{api}/v1/health?x=1"
            assert client.send(Request("GET", "orchestrator", "health", region="sfo")).url == f"{far}/health"
            assert client.send(Request("GET", "web", "@elsewhere.test/")).url == f"{web}/@elsewhere.test/"
            with pytest.raises(ConfigError, match=r"no service 'orchestra'.*orchestrator, web"):
                client.send(Request("GET", "orchestra", "/"))
            with pytest.raises(ConfigError, match=r"no region 'lhr'.*sfo"):
                client.send(Request("GET", "orchestrator", "/", region="lhr"))


def test_credentials_stay_in_the_deployment() -> None:
    with (
        hostile.echoing() as (web, at_home),
        hostile.echoing() as (preview, abroad),
        Client(deployed(web), "r1") as client,
    ):
        assert client.send(Request("GET", "web", f"{preview}/index.html")).body == b"/index.html"
        client.send(Request("GET", "web", f"{web}/api", token=TOKEN))
        with pytest.raises(NotAllowed, match="out of the deployment"):
            client.send(Request("GET", "web", f"{preview}/", token=TOKEN))
        with pytest.raises(NotAllowed):
            client.send(Request("GET", "web", f"{preview}/", headers={"Cookie": "session=1"}))
    assert at_home[0].header("authorization") == f"Bearer {TOKEN}"
    assert len(abroad) == 1


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/", "http://127.0.0.1:port/"])
def test_an_address_that_is_none_is_the_deployments_fault(address: str) -> None:
    with hostile.echoing() as (web, _), Client(deployed(web), "r1") as client, pytest.raises(UnexpectedAnswer):
        client.send(Request("GET", "web", address))


def test_redirects_are_followed_only_when_asked_and_without_credentials_to_another_origin() -> None:
    with hostile.echoing() as (elsewhere, arrived):
        moved = {"Location": f"{elsewhere}/new"}
        with hostile.answering(302, b"", moved) as url, Client(deployed(url), "r1") as client:
            assert client.send(GET).status == 302
            secretive = Request("GET", "web", "/", token=TOKEN, headers={"apikey": "k"}, follow_redirects=True)
            answer = client.send(secretive)
    assert (answer.status, answer.url, answer.history) == (200, f"{elsewhere}/new", (f"{url}/",))
    assert arrived[0].header("authorization") is None
    assert arrived[0].header("apikey") is None
    assert arrived[0].header("x-postflight-run") == "r1"


def test_a_body_is_not_redirected_to_another_origin() -> None:
    with hostile.echoing() as (elsewhere, arrived):
        moved = {"Location": f"{elsewhere}/"}
        with hostile.answering(307, b"", moved) as url, Client(deployed(url), "r1") as client:
            answer = client.send(Request("POST", "web", "/", json={"password": "p"}, follow_redirects=True))
    assert answer.status == 307
    assert not arrived


def test_no_cookie_is_kept() -> None:
    calls: list[hostile.Call] = []

    def behave(call: hostile.Call) -> None:
        calls.append(call)
        call.send(hostile.response(200, b"", {"Set-Cookie": "session=of-primary; Path=/"}))

    with hostile.serving(behave) as url, Client(deployed(url), "r1") as client:
        client.send(GET)
        client.send(GET)
    assert [call.header("cookie") for call in calls] == [None, None]


def test_curl_repeats_the_request_without_secrets() -> None:
    password = "it's $ecret & more"
    with hostile.echoing() as (url, _):
        deployment = deployed(url, secrets=(Secret("PRIMARY_PASSWORD", password),))
        with Client(deployment, "r1") as client:
            answer = client.send(
                Request(
                    "POST",
                    "web",
                    "/a?q=it's",
                    json={"password": password},
                    token=TOKEN,
                    headers={"Cookie": "session=abc", "X-Copy": TOKEN},
                )
            )
    words = shlex.split(answer.curl)
    assert words[0] == "curl"
    assert words[-1] == f"{url}/a?q=it's"
    assert json.loads(words[words.index("--json") + 1]) == {"password": "[secret PRIMARY_PASSWORD]"}
    assert "Authorization: Bearer $TOKEN" in words
    assert "Cookie: $COOKIE" in words
    assert "X-Copy: [secret token]" in words
    assert "X-Postflight-Run: r1" in words


def test_a_body_that_no_json_can_say_is_sent_as_it_is() -> None:
    with hostile.echoing() as (url, calls), Client(deployed(url), "r1") as client:
        kind = {"Content-Type": "application/json"}
        answer = client.send(Request("POST", "web", "/a", headers=kind, content=b'{"name": '))
        client.send(Request("POST", "web", "/b", headers=kind, content=b""))
    words = shlex.split(answer.curl)
    assert words[words.index("--data-binary") + 1] == '{"name": '
    assert [(call.header("content-length"), call.header("content-type")) for call in calls] == [
        ("9", "application/json"),
        ("0", "application/json"),
    ]


def test_tokens_and_session_cookies_are_learned_as_secrets() -> None:
    session = base64.b64encode(b"session of primary").decode()
    with (
        hostile.answering(headers={"Set-Cookie": f"s={session}; HttpOnly"}) as url,
        Client(deployed(url), "r1") as client,
    ):
        client.send(Request("GET", "web", f"/?copy={TOKEN}", token=TOKEN))
    assert client.redactor.text(f"{TOKEN} {session}") == "[secret token] [secret cookie]"
    assert TOKEN not in client.log[0].url


def test_the_log_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_LOG_LENGTH", 2)
    with hostile.echoing() as (url, _), Client(deployed(url), "r1") as client:
        for path in ("/1", "/2", "/3"):
            client.send(Request("GET", "web", path))
    assert [(entry.url, entry.status) for entry in client.log] == [(f"{url}/2", 200), (f"{url}/3", 200)]


@pytest.mark.parametrize("url", ["velocity.test", "ftp://velocity.test", "http://", "http://host:port"])
def test_a_base_url_that_is_none_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match="is no address"), Client(deployed(url), "r1"):
        pass


def test_a_missing_ca_file_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="ca_file /nowhere"), Client(deployed("http://a", ca_file="/nowhere"), "r1"):
        pass


def test_an_unusable_proxy_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "quic://proxy.test")
    with pytest.raises(ConfigError, match="HTTP_PROXY"), Client(deployed("http://velocity.test"), "r1"):
        pass


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxys_refusal_says_nothing_about_the_deployment(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    refusal = hostile.answering(407, b"", {"Proxy-Authenticate": "Basic"})
    with refusal as proxy, hostile.refused() as nobody, hostile.echoing() as (loopback, _):
        for address, words in ((proxy, "407"), (nobody, "no connection")):
            monkeypatch.setenv(f"{scheme.upper()}_PROXY", address)
            with Client(deployed(f"{scheme}://velocity.test"), "r1") as client:
                with pytest.raises(RunnerNetworkError, match=words):
                    client.send(GET)
                assert client.send(Request("GET", "web", f"{loopback}/direct")).body == b"/direct"


def test_it_works_while_a_loop_runs_in_this_thread() -> None:
    async def use() -> int:
        with hostile.echoing() as (url, _), Client(deployed(url), "r1") as client:
            return client.send(GET).status

    # in a thread of its own: in this one a browser test may have left Playwright's loop running
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, use()).result(30) == 200
