"""Uvicorn servers that live in one event loop, on sockets that are bound before anything is told their addresses."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from reference.settings import MAX_BODY
from reference.tls import Certificates

_START_DEADLINE = 10.0  # seconds
_STOP_DEADLINE = 5.0
_GRACE = 0.5  # seconds for answers under way when the platform ends
_MAX_CONNECTIONS = 1000
_KEEP_ALIVE = 30  # seconds; longer than a client's pool keeps one, so that it is rarely us who closes under a request


class Server(uvicorn.Server):
    """A server that leaves signals to the platform, and whose connections can be refused and cut."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    def refuse(self) -> None:
        """Refuse new connections. Requests under way go on; the port is free for others, unless somebody holds it."""
        for server in self.servers:
            server.close()

    async def accept(self, bound: socket.socket) -> None:
        """Take connections on this socket, after `refuse`."""
        server = await asyncio.get_running_loop().create_server(self._make_protocol, sock=bound, ssl=self.config.ssl)
        self.servers.append(server)

    def cut(self) -> None:
        """Reset every connection, whatever is under way on it."""
        for connection in tuple(self.server_state.connections):
            assert isinstance(connection.transport, asyncio.Transport)
            connection.transport.abort()

    def _make_protocol(self) -> asyncio.Protocol:
        """Make what uvicorn's own start makes for each connection."""
        make = self.config.http_protocol_class
        return make(  # type: ignore[call-arg]  # uvicorn types its protocols as any protocol
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def listen(port: int = 0) -> socket.socket:
    """Bind a port of 127.0.0.1: a free one, or one that `hold` holds."""
    bound = hold(port)
    bound.listen(256)  # connections wait here while their server starts
    return bound


def hold(port: int) -> socket.socket:
    """Bind a port without listening: connections are refused, and it is taken by nobody but `listen`."""
    # asyncio sets TCP_NODELAY only on sockets that name their protocol; without it many answers come 40 ms late.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def base_url(bound: socket.socket, *, tls: bool, scheme: str = "http") -> str:
    """Return the URL of a bound socket: by name under TLS, because browsers want names in certificates."""
    port = bound.getsockname()[1]
    return f"{scheme}s://localhost:{port}" if tls else f"{scheme}://127.0.0.1:{port}"


@dataclass(frozen=True, slots=True)
class Listener:
    """An app and the bound socket that it answers on."""

    app: ASGIApp
    bound: socket.socket
    websockets: bool = False
    plain: bool = False  # plain HTTP, also where the others have TLS


@asynccontextmanager
async def serve(
    listeners: Sequence[Listener],
    certificates: Certificates | None,
    *,
    oldest: ssl.TLSVersion | None = None,
    slow_handshake: float = 0.0,
) -> AsyncIterator[list[Server]]:
    """Serve these, and give their servers; all answer once this is entered, and all are closed after it together.

    `oldest` is the oldest version of TLS that is accepted; None: as OpenSSL thinks best. `slow_handshake` is how many
    seconds longer each handshake takes (and everything else waits for it).
    """
    servers = [_make_server(listener, certificates, oldest, slow_handshake) for listener in listeners]
    tasks = [
        asyncio.create_task(server.serve([listener.bound])) for server, listener in zip(servers, listeners, strict=True)
    ]
    try:
        async with asyncio.timeout(_START_DEADLINE):
            while not all(server.started for server in servers):  # uvicorn has no event for this
                if any(task.done() for task in tasks):
                    raise RuntimeError("a server ended before it had started; its reason is in the log")
                await asyncio.sleep(0.002)
        yield servers
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.wait(tasks, timeout=_GRACE)
        for server in servers:
            server.force_exit = True  # event streams and idle TLS connections do not end by themselves
        _done, late = await asyncio.wait(tasks, timeout=_STOP_DEADLINE)
        for task in late:
            task.cancel()
        for listener in listeners:
            listener.bound.close()


def _make_server(
    listener: Listener, certificates: Certificates | None, oldest: ssl.TLSVersion | None, slow_handshake: float
) -> Server:
    shown = None if listener.plain else certificates
    config = uvicorn.Config(
        listener.app,
        ws="websockets-sansio" if listener.websockets else "none",
        ws_max_size=MAX_BODY,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE,
        ssl_certfile=str(shown.chain) if shown else None,
        ssl_keyfile=str(shown.key) if shown else None,
    )
    if oldest and shown:
        config.load()
        assert config.ssl is not None
        config.ssl.minimum_version = oldest
        config.ssl.set_ciphers("ALL:@SECLEVEL=0")  # else OpenSSL refuses old versions all the same
    if slow_handshake and shown:
        config.load()
        assert config.ssl is not None
        config.ssl.sni_callback = lambda *_told: time.sleep(slow_handshake)
    return Server(config)
