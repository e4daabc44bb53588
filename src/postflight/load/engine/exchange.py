"""One request of a flow: the wait for a connection, redirects, one more try where a kept connection was stale."""

import socket
import time
from typing import Protocol

import httpx

from postflight.errors import CannotMeasure, UnexpectedAnswer
from postflight.flow import Request
from postflight.load.engine.connection import Connection
from postflight.load.engine.cookies import Cookies
from postflight.load.engine.pool import Pools
from postflight.load.engine.received import Received
from postflight.load.engine.routes import Route, place
from postflight.load.engine.writer import Writer
from postflight.probes.exchange import MAX_REDIRECTS
from postflight.probes.meaning import DeadlinePassed

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})  # RFC 9110, 9.2.2


class Asker(Protocol):
    """Who made the request."""

    cookies: Cookies | None

    def answer(self, exchange: "Exchange", response: Received) -> None:
        """Take the answer."""

    def learn(self, answer: Received) -> None:
        """Keep the cookies of an answer that is not handed on, since it redirects."""

    def fault(self, exchange: "Exchange", error: BaseException) -> None:
        """Hear that there will be none."""


class Exchange:
    """A request under way. Times are monotonic, in ns; 0 is not yet."""

    __slots__ = (
        "_asker", "_body", "_connection", "_method", "_payload", "_place", "_pools", "_retried", "_reused", "_secret",
        "_since", "_writer", "asked", "ended", "first_sent", "history", "kernel", "lag", "limit", "name", "queued",
        "queueing", "sent", "wish",
    )  # fmt: skip

    def __init__(self, wish: Request, route: Route, asker: Asker, asked: int, pools: Pools, writer: Writer) -> None:
        self.wish, self._asker, self._pools, self._writer = wish, asker, pools, writer
        self.name = wish.name or route.name
        self._place, self._method, self._payload = route.place, wish.method, route.plain
        self._secret = self._body = True  # may what could be secret, and the body, go where this goes now?
        self._connection: Connection | None = None
        self._reused = self._retried = False
        self.asked = self._since = asked  # by the flow; and when this hop began
        self.first_sent = self.sent = self.ended = self.queued = self.queueing = self.lag = 0
        self.kernel = False  # by whose clock it ended
        self.limit = time.monotonic_ns() + int(wish.deadline * 1e9)  # from now: where we come late, nobody else does
        self.history: tuple[str, ...] = ()

    def begin(self) -> None:
        """Ask for a connection. Raises `CannotMeasure` for what cannot be sent."""
        wish = self.wish
        has_body = wish.json is not None or wish.content is not None
        if wish.headers or wish.token is not None or has_body or self._asker.cookies or self.history:
            self._payload = self._written()
        self._pools[self._place.origin].take(self)

    def not_our_lag(self) -> None:
        """Note that up to now it was meant to wait."""
        self._since = time.monotonic_ns()

    @property
    def url(self) -> str:
        """What was asked for last."""
        return self._place.url

    # -- what the pool tells

    def carried(self, connection: Connection, ready: int, *, reused: bool) -> None:
        """Send it."""
        self._connection, self._reused = connection, reused
        self.sent = sent = time.monotonic_ns()
        if not self.first_sent:
            self.first_sent = sent
            if ready:  # it waited: the time before it stood in the queue was ours, and that after its turn came
                turn = max(ready, self.queued)
                self.queueing = turn - self.queued
                self.lag = self.queued - self._since + sent - turn
            else:
                self.lag = sent - self._since
        connection.send(self._payload, head_only=self._method == "HEAD")

    def answered(self, answer: Received, at: int, *, kernel: bool) -> None:
        """Hand the answer to the flow, or follow it elsewhere."""
        self._connection = None
        self.ended, self.kernel = at, kernel
        answer.url = self._place.url  # type: ignore[misc]  # what the connection did not know: see `Received`
        if answer.status in _REDIRECTS and self.wish.follow_redirects and self._goes_on(answer):
            return
        answer.seconds, answer.history = (at - self.asked) / 1e9, self.history  # type: ignore[misc]
        self._asker.answer(self, answer)

    def broken(self, error: BaseException, *, began: bool = False, untouched: bool = False) -> None:
        """Try once more where the server closed a kept connection just as we used it, else tell the flow."""
        self._connection = None
        stale = self._reused and not began and not self._retried and isinstance(error, EOFError | OSError)
        if stale and (untouched or self._method in _IDEMPOTENT):
            self._retried = True
            self._pools[self._place.origin].take_fresh(self)
            return
        self._fail(error)

    def expire(self) -> None:
        """Give up: the deadline has passed."""
        if self._connection is None and self._pools[self._place.origin].unresolved:
            self._fail(socket.gaierror(socket.EAI_AGAIN, "the name server gave no answer"))
        else:
            self._fail(DeadlinePassed(f"{self._unfinished()} within {self.wish.deadline:.3g} s"))

    def withdraw(self) -> bool:
        """Let nobody hear of it any more, and return whether it had been sent."""
        self._pools[self._place.origin].withdraw(self)
        connection, self._connection = self._connection, None
        if connection is None:
            return False
        connection.exchange = None
        connection.lose(EOFError("withdrawn"))
        return True

    # -- its own business

    def _written(self) -> bytes:
        """Return the bytes of a request that carries something of its own."""
        wish = self.wish
        headers: dict[str, str] = {}
        if self._secret:
            headers.update(wish.headers)
            if wish.token is not None:
                headers["Authorization"] = f"Bearer {wish.token}"
            if self._asker.cookies and (cookie := self._asker.cookies.header(self._place.url)):
                headers.setdefault("Cookie", cookie)
        body = (wish.json, wish.content) if self._body else (None, None)
        return self._writer.write(self._method, self._place.target, self._place.host, headers, *body)

    def _fail(self, error: BaseException) -> None:
        self.withdraw()
        self.ended = 0
        self._asker.fault(self, error)

    def _unfinished(self) -> str:
        connection = self._connection
        if connection is None:
            words = self._pools[self._place.origin].why_none
        elif connection.has_head:
            words = f"sent {connection.received} bytes of a body that did not end"
        else:
            words = "accepted the connection, but sent no whole answer"
        return f"{words} after {len(self.history)} redirects" if self.history else words

    def _goes_on(self, answer: Received) -> bool:
        """Follow a redirect; False when it leads nowhere that we may follow, so that it is the answer itself."""
        location = answer.header("location")
        if location is None:
            return False
        try:
            onward = place(httpx.URL(self._place.url).join(location).copy_with(fragment=None))
        except (UnexpectedAnswer, httpx.InvalidURL, UnicodeError, ValueError) as error:
            self._fail(httpx.UnsupportedProtocol(str(error)))
            return True
        method, body = _onward(self._method, answer.status)
        if onward.origin != self._place.origin:
            if method not in ("GET", "HEAD"):
                return False
            self._secret = False
            body = False
        if len(self.history) == MAX_REDIRECTS:
            self._fail(httpx.TooManyRedirects(f"more than {MAX_REDIRECTS} redirects"))
            return True
        self._asker.learn(answer)
        self.history = (*self.history, self._place.url)
        self._method, self._body, self._place = method, self._body and body, onward
        self._retried, self._since = False, time.monotonic_ns()
        try:
            self.begin()
        except CannotMeasure as error:
            self._fail(error)
        return True


def _onward(method: str, status: int) -> tuple[str, bool]:
    """Return the method of a redirected request, and whether it keeps its body (RFC 9110, 15.4; as browsers do it)."""
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        return "GET", False
    return method, True
