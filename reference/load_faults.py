"""Faults of the web service that only load brings out: what a single visitor never sees.

All of them act here, around the whole service, and by count and clock, not by chance: a run finds them again.
`/metrics` is spared, because it is how one looks.
"""

import asyncio
import gzip
import itertools
import time
from collections import deque

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference import faults
from reference.answers import error_answer
from reference.services import Services

BEARABLE = 40  # requests in one second, above which some faults begin
SLOWER = 1.0  # seconds
STALL_AT, STALL = 300, 1.5  # the request that begins it, and its seconds
LEAK, LONGEST_LEAK = 0.003, 5.0  # seconds by which each request slows down all later ones, and at most
LOCKED = 0.025  # seconds of each request under the lock: 40 in a second at most
SLOW_ASSET, ASSET_DELAY = "/static/hero.svg", 3.0
RESET_EVERY, CORRUPT_EVERY, FAIL_EVERY = 20, 10, 2  # answers


class LoadFaultsMiddleware:
    """Plants the faults of this module; without any of them it passes everything on."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._faults = services.settings.faults
        self._numbers = itertools.count(1)
        self._recent: deque[float] = deque(maxlen=BEARABLE + 1)
        self._stalled_until = 0.0
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._faults & faults.UNDER_LOAD or scope["path"] == "/metrics":
            await self._app(scope, receive, send)
            return
        number = next(self._numbers)
        crowded = self._crowded()
        await self._delay(scope["path"], number, crowded=crowded)
        app = self._app
        if faults.ERRORS_ABOVE_RATE in self._faults and crowded and number % FAIL_EVERY == 0:
            app = error_answer(503, "overloaded", "planted: errors-above-rate")
        if faults.CONNECTION_RESETS in self._faults and number % RESET_EVERY == 0:
            send = _cut_short(send)
        if faults.CORRUPT_BODIES in self._faults and number % CORRUPT_EVERY == 0:
            send = _corrupted(send, Headers(scope=scope))
            scope = _asking_for_plain(scope)
        await app(scope, receive, send)

    def _crowded(self) -> bool:
        """Whether more requests than are bearable came within the last second."""
        now = time.monotonic()
        self._recent.append(now)
        return len(self._recent) > BEARABLE and now - self._recent[0] < 1.0

    async def _delay(self, path: str, number: int, *, crowded: bool) -> None:
        planted = self._faults
        if faults.SLOW_ABOVE_RATE in planted and crowded:
            await asyncio.sleep(SLOWER)
        if faults.STALL in planted:
            if number == STALL_AT:
                self._stalled_until = time.monotonic() + STALL
            await asyncio.sleep(max(0.0, self._stalled_until - time.monotonic()))
        if faults.LEAK in planted:
            await asyncio.sleep(min(LONGEST_LEAK, number * LEAK))
        if faults.RATE_COLLAPSE in planted:
            async with self._lock:
                await asyncio.sleep(LOCKED)
        if faults.SLOW_ASSET in planted and path == SLOW_ASSET:
            await asyncio.sleep(ASSET_DELAY)


def _cut_short(send: Send) -> Send:
    """Send half of a body only: the server then closes the connection."""

    async def cut(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return cut


def _asking_for_plain(scope: Scope) -> Scope:
    """Return the request as of a client that knows no compression: what comes is packed, and spoilt, here."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]}


def _corrupted(send: Send, asked: Headers) -> Send:
    """Send a body as gzip whose checksum is wrong, to those who accept gzip."""
    if "gzip" not in asked.get("accept-encoding", ""):
        return send
    start: Message = {}
    whole = bytearray()

    async def corrupt(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            start.update(message)
            return
        if not start:
            await send(message)
            return
        whole.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        packed = bytearray(gzip.compress(bytes(whole)))
        packed[-8] ^= 0xFF  # of the checksum
        headers = MutableHeaders(scope=start)
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(packed))
        await send(start)
        await send({"type": "http.response.body", "body": bytes(packed)})

    return corrupt
