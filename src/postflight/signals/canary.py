"""A canary on loopback: a listener of our own that this runner asks at each round.

When its answer is late, so are all others, through no fault of the deployment; when none comes, this runner's network
does not work.
"""

import asyncio
from types import TracebackType
from typing import Self

from postflight.signals.clock import Clock

_DEADLINE = 5.0  # seconds
_WORD = b"well\n"


class Canary:
    """The listener and the question. A context manager; use it in one event loop."""

    def __init__(self, clock: Clock, *, late: float) -> None:
        """`late` (seconds): an answer that takes longer, from its intended time, makes the block missing."""
        self._clock = clock
        self._late = late
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(_answer, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the listener."""
        if self._server is not None:
            self._server.close()

    async def trouble(self, at: float) -> str | None:
        """Return what is wrong with this runner at the round that was meant to begin at `at`, None when it is well."""
        if self._server is None:
            raise RuntimeError("the canary is not open: use it as a context manager")
        host, port = self._server.sockets[0].getsockname()[:2]
        try:
            async with asyncio.timeout(_DEADLINE):
                reader, writer = await asyncio.open_connection(host, port)
                try:
                    word = await reader.readline()
                finally:
                    writer.close()
        except OSError as error:  # TimeoutError is one
            return f"this runner does not reach itself on loopback: {error or 'no answer'}"
        if word != _WORD:
            return "this runner does not reach itself on loopback: another answer came than was sent"
        took = self._clock.now() - at
        if took > self._late:
            return f"this runner is slow: its own answer on loopback took {took:.2g} s, more than {self._late:.2g} s"
        return None


async def _answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        writer.write(_WORD)
        await writer.drain()
    except ConnectionError:  # whoever asked has gone
        return
    finally:
        writer.close()
