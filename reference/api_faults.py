"""Faults of latency and of the database: what a person hardly sees, and what ends badly with many of them.

All of them act here, around the platform's apps, but those of the list of projects (web/projects.py) and of the TLS
handshake (serving.py).
"""

import asyncio
import itertools

import psycopg
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference import faults
from reference.services import Services

SLOW_REGION = "sfo"
REGION, ROUTE, TAIL, BODY, HANDSHAKE = 0.7, 0.6, 0.6, 0.6, 0.35  # seconds
SLOW_EVERY = 10  # answers
LEAK_EVERY, LEAK_MOST = 6, 35  # lists of projects, and connections: PostgreSQL has room for 60
CROWD = 42  # connections
_PROJECTS = "/api/projects"
_TIMED = (_PROJECTS, "/api/preview")


class ApiFaultsMiddleware:
    """Plants the faults of this module; without any of them it passes everything on. `region`: of an orchestrator."""

    def __init__(self, app: ASGIApp, services: Services, region: str = "") -> None:
        self._app = app
        self._faults = services.settings.faults
        self._url = services.database.url
        self._region = region
        self._answers = itertools.count(1)
        self._lists = itertools.count(1)
        self._held: list[psycopg.AsyncConnection[object]] = []
        self._crowding = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._faults & faults.IN_LATENCY:
            await self._app(scope, receive, send)
            return
        if self._region:
            if faults.SLOW_REGION in self._faults and self._region == SLOW_REGION and scope["path"] == "/health":
                await asyncio.sleep(REGION)
            await self._app(scope, receive, send)
            return
        path, is_read = scope["path"], scope["method"] == "GET"
        await self._hold_connections(listing=path == _PROJECTS and is_read)
        await self._delay(path, is_read=is_read)
        if faults.SLOW_BODY in self._faults and path.startswith(_PROJECTS) and path.endswith("/files"):
            send = _in_halves(send)
        if faults.CONNECTIONS_CLOSED in self._faults:
            send = _closing(send)
        await self._app(scope, receive, send)

    async def _delay(self, path: str, *, is_read: bool) -> None:
        one_project = path.startswith(f"{_PROJECTS}/") and path.count("/") == _PROJECTS.count("/") + 1
        if faults.SLOW_ROUTE in self._faults and one_project and is_read:
            await asyncio.sleep(ROUTE)
        if faults.SLOW_TAIL in self._faults and path.startswith(_TIMED) and next(self._answers) % SLOW_EVERY == 0:
            await asyncio.sleep(TAIL)

    async def _hold_connections(self, *, listing: bool) -> None:
        planted = self._faults
        async with self._crowding:  # the first request makes them; a second one beside it waits
            if faults.CONNECTIONS_CROWDED in planted:
                while len(self._held) < CROWD:
                    await self._hold()
            if faults.TRANSACTION_LEFT_OPEN in planted and not self._held:
                await self._hold()
                await self._held[0].execute("select count(*) from projects where name = 'somebody''s secret'")
            leaks = faults.CONNECTION_LEAK in planted and listing and next(self._lists) % LEAK_EVERY == 0
            if leaks and len(self._held) < LEAK_MOST:
                await self._hold()

    async def _hold(self) -> None:
        """Open a connection for good; the first statement begins a transaction that nobody ends."""
        self._held.append(await psycopg.AsyncConnection.connect(self._url))


def _in_halves(send: Send) -> Send:
    async def halve(message: Message) -> None:
        body = message.get("body", b"")
        if message["type"] == "http.response.body" and body:
            middle = len(body) // 2
            await send({"type": "http.response.body", "body": body[:middle], "more_body": True})
            await asyncio.sleep(BODY)
            message = message | {"body": body[middle:]}
        await send(message)

    return halve


def _closing(send: Send) -> Send:
    async def close(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["connection"] = "close"
        await send(message)

    return close
