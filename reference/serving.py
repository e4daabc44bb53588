"""Uvicorn servers that live in one event loop, on sockets that are bound before anything is told their addresses."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from reference.settings import MAX_BODY
from reference.tls import Certificates

_START_DEADLINE = 10.0  # seconds
_STOP_DEADLINE = 5.0
_GRACE = 1  # seconds for answers under way when the platform ends
_MAX_CONNECTIONS = 1000
_KEEP_ALIVE = 30  # seconds; longer than a client's pool keeps one, so that it is rarely us who closes under a request


class _Server(uvicorn.Server):
    """A server that leaves signals to the platform."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen() -> socket.socket:
    """Bind a free port of 127.0.0.1."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    bound.listen(256)  # connections wait here while their server starts
    return bound


def base_url(bound: socket.socket, *, tls: bool, scheme: str = "http") -> str:
    """Return the URL of a bound socket: by name under TLS, because browsers want names in certificates."""
    port = bound.getsockname()[1]
    return f"{scheme}s://localhost:{port}" if tls else f"{scheme}://127.0.0.1:{port}"


def make_server(app: ASGIApp, certificates: Certificates | None, *, websockets: bool = False) -> uvicorn.Server:
    """Return a server for this app that has not started."""
    return _Server(
        uvicorn.Config(
            app,
            ws="websockets-sansio" if websockets else "none",
            ws_max_size=MAX_BODY,
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_GRACE,
            ssl_certfile=str(certificates.chain) if certificates else None,
            ssl_keyfile=str(certificates.key) if certificates else None,
        )
    )


@asynccontextmanager
async def serve(
    app: ASGIApp, bound: socket.socket, certificates: Certificates | None, *, websockets: bool = False
) -> AsyncIterator[None]:
    """Serve the app on the socket; it answers once this is entered, and is closed after."""
    server = make_server(app, certificates, websockets=websockets)
    task = asyncio.create_task(server.serve([bound]))
    try:
        async with asyncio.timeout(_START_DEADLINE):
            while not server.started:
                if task.done():
                    task.result()
                    raise RuntimeError("a server ended before it had started")
                await asyncio.sleep(0.002)
        yield
    finally:
        server.should_exit = True
        _done, late = await asyncio.wait([task], timeout=_STOP_DEADLINE)
        if late:
            task.cancel()
        bound.close()
