"""Times requests phase by phase: resolving the name, connecting, TLS, the first byte, the body.

Two clients beside each other: one opens a new connection for each request (cold), the other keeps them (warm). Both
send as `Client` does: the same certificates, proxies, deadlines, errors and redaction.

A cold request resolves the name first and then connects to the address that it gave, as `curl --resolve` does, so that
connecting does not count the name twice. Behind a proxy, or for an address without a name, nothing is resolved here;
for one that gives another address than those that took a connection before, connecting counts it.
"""

import functools
import ipaddress
import socket
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import anyio
import httpx

from postflight.checks.latency.timing import Timing
from postflight.errors import RunnerNetworkError
from postflight.flow import Request, Response
from postflight.probes.addresses import locate, origin
from postflight.probes.client import Client
from postflight.probes.curl import curl_line
from postflight.probes.exchange import exchange
from postflight.probes.network import proxy_for
from postflight.probes.pace import require_answer
from postflight.probes.transport import open_transport

_SPARE = 60.0  # seconds beyond a request's deadline after which its loop is taken for dead: it may stand still, too
# seconds that a warm connection is kept idle, and in which it is taken for open; servers (Node, uvicorn) keep it 5 s
_KEPT, _FRESH = 4.0, 3.0
_Origin = tuple[str, str, int | None]


class Timer:
    """Times requests of a client's deployment. A context manager, within that of the client; one request at a time.

    `http2=False` speaks HTTP/1.1 only; else the server chooses, as for a browser.
    """

    def __init__(self, client: Client, *, http2: bool = True, pause: float = 0.0) -> None:
        self._client = client
        self._http2 = http2
        self._pause = pause
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._used: dict[_Origin, float] = {}  # when the warm connection was last used
        self._known: dict[str, set[str]] = {}  # host -> addresses that took a connection

    def __enter__(self) -> Self:
        """Make both clients. Raises `ConfigError` for a certificate file or proxy that cannot be used."""
        for cold in (True, False):
            kept = httpx.Limits(max_keepalive_connections=0 if cold else None, keepalive_expiry=_KEPT)
            self._clients[cold] = open_transport(
                run_id=self._client.run_id, ca_file=self._client.deployment.ca_file, limits=kept, http2=self._http2
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        for http in self._clients.values():
            self._client.call(http.aclose, deadline=_SPARE)

    def warm_up(self, request: Request) -> Response:
        """Send a request cold and warm, unmeasured: it leaves an open connection, and a server that has served it."""
        self._send(request, cold=True)
        return self._send(request, cold=False)[0]

    def take(self, request: Request, *, cold: bool) -> Timing:
        """Send one request and return how long its phases took.

        Raises what `Client.send` raises; `UnexpectedAnswer` for a status of 400 or above, `NotEnoughEvidence` for 429.
        """
        place = origin(httpx.URL(locate(self._client.deployment, request)))
        if not cold and time.monotonic() - self._used.get(place, 0.0) > _FRESH:
            self._send(request, cold=False)
        answer, watch = self._send(request, cold=cold)
        timing = watch.timing(
            request.name or f"{request.method} {request.path.partition('?')[0] or '/'}",
            request.region or "",
            cold=cold,
            answer=answer,
        )
        self._used[place] = time.monotonic()
        return timing

    def _send(self, request: Request, *, cold: bool) -> tuple[Response, "_Stopwatch"]:
        time.sleep(self._pause)
        deployment, redactor = self._client.deployment, self._client.redactor
        url = locate(deployment, request)
        headers = dict(request.headers)
        if request.token is not None:
            redactor.add(request.token, "token")
            headers["Authorization"] = f"Bearer {request.token}"
        curl = curl_line(
            request.method, url, [*headers.items(), ("X-Postflight-Run", self._client.run_id)], request.json,
            deadline=request.deadline, follow_redirects=False, redactor=redactor,
        )  # fmt: skip
        built = self._clients[cold].build_request(request.method, url, headers=headers, json=request.json)
        watch = _Stopwatch()
        step = functools.partial(self._resolve_and_send, built, request.deadline, curl, watch, cold=cold)
        answer = self._client.call(step, deadline=request.deadline + _SPARE)
        if watch.address:
            self._known.setdefault(httpx.URL(url).host, set()).add(watch.address)
        return require_answer(answer), watch

    async def _resolve_and_send(
        self, built: httpx.Request, deadline: float, curl: str, watch: "_Stopwatch", *, cold: bool
    ) -> Response:
        host = built.url.host
        if cold and host in self._known and not _is_address(host) and not proxy_for(str(built.url)):
            address, seconds = await self._resolve(host, deadline)
            deadline -= seconds
            if address:
                watch.dns = seconds
                built.extensions = {**built.extensions, "sni_hostname": host}  # certificates are for names
                built.url = built.url.copy_with(host=address)  # the Host header stays
        return await exchange(
            self._clients[cold],
            built,
            deadline=deadline,
            follow_redirects=False,
            body_limit=self._client.body_limit,
            curl=curl,
            redactor=self._client.redactor,
            listen=watch.note,
        )

    async def _resolve(self, host: str, deadline: float) -> tuple[str, float]:
        """Return an address of a name that took a connection before, and how long it took to find it.

        Empty when none of today's has: then connecting resolves again and tries them all, as browsers do.
        """
        started = time.perf_counter()
        try:
            with anyio.fail_after(deadline):
                found = await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            words = f"{host} does not resolve any more: no name server answered within {deadline:g} s"
            raise RunnerNetworkError(words, where=host) from error
        except (OSError, UnicodeError) as error:
            raise RunnerNetworkError(f"{host} does not resolve any more: {error}", where=host) from error
        addresses = (str(entry[4][0]) for entry in found)
        known = next((address for address in addresses if address in self._known[host]), "")
        return known, time.perf_counter() - started


class _Stopwatch:
    """Notes when httpcore's events come: the last one of each name, so of a proxy's tunnel the request within."""

    def __init__(self) -> None:
        self.dns = 0.0
        self.address = ""
        self._at: dict[str, float] = {}

    def note(self, event: str, details: Mapping[str, Any]) -> None:
        name = event.partition(".")[2]  # without the module: http11 and http2 have the same
        self._at[name] = time.perf_counter()
        if name == "connect_tcp.complete":
            told = details["return_value"].get_extra_info("server_addr")
            self.address = str(told[0]) if told else ""

    def timing(self, operation: str, region: str, *, cold: bool, answer: Response) -> Timing:
        headers = self._at["receive_response_headers.complete"]
        return Timing(
            operation=operation,
            region=region,
            cold=cold,
            reused="connect_tcp.started" not in self._at,
            http_version=answer.http_version,
            dns=self.dns,
            connect=self._between("connect_tcp"),
            tls=self._between("start_tls"),
            first_byte=headers - self._at["send_request_headers.started"],
            body=self._at.get("receive_response_body.complete", headers) - headers,
            closes=(answer.header("connection") or "").lower() == "close",
            late=answer.late,
        )

    def _between(self, name: str) -> float:
        started, complete = self._at.get(f"{name}.started"), self._at.get(f"{name}.complete")
        return complete - started if started is not None and complete is not None else 0.0


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
