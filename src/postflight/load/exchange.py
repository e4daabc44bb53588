"""One request of a flow: the wait for a connection, redirects, one more try where a kept connection was stale."""

import time
from collections.abc import Callable
from typing import Protocol

import httpx

from postflight.errors import CannotMeasure, UnexpectedAnswer
from postflight.flow import Request
from postflight.load.connection import Connection
from postflight.load.cookies import Cookies
from postflight.load.message import Received, Writer
from postflight.load.places import Place, place
from postflight.load.pool import PoolOf
from postflight.probes.exchange import MAX_REDIRECTS
from postflight.probes.meaning import DeadlinePassed

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})  # RFC 9110, 9.2.2


class Asker(Protocol):
    """Who made the request."""

    cookies: Cookies | None

    def answer(self, exchange: "Exchange", response: Received) -> None:
        """It is answered."""

    def learn(self, url: str, answer: Received) -> None:
        """Keep the cookies of an answer that is not handed on, since it redirects."""

    def fault(self, exchange: "Exchange", error: BaseException) -> None:
        """It is not, and will not be."""

    def wrote(self, lag: int) -> None:
        """A request was written this much (ns) later than it could have been."""


class Exchange:
    """A request under way. Times are monotonic, in ns; 0 is not yet."""

    __slots__ = (
        "_asker", "_connection", "_first", "_method", "_onward_body", "_onward_secret", "_payload", "_place", "_pools",
        "_retried", "_reused", "_writer", "asked", "at", "ended", "history", "kernel", "limit", "queueing", "sent", "wish",
    )  # fmt: skip

    def __init__(self, wish: Request, asker: Asker, asked: int, place: Place, pools: PoolOf, writer: Writer) -> None:
        self.wish, self._asker, self.asked = wish, asker, asked
        self._place, self._pools, self._writer = place, pools, writer
        self._method = wish.method
        self._onward_secret = self._onward_body = True
        self._connection: Connection | None = None
        self._reused = self._retried = False
        self._first = 0  # when the first byte of all was sent
        self.sent = 0  # when this hop was sent
        self.queueing = 0
        self.ended = 0
        self.kernel = False
        self.limit = asked + round(wish.deadline * 1e9)
        self.history: tuple[str, ...] = ()

    def begin(self) -> None:
        """Ask for a connection. Raises `CannotMeasure` for what cannot be sent."""
        cookie = "" if self._asker.cookies is None else self._asker.cookies.header(self._place.url)
        self._payload = self._writer.write(
            self.wish, self._method, self._place, cookie, secret=self._onward_secret, body=self._onward_body
        )
        self.at = self.asked if not self.history else time.monotonic_ns()
        self._pools(self._place.origin).take(self)

    @property
    def service(self) -> int | None:
        """From sent to received, redirects included; None when nothing was sent or nothing came."""
        return self.ended - self._first if self._first and self.ended else None

    @property
    def url(self) -> str:
        """What was asked for last."""
        return self._place.url

    # -- what the pool tells

    def carried(self, connection: Connection, ready: int, *, reused: bool) -> None:
        """Send it."""
        self._connection, self._reused = connection, reused
        possible = max(self.at, ready)  # the moment from which on only we held it up
        self.sent = sent = time.monotonic_ns()
        if not self._first:
            self._first, self.queueing = sent, possible - self.at
        self._asker.wrote(sent - possible)
        connection.send(self._payload, head_only=self._method == "HEAD")

    def answered(self, answer: Received, at: int, *, kernel: bool) -> None:
        """Hand the answer to the flow, or follow it elsewhere."""
        self._connection = None
        self.ended, self.kernel = at, kernel
        if answer.status in _REDIRECTS and self.wish.follow_redirects and self._goes_on(answer):
            return
        answer.url, answer.history = self._place.url, self.history
        answer.seconds = (at - self.asked) / 1e9
        self._asker.answer(self, answer)

    def broken(self, error: BaseException, *, began: bool) -> None:
        """Try once more where the server closed a kept connection just as we used it, else tell the flow."""
        self._connection = None
        stale = self._reused and not began and not self._retried and isinstance(error, EOFError | OSError)
        if stale and self._method in _IDEMPOTENT:
            self._retried = True
            self._pools(self._place.origin).take_fresh(self)
            return
        self._fail(error)

    def expire(self) -> None:
        """Give up: the deadline has passed."""
        self._fail(DeadlinePassed(f"{self._unfinished()} within {self.wish.deadline:.3g} s"))

    def withdraw(self) -> bool:
        """Let nobody hear of it any more, and return whether it had been sent."""
        self._pools(self._place.origin).withdraw(self)
        connection, self._connection = self._connection, None
        if connection is None:
            return False
        connection.exchange = None
        connection.lose(EOFError("withdrawn"))
        return True

    # -- its own business

    def _fail(self, error: BaseException) -> None:
        self.withdraw()
        self.ended = 0
        self._asker.fault(self, error)

    def _unfinished(self) -> str:
        connection = self._connection
        if connection is None:
            words = self._pools(self._place.origin).why_none
        elif connection.has_head:
            words = f"sent {connection.received} bytes of a body that did not end"
        else:
            words = "accepted the connection, but sent no whole answer"
        return f"{words} after {len(self.history)} redirects" if self.history else words

    def _goes_on(self, answer: Received) -> bool:
        """Follow a redirect; False when it leads nowhere that we may follow, so that it is the answer itself."""
        location = answer.first(b"location")
        if location is None:
            return False
        try:
            onward = place(httpx.URL(self._place.url).join(location.decode("latin-1")).copy_with(fragment=None))
        except (UnexpectedAnswer, httpx.InvalidURL, UnicodeError, ValueError) as error:
            self._fail(httpx.UnsupportedProtocol(str(error)))
            return True
        method, body = _onward(self._method, answer.status)
        if onward.origin != self._place.origin:
            if method not in ("GET", "HEAD"):
                return False
            self._onward_secret = False
            body = False
        if len(self.history) == MAX_REDIRECTS:
            self._fail(httpx.TooManyRedirects(f"more than {MAX_REDIRECTS} redirects"))
            return True
        self._asker.learn(self._place.url, answer)
        self.history = (*self.history, self._place.url)
        self._method, self._onward_body, self._place = method, self._onward_body and body, onward
        self._retried = False
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
