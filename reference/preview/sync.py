"""Follows a project's channel on realtime, and comes back when the connection breaks."""

import asyncio
import itertools
import ssl
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from reference.realtime.phoenix import MalformedMessage, Message, Payload, decode
from reference.settings import MAX_BODY

_HEARTBEAT = 20.0  # seconds
_JOIN_DEADLINE = 5.0
_PAUSE = 1.0  # before the next try after a connection that did not work out; `connect` itself waits when none comes


class Follower:
    """Calls `on_edit(payload)` for each `file:update`. `joined` is set while the channel is joined."""

    def __init__(self, url: str, anon_key: str, topic: str, on_edit: Callable[[Payload], None]) -> None:
        self._url = f"{url}/websocket?apikey={anon_key}&vsn=1.0.0"
        self._topic = topic
        self._on_edit = on_edit
        self.joined = asyncio.Event()

    async def follow(self, tls: ssl.SSLContext | None) -> None:
        """Follow until cancelled."""
        async for connection in connect(self._url, ssl=tls, max_size=MAX_BODY, proxy=None):  # reconnects, with backoff
            try:
                async with asyncio.timeout(_JOIN_DEADLINE):
                    await self._join(connection)
                self.joined.set()
                async with asyncio.TaskGroup() as group:
                    beating = group.create_task(self._beat(connection))
                    await self._read(connection)
                    beating.cancel()
            except (TimeoutError, MalformedMessage, ConnectionClosed, ExceptionGroup):
                await connection.close()
                await asyncio.sleep(_PAUSE)
            finally:
                self.joined.clear()

    async def _join(self, connection: ClientConnection) -> None:
        config = {"broadcast": {"self": False, "ack": False}, "presence": {"key": ""}, "private": False}
        await connection.send(Message(self._topic, "phx_join", {"config": config}, "1", "1").encode())
        while True:
            message = decode(await connection.recv())
            if message.event == "phx_reply" and message.ref == "1":
                if message.payload.get("status") != "ok":
                    raise MalformedMessage(f"join refused: {message.payload}")
                return

    async def _read(self, connection: ClientConnection) -> None:
        async for text in connection:
            message = decode(text)
            if message.event == "broadcast" and message.payload.get("event") == "file:update":
                edit = message.payload.get("payload")
                self._on_edit(edit if isinstance(edit, dict) else {})

    async def _beat(self, connection: ClientConnection) -> None:
        for ref in itertools.count(2):
            await asyncio.sleep(_HEARTBEAT)
            await connection.send(Message("phoenix", "heartbeat", ref=str(ref)).encode())
