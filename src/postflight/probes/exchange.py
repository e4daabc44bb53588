"""One exchange over HTTP, redirects included: one deadline for all of it, a bound for every part of it."""

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx

from postflight.flow import Response
from postflight.probes import body
from postflight.probes.addresses import origin
from postflight.probes.meaning import DeadlinePassed, address, explain
from postflight.probes.network import name_trouble, proxy_for
from postflight.probes.standstill import Standstill
from postflight.redact import Redactor

Listen = Callable[[str, Mapping[str, Any]], None]  # told of each of httpcore's events, with its details
MAX_REDIRECTS = 10
_RESOLVE_AGAIN = 0.5  # seconds
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_LOST = 3  # connections in a row
# what is told of a GOAWAY without an error: httpcore gives up what is on its way as well, and h2 knows it no more
_FAREWELL = ("ConnectionTerminated error_code:0", "ConnectionState.CLOSED")
# headers that may follow a redirect to another origin
_PUBLIC = frozenset({"host", "user-agent", "x-postflight-run", "accept", "accept-encoding", "accept-language"})


@dataclass(slots=True)
class Progress:
    """How far an exchange came, for an error that says so. httpcore reports its stages to `trace`."""

    url: str
    history: list[str] = field(default_factory=list)
    stage: str = ""
    received: int = 0  # bytes of the body
    connected: bool = False  # for this hop: over a new connection
    answered: bool = False  # for this hop: with the whole head of an answer
    listen: Listen | None = None

    def begin(self, url: str) -> None:
        """Note that a request leaves for `url`."""
        self.url, self.received = url, 0
        self.connected = self.answered = False

    async def trace(self, event: str, details: Mapping[str, Any]) -> None:
        """Note the stage: `connection.connect_tcp.started`, `http11.receive_response_body.started`, ..."""
        if self.listen is not None:
            self.listen(event, details)
        self.connected |= event.endswith("connect_tcp.started")
        self.answered |= event.endswith("receive_response_headers.complete")
        if event.endswith(".started") and "clos" not in event:  # that it closes afterwards is no progress
            self.stage = event

    def count(self, received: int) -> None:
        """Note the bytes of the body so far."""
        self.received = received

    @property
    def connecting(self) -> bool:
        """Whether no connection stands yet."""
        return "connect_tcp" in self.stage

    def unfinished(self, deadline: float) -> str:
        """Return what did not end in time; continues a sentence that begins with the host."""
        if self.connecting:
            words = "did not accept a connection"
        elif "start_tls" in self.stage:
            words = "accepted the connection, but did not finish the TLS handshake"
        elif "response_body" in self.stage:
            words = f"sent {self.received} bytes of a body that did not end"
        else:
            words = "accepted the connection, but sent no whole answer"
        after = f" after {len(self.history)} redirects" if self.history else ""
        return f"{words} within {deadline:.3g} s{after}"


async def exchange(
    http: httpx.AsyncClient,
    request: httpx.Request,
    *,
    deadline: float,
    follow_redirects: bool,
    body_limit: int,
    curl: str,
    redactor: Redactor,
    listen: Listen | None = None,
) -> Response:
    """Send a request and read the whole answer. Raises what `meaning.explain` makes of any error.

    `deadline` is in seconds and covers everything but the time in which we stood still; `body_limit` is in bytes, on
    the wire and inflated. `http` follows no redirects itself, since httpx reads their bodies without a bound. Here up
    to 10 are followed, to another origin without credentials and never with a body. `curl` goes into the answer and
    into errors.
    """
    progress = Progress(str(request.url), listen=listen)
    started = time.perf_counter()
    try:
        with anyio.fail_after(deadline) as scope, Standstill(scope) as standstill:
            response, content = await _follow(http, request, progress, body_limit, follow_redirects=follow_redirects)
    except Exception as error:
        cause = await _true_cause(error, progress, deadline)
        raise explain(cause, redactor.text(progress.url), curl=curl) from error
    return Response(
        status=response.status_code,
        headers=tuple(response.headers.multi_items()),
        body=content,
        url=str(response.url),
        seconds=time.perf_counter() - started,
        http_version=response.http_version,
        curl=curl,
        history=tuple(progress.history),
        late=standstill.seconds,
    )


async def _follow(
    http: httpx.AsyncClient, request: httpx.Request, progress: Progress, body_limit: int, *, follow_redirects: bool
) -> tuple[httpx.Response, bytes]:
    while True:
        request.extensions = {**request.extensions, "trace": progress.trace}
        response, content = await _hop(http, request, progress, body_limit)
        onward = _onward(request, response) if follow_redirects else None
        if onward is None:
            return response, content
        if len(progress.history) == MAX_REDIRECTS:
            raise httpx.TooManyRedirects(f"more than {MAX_REDIRECTS} redirects")
        progress.history.append(progress.url)
        request = onward


async def _hop(
    http: httpx.AsyncClient, request: httpx.Request, progress: Progress, body_limit: int
) -> tuple[httpx.Response, bytes]:
    """Send a safe request again when the open connection that it left by turns out to be closed, as browsers do.

    Servers may end a connection at any time (it idled, it had its thousand requests, a worker drains), also just when
    we send. That says nothing about the request (RFC 9112, 9.3.1; RFC 9113, 6.8 and 9.1).
    """
    for left in reversed(range(_MOST_LOST + 1)):
        progress.begin(str(request.url))
        try:
            return await _sent(http, request, progress, body_limit)
        except (httpx.ProtocolError, httpx.NetworkError) as error:
            stale = not (progress.connected or progress.answered or "StreamReset" in str(error))
            if not left or request.method not in _SAFE or not (stale or any(word in str(error) for word in _FAREWELL)):
                raise
    raise AssertionError  # the last one returns or raises


async def _sent(
    http: httpx.AsyncClient, request: httpx.Request, progress: Progress, body_limit: int
) -> tuple[httpx.Response, bytes]:
    response = await http.send(request, stream=True)
    try:
        if response.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED and proxy_for(progress.url):
            raise httpx.ProxyError("407 Proxy Authentication Required")
        content = await body.read(response.aiter_raw(), body_limit, progress.count)
    finally:
        await response.aclose()
    return response, body.inflate(content, response.headers.get("content-encoding", ""), body_limit)


def _onward(request: httpx.Request, response: httpx.Response) -> httpx.Request | None:
    """Return the redirected request. Nothing that may be secret goes to another origin, neither header nor body."""
    onward = response.next_request
    if onward is None or origin(onward.url) == origin(request.url):
        return onward
    if onward.method not in ("GET", "HEAD"):
        return None
    for name in set(onward.headers) - _PUBLIC:
        del onward.headers[name]
    return onward


async def _true_cause(error: Exception, progress: Progress, deadline: float) -> Exception:
    """Return the error that says whose fault it is, where the one that was raised does not know."""
    if isinstance(error, TimeoutError):
        error = DeadlinePassed(progress.unfinished(deadline))
    if progress.connecting and (proxy := proxy_for(progress.url)):
        return httpx.ProxyError(f"{address(proxy)} gave no connection")
    if progress.connecting and isinstance(error, DeadlinePassed):
        # a dead name server looks just like a host that drops packets: connecting includes resolving
        host = httpx.URL(progress.url).host
        if await anyio.to_thread.run_sync(name_trouble, host, _RESOLVE_AGAIN):
            return socket.gaierror(socket.EAI_AGAIN, f"{host} does not resolve")
    return error
