"""The connections to one origin: kept alive, bounded, and those who wait for one in the order in which they came."""

import asyncio
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from postflight.load.engine.clock import Clock
from postflight.load.engine.connection import Address, Connection
from postflight.load.engine.received import Received
from postflight.load.engine.routes import Origin
from postflight.probes.meaning import DeadlinePassed

# shorter than any server's (Node's and uvicorn's is 5 s): else a server closes the connection just when we reuse it
KEEP_ALIVE = 2_000_000_000  # ns
_RESOLVED = 30_000_000_000  # ns that the addresses of a name are believed


class Customer(Protocol):
    """Who wants a connection: an exchange."""

    sent: int
    queued: int  # when it began to wait for a connection (ns)

    def carried(self, connection: Connection, ready: int, *, reused: bool) -> None:
        """Take this one; it has been ready since this time (ns), 0 when there was nothing to wait for."""

    def answered(self, answer: Received, at: int, *, kernel: bool) -> None:
        """Take the answer."""

    def broken(self, error: BaseException, *, began: bool = False, untouched: bool = False) -> None:
        """Hear that the connection is lost, or that there will be none.

        `began`: a part of an answer had come. `untouched`: nothing of the request had gone.
        """


class Pool:
    """Connections to one origin. Owned by the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        origin: Origin,
        trust: ssl.SSLContext,
        clock: Clock,
        *,
        limit: int,
        body_limit: int,
    ) -> None:
        self._loop, self._origin, self._clock = loop, origin, clock
        self._trust = trust if origin.scheme == "https" else None
        self._limit, self._body_limit = limit, body_limit
        self._idle: list[Connection] = []  # the one used last is last: the others may rest until they are closed
        self._all: set[Connection] = set()
        self._opening = 0  # also those whose name is being resolved
        self._waiting: deque[Customer] = deque()
        self._addresses: Sequence[Address] = ()
        self._resolved_at = -_RESOLVED
        self._resolving: asyncio.Task[None] | None = None

    def take(self, customer: Customer) -> None:
        """Give a connection to a customer, now or in its turn."""
        if self._idle:
            connection = self._idle.pop()
            connection.exchange = customer
            customer.carried(connection, 0, reused=True)
        else:
            customer.queued = time.monotonic_ns()
            self._waiting.append(customer)
            if len(self._all) < self._limit:
                self._grow()

    def take_fresh(self, customer: Customer) -> None:
        """Give a connection that nobody used before: those that were kept have just proved to be stale."""
        while self._idle:
            self._discard(self._idle.pop())
        self._waiting.appendleft(customer)
        self._grow()

    def withdraw(self, customer: Customer) -> None:
        """Forget one that waits."""
        if customer in self._waiting:
            self._waiting.remove(customer)

    @property
    def unresolved(self) -> bool:
        """Whether one that waits has no connection because the name has no address yet: that is not the target's."""
        return not self._addresses

    @property
    def why_none(self) -> str:
        """Why one that waits has no connection; continues a sentence that begins with the host."""
        if self._opening:
            return "did not accept a connection"
        return f"kept all {self._limit} connections busy, so that the request was not sent"

    def sweep(self, now: int) -> None:
        """Close what has been idle for long. In ns."""
        while self._idle and now - self._idle[0].free_since >= KEEP_ALIVE:
            self._discard(self._idle.pop(0))

    def give_up(self, now: int, connect_deadline: int, tls_deadline: int) -> None:
        """Give up on what does not open in time. All in ns."""
        for connection in [one for one in self._all if one.phase != "open"]:
            if connection.phase == "tls" and now - connection.phase_since > tls_deadline:
                words = "accepted the connection, but did not finish the TLS handshake"
                connection.lose(DeadlinePassed(f"{words} within {tls_deadline / 1e9:.3g} s"))
            elif connection.phase == "connect" and now - connection.phase_since > connect_deadline:
                connection.lose(DeadlinePassed(f"did not accept a connection within {connect_deadline / 1e9:.3g} s"))

    def close(self) -> None:
        """Close all connections, without a word to anybody."""
        if self._resolving is not None:
            self._resolving.cancel()
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._idle.clear()
        self._waiting.clear()

    # -- what a connection tells

    def opened(self, connection: Connection) -> None:
        """Give a connection that stands now to whoever waits longest."""
        self._opening -= 1
        self._offer(connection, time.monotonic_ns(), reused=False)

    def answered(self, connection: Connection, answer: Received, at: int, *, kernel: bool) -> None:
        """Free the connection, for the next first, and then hand on the answer."""
        customer: Customer = connection.exchange
        connection.exchange = None
        if connection.closed:
            self._all.discard(connection)
            self._grow()
        elif self._waiting:
            self._offer(connection, at, reused=True)
        else:
            connection.free_since = at
            self._idle.append(connection)
        customer.answered(answer, at, kernel=kernel)

    def lost(self, connection: Connection, error: BaseException) -> None:
        """Tell whom it carried that a connection is lost; where it never stood, whoever waits longest."""
        self._all.discard(connection)
        if connection.phase != "open":
            self._opening -= 1
            self._addresses, self._resolved_at = (), -_RESOLVED  # it may have moved
            if self._waiting:
                self._waiting.popleft().broken(error)
        elif connection.exchange is not None:
            customer: Customer = connection.exchange
            connection.exchange = None
            customer.broken(error, began=connection.began, untouched=connection.untouched)
        elif connection in self._idle:
            self._idle.remove(connection)
        self._grow()

    # -- its own business

    def _offer(self, connection: Connection, ready: int, *, reused: bool) -> None:
        if self._waiting:
            customer = self._waiting.popleft()
            connection.exchange = customer
            customer.carried(connection, ready, reused=reused)
        else:
            connection.free_since = time.monotonic_ns()
            self._idle.append(connection)

    def _discard(self, connection: Connection) -> None:
        self._all.discard(connection)
        connection.close()

    def _grow(self) -> None:
        """Open as many connections as there are customers that wait for none of those that open, within the limit."""
        wanted = min(len(self._waiting) - self._opening, self._limit - len(self._all))
        if wanted <= 0:
            return
        if self._resolving is None and time.monotonic_ns() - self._resolved_at > _RESOLVED:
            self._resolving = self._loop.create_task(self._resolve())
        if not self._addresses:
            return
        for _ in range(wanted):
            self._opening += 1
            connection = Connection(self._loop, self, self._clock, self._addresses, self._body_limit)
            self._all.add(connection)
            connection.open(self._trust, self._origin.host)

    async def _resolve(self) -> None:
        try:
            found = await self._loop.getaddrinfo(self._origin.host, self._origin.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            self._resolving = None
            if self._addresses:  # those that we know are good for another while
                self._resolved_at = time.monotonic_ns()
                return
            waiting, self._waiting = self._waiting, deque()
            for customer in waiting:
                customer.broken(error)
            return
        self._addresses = [(family, address) for family, _, _, _, address in found]
        self._resolved_at = time.monotonic_ns()
        self._resolving = None
        self._grow()


class Pools(dict[Origin, Pool]):
    """The pools of a run, made when they are asked for."""

    def __init__(self, make: Callable[[Origin], Pool]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, origin: Origin) -> Pool:
        self[origin] = made = self._make(origin)
        return made
