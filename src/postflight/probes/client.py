"""The client that drives flows over HTTP: everything has a deadline and a bound, and nothing is kept between accounts.

It is synchronous to its callers, and its event loop runs in a thread of its own: Playwright's synchronous interface
leaves a running loop in the main thread, where no second one could start.
"""

import contextlib
import functools
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from postflight.errors import ConfigError, DeploymentFault, PostflightError, Unreachable
from postflight.flow import Flow, Pause, Request, Response, Task, Together, Wish
from postflight.model import Deployment
from postflight.probes import body
from postflight.probes.addresses import locate, urls
from postflight.probes.curl import curl_line
from postflight.probes.exchange import exchange
from postflight.probes.transport import open_transport
from postflight.redact import Redactor

T = TypeVar("T")

FLOW_DEADLINE = 60.0  # seconds
CLEAN_UP = 10.0  # seconds that a flow has, after its own deadline, to remove what it created
_LOG_LENGTH = 200  # exchanges
# shorter than any server's (Node's and uvicorn's is 5 s): else a server closes the connection just when we reuse it,
# which looks as if it closed at once
KEEP_ALIVE = 2.0  # seconds
_LEAST_COOKIE = 16  # characters; a shorter HttpOnly cookie is a setting, not a session


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of the client's log, free of secrets. Either `status` or `error` is set."""

    method: str
    url: str
    status: int | None
    seconds: float
    error: str = ""


class Client:
    """Runs flows against a deployment. A context manager; safe to share between threads.

    TLS is always verified: against certifi's authorities (or SSL_CERT_FILE) and the deployment's `ca_file`. Proxies of
    the environment are respected, but never for loopback. No cookie is kept: two accounts cannot be mixed up.
    """

    def __init__(
        self,
        deployment: Deployment,
        run_id: str,
        redactor: Redactor | None = None,
        *,
        body_limit: int = body.LIMIT,
    ) -> None:
        self.deployment = deployment
        self.redactor = redactor or Redactor.of(deployment)
        self.run_id = run_id
        self.body_limit = body_limit
        self._log: deque[Exchange] = deque(maxlen=_LOG_LENGTH)
        self._stack = contextlib.ExitStack()
        self._portal: BlockingPortal | None = None
        self._http: httpx.AsyncClient | None = None

    def __enter__(self) -> Self:
        """Start the loop. Raises `ConfigError` for an address, certificate file or proxy that cannot be used."""
        for url in urls(self.deployment):
            self._check(url)
        http = self._build()
        with contextlib.ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal(name="postflight-client"))
            self._http = stack.enter_context(self._portal.wrap_async_context_manager(http))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections and end the thread."""
        self._http = self._portal = None
        self._stack.__exit__(kind, error, trace)

    @property
    def http(self) -> httpx.AsyncClient:
        """The client beneath, for what no flow can say; it belongs to the loop that `call` runs things in."""
        if self._http is None:
            raise RuntimeError("the client is not open: use it as a context manager")
        return self._http

    @property
    def log(self) -> tuple[Exchange, ...]:
        """The last 200 exchanges, oldest first."""
        return tuple(self._log)

    def run(self, flow: Flow[T], *, deadline: float = FLOW_DEADLINE) -> T:
        """Run a flow and return its result.

        An error (also Ctrl-C) is thrown into the flow, so that its `except` and `finally` work and may send requests.
        After `deadline` seconds that error is a `DeploymentFault`, and the flow has 10 s more to clean up.
        """
        end, overdue = time.monotonic() + deadline, False
        step: Callable[[], Wish] = functools.partial(next, flow)
        while True:
            try:
                wish = step()
            except StopIteration as finished:
                result: T = finished.value
                return result
            try:
                answer = self._grant(wish, end)
            except BaseException as error:  # also Ctrl-C: the flow cleans up, and raises it again
                thrown: BaseException = error
                if time.monotonic() >= end:
                    thrown = _overdue(wish, deadline, error)
                    if overdue:  # the flow goes on and on: no more wishes
                        with contextlib.suppress(RuntimeError):
                            flow.close()
                        raise thrown from error
                    end, overdue = end + CLEAN_UP, True
                step = functools.partial(flow.throw, thrown)
            else:
                step = functools.partial(flow.send, answer)

    def send(self, request: Request) -> Response:
        """Send one request and return its answer, whatever its status.

        Raises `DeploymentFault` when the deployment gave no answer, `CannotMeasure` when that is not its fault.
        """
        url = locate(self.deployment, request)
        headers = dict(request.headers)
        if request.token is not None:
            self.redactor.add(request.token, "token")
            headers["Authorization"] = f"Bearer {request.token}"
        curl = curl_line(
            request.method,
            url,
            [*headers.items(), ("X-Postflight-Run", self.run_id)],
            request.json,
            content=request.content or b"",
            deadline=request.deadline,
            follow_redirects=request.follow_redirects,
            redactor=self.redactor,
        )
        started = time.perf_counter()
        try:
            response = self._call(request, url, headers, curl)
        except PostflightError as error:
            self._note(request, url, started, error=self.redactor.text(str(error)))
            raise
        self._learn_cookies(response)
        self._note(request, url, started, status=response.status)
        return response

    def call(self, function: Callable[[], Awaitable[T]], *, deadline: float) -> T:
        """Run somebody else's asynchronous client in this client's loop, and return what it returns.

        Raises `Unreachable` when it is not done within `deadline` seconds; its own errors come as they are.
        """

        async def bounded() -> T:
            with anyio.fail_after(deadline):
                return await function()

        if self._portal is None:
            raise RuntimeError("the client is not open: use it as a context manager")
        try:
            return self._portal.call(bounded)
        except TimeoutError as error:
            raise Unreachable(f"no answer within {deadline:g} s", expected=f"done within {deadline:g} s") from error

    def _grant(self, wish: Wish, end: float) -> Any:
        if isinstance(wish, Together):  # one after the other: here nobody measures how long they take together
            return tuple(self._sent_in_time(request, end) for request in wish.requests)
        if isinstance(wish, Pause):
            time.sleep(min(wish.seconds, _left(end)))
            return None
        if isinstance(wish, Task):
            return self.call(wish.run, deadline=min(wish.deadline, _left(end)))
        return self._sent_in_time(wish, end)

    def _sent_in_time(self, request: Request, end: float) -> Response:
        return self.send(replace(request, deadline=min(request.deadline, _left(end))))

    def _call(self, request: Request, url: str, headers: dict[str, str], curl: str) -> Response:
        if self._portal is None or self._http is None:
            raise RuntimeError("the client is not open: use it as a context manager")
        built = self._http.build_request(
            request.method, url, headers=headers, json=request.json, content=request.content
        )
        task = functools.partial(
            exchange,
            self._http,
            built,
            deadline=request.deadline,
            follow_redirects=request.follow_redirects,
            body_limit=self.body_limit,
            curl=curl,
            redactor=self.redactor,
        )
        future = self._portal.start_task_soon(task)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # after Ctrl-C nobody waits for the answer
            raise

    def _build(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=100, keepalive_expiry=KEEP_ALIVE)
        return open_transport(run_id=self.run_id, ca_file=self.deployment.ca_file, limits=limits, http2=True)

    def _check(self, url: str) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ConfigError(f"{url!r} is no address: {error}") from error
        if parsed.scheme not in ("http", "https", "ws", "wss") or not parsed.host:
            raise ConfigError(f"{url!r} is no address: write it as https://host or http://host:port", where=url)
        self.redactor.add(parsed.password, "password in URL")

    def _learn_cookies(self, response: Response) -> None:
        for name, value in response.headers:
            content = value.partition(";")[0].partition("=")[2].strip('" ')
            if name.lower() == "set-cookie" and "httponly" in value.lower() and len(content) >= _LEAST_COOKIE:
                self.redactor.add(content, "cookie")

    def _note(self, request: Request, url: str, started: float, *, status: int | None = None, error: str = "") -> None:
        seconds = time.perf_counter() - started
        self._log.append(Exchange(request.method, self.redactor.text(url), status, seconds, error))


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise DeploymentFault("no time is left")
    return left


def _overdue(wish: Wish, deadline: float, error: BaseException) -> BaseException:
    """Return the error for a flow that is not done in time; an error that is not the deployment's stays as it is."""
    if not isinstance(error, DeploymentFault):
        return error
    last = _told(wish)
    return DeploymentFault(
        f"the flow was not done within {deadline:g} s; it had come to {last}",
        expected=f"done within {deadline:g} s",
        seen=f"{last}: {error}",
        where=error.facts.where,
        curl=error.facts.curl,
    )


def _told(wish: Wish) -> str:
    match wish:
        case Request():
            return f"{wish.method} {wish.path}"
        case Together():
            return f"{len(wish.requests)} requests together"
        case Task():
            return wish.name
        case Pause():
            return f"a pause of {wish.seconds:g} s"
