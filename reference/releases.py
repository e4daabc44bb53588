"""Blue-green: releases that run side by side, and the switch that decides which of them answers at the one address.

A switch is made between two requests: those under way end on the release that they began on. Each planted way of
switching badly lasts `Settings.switch_lasts` seconds.
"""

import asyncio
import itertools
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from reference.answers import error_answer
from reference.faults import (
    ROLLBACK_BROKEN,
    SWITCH_502,
    SWITCH_DROPS,
    SWITCH_FLAPS,
    SWITCH_GAP,
    SWITCH_IGNORED,
    Fault,
)
from reference.serving import Server, hold, listen

_BAD_GATEWAY = error_answer(502, "bad_gateway", "planted: switch-502")
_BROKEN = error_answer(500, "internal_error", "planted: rollback-broken")


@dataclass(frozen=True, slots=True)
class Release:
    """One release: its version, the app that serves it, and the URL at which it answers whether it is live or not."""

    id: str
    version: str
    url: str
    app: ASGIApp


class Switch:
    """The app at the public address: passes each request to the release that is live.

    `served` holds the releases that have been live, in that order, the live one last.
    """

    def __init__(self, live: Release, faults: frozenset[Fault], lasts: float, port: int) -> None:
        """`live` is live at first. `port` is the public one, which a planted gap must hold on to."""
        self.served: tuple[Release, ...] = (live,)
        self._faults = faults
        self._lasts = lasts
        self._port = port
        self._app = live.app
        self._server: Server | None = None

    @property
    def live(self) -> Release:
        """The release that answers."""
        return self.served[-1]

    def serve_on(self, server: Server) -> None:
        """Name the server of the public address."""
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request: with the release that is live now, also if that changes meanwhile."""
        await self._app(scope, receive, send)

    async def to(self, release: Release) -> None:
        """Make a release live, in whichever bad way is planted."""
        if SWITCH_IGNORED in self._faults:
            return
        app = _BROKEN if ROLLBACK_BROKEN in self._faults and release in self.served else release.app
        if SWITCH_DROPS in self._faults:
            await self._drop()
        if SWITCH_GAP in self._faults:
            await self._refuse()
        if SWITCH_502 in self._faults:
            self._app = _BAD_GATEWAY
            await asyncio.sleep(self._lasts)
        if SWITCH_FLAPS in self._faults:
            self._app = _in_turns(self.live.app, app)
            await asyncio.sleep(self._lasts)
        self._app = app
        self.served = (*(each for each in self.served if each != release), release)

    async def _drop(self) -> None:
        """Keep requests waiting, then cut their connections, as a server does that is killed when it should drain."""
        killed = asyncio.Event()

        async def wait(_scope: Scope, _receive: Receive, _send: Send) -> None:
            await killed.wait()

        self._app = wait
        await asyncio.sleep(self._lasts)
        assert self._server is not None
        self._server.cut()
        killed.set()

    async def _refuse(self) -> None:
        assert self._server is not None
        self._server.refuse()
        with hold(self._port):
            try:
                await asyncio.sleep(self._lasts)
            finally:
                await self._server.accept(listen(self._port))


def _in_turns(*apps: ASGIApp) -> ASGIApp:
    turns = itertools.cycle(apps)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await next(turns)(scope, receive, send)

    return answer
