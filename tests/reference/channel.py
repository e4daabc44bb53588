"""The official realtime client, for tests that are not asynchronous."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from realtime import AsyncRealtimeChannel, AsyncRealtimeClient

from tests.reference.running import DEADLINE


@asynccontextmanager
async def join(
    url: str, key: str, topic: str, *, hears_itself: bool = False
) -> AsyncIterator[tuple[AsyncRealtimeChannel, "asyncio.Queue[dict[str, Any]]", list[str]]]:
    """A channel, the `file:update` broadcasts that come in, and the states of the subscription."""
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    states: list[str] = []
    client = AsyncRealtimeClient(url, key, auto_reconnect=False)
    broadcast = {"ack": False, "self": hears_itself}
    channel = client.channel(topic, {"config": {"broadcast": broadcast, "presence": None, "private": False}})
    channel.on_broadcast("file:update", lambda message: heard.put_nowait(dict(message)))
    try:
        async with asyncio.timeout(DEADLINE):
            await channel.subscribe(lambda state, _error: states.append(state.value))
        yield channel, heard, states
    finally:
        await client.close()


def broadcast(url: str, key: str, project_id: str, content: str) -> None:
    """Broadcast an edit of index.html, as the editor does, and wait until realtime has passed it on."""

    async def send() -> None:
        async with join(url, key, f"project:{project_id}", hears_itself=True) as (channel, heard, _states):
            await channel.send_broadcast("file:update", {"filePath": "index.html", "content": content})
            async with asyncio.timeout(DEADLINE):
                await heard.get()

    asyncio.run(send())
