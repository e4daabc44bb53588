"""Profile `sync`: how long an edit takes from one member of a realtime channel to another, over WebSockets.

The members speak the channel protocol of Phoenix, version 1.0.0 of its serializer, as Supabase Realtime and its
official client do. Source: https://supabase.com/docs/guides/realtime/protocol
"""

import asyncio
import contextlib
import itertools
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from postflight.errors import ConfigError, UnexpectedAnswer, Unreachable
from postflight.flow import JSON, Flow, Task, cut
from postflight.load.profiles.work import Party
from postflight.probes.meaning import explain
from postflight.probes.network import proxy_for
from postflight.probes.transport import trust

CHANNELS = 8  # of one process, each with one who speaks and one who listens
JOIN_DEADLINE = 10.0  # seconds
LOST_AFTER = 5.0  # seconds; how fast a broadcast must be, say the budgets
HEARTBEAT = 25.0  # seconds, as the official client
LARGEST = 1024 * 1024  # bytes of one message

Payload = Mapping[str, JSON]


@dataclass(slots=True)
class Member:
    """One connection that has joined one channel. It lives in the loop in which it was opened."""

    topic: str
    _socket: ClientConnection
    _refs: "itertools.count[int]" = field(default_factory=lambda: itertools.count(2))
    _awaited: dict[str, "asyncio.Future[None]"] = field(default_factory=dict)  # text of an edit -> its arrival
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    @classmethod
    async def join(cls, url: str, key: str, topic: str, certificates: ssl.SSLContext | None) -> Self:
        """Connect and join. Raises `Unreachable` and its kind, or `UnexpectedAnswer` for a refusal."""
        address = f"{url.rstrip('/')}/websocket?apikey={quote(key)}&vsn=1.0.0"
        try:
            socket = await connect(
                address,
                ssl=certificates,
                proxy=proxy_for(url),
                max_size=LARGEST,
                open_timeout=JOIN_DEADLINE,
                logger=None,
            )
        except (OSError, TimeoutError, WebSocketException) as error:
            raise _failed(error, url) from error
        member = cls(f"realtime:{topic}", socket)
        try:
            await member._say("phx_join", {"config": {"broadcast": {"self": False, "ack": False}}}, ref="1")
            await member._joined(url)
        except BaseException:
            await socket.close()
            raise
        member._tasks = [asyncio.create_task(member._listen(url)), asyncio.create_task(member._beat())]
        return member

    @property
    def connected(self) -> bool:
        """Whether it still hears."""
        return not self._tasks[0].done()

    async def close(self) -> None:
        """Leave, and end what runs for it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def broadcast(self, path: str, content: str) -> None:
        """Broadcast one edit to all others."""
        edit: Payload = {"filePath": path, "content": content}
        await self._say("broadcast", {"type": "broadcast", "event": "file:update", "payload": dict(edit)})

    def expect(self, content: str) -> "asyncio.Future[None]":
        """Return what is done as soon as an edit with this content has come. Cancel it when it is awaited no longer."""
        arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited[content] = arrival
        arrival.add_done_callback(lambda done: self._forget(content, done))
        if not self.connected:
            arrival.set_exception(Unreachable(f"the connection of {self.topic} is closed", where=self.topic))
        return arrival

    def _forget(self, content: str, arrival: "asyncio.Future[None]") -> None:
        self._awaited.pop(content, None)
        if not arrival.cancelled():
            arrival.exception()  # looked at, in case that nobody awaits it any longer

    async def _say(self, event: str, payload: Payload, *, ref: str | None = None, topic: str = "") -> None:
        ref = ref or str(next(self._refs))
        message = {"topic": topic or self.topic, "event": event, "payload": payload, "ref": ref, "join_ref": "1"}
        await self._socket.send(json.dumps(message))

    async def _joined(self, url: str) -> None:
        """Wait for the reply to our join."""
        try:
            async with asyncio.timeout(JOIN_DEADLINE):
                while (message := _read(await self._socket.recv())).get("ref") != "1":
                    pass
        except (OSError, TimeoutError, WebSocketException) as error:
            raise _failed(error, url) from error
        payload = message.get("payload")
        if not isinstance(payload, dict) or payload.get("status") != "ok":
            seen = cut(json.dumps(payload))
            raise UnexpectedAnswer(
                f"{self.topic} could not be joined: {seen}", expected="status ok", seen=seen, where=url
            )

    async def _listen(self, url: str) -> None:
        """Take what comes until the connection ends, which then fails what is still awaited."""
        words = "it was closed"
        try:
            async for text in self._socket:
                payload = _read(text).get("payload")
                edit = payload.get("payload") if isinstance(payload, dict) else None
                content = edit.get("content") if isinstance(edit, dict) else None
                if isinstance(content, str) and (arrival := self._awaited.get(content)) and not arrival.done():
                    arrival.set_result(None)
        except (OSError, WebSocketException) as error:
            words = str(error)
        for arrival in tuple(self._awaited.values()):
            if not arrival.done():
                arrival.set_exception(Unreachable(f"the connection of {self.topic} ended: {words}", where=url))

    async def _beat(self) -> None:
        with contextlib.suppress(OSError, WebSocketException):  # whoever uses it is told by `_listen`
            while True:
                await asyncio.sleep(HEARTBEAT)
                await self._say("heartbeat", {}, topic="phoenix")


Pair = tuple[Member, Member]  # who speaks, and who listens


@dataclass(slots=True)
class Sync:
    """Pairs of members, each on a channel of its own. An arrival broadcasts in one and ends when the other has it.

    Connections belong to the loop that opened them: each loop gets its own, at the first arrival that needs them.
    """

    party: Party
    url: str
    key: str
    _loop: asyncio.AbstractEventLoop | None = None
    _pairs: dict[int, "asyncio.Task[Pair]"] = field(default_factory=dict)

    @classmethod
    def of(cls, party: Party) -> Self:
        """Return it for a deployment. Raises `ConfigError` when realtime or its key is not known."""
        service = party.deployment.services.get("realtime")
        if service is None:
            raise ConfigError(f"profile sync needs the service `realtime` of {party.place} in deployments.yaml")
        return cls(party, service.url, party.secret("realtime_anon_key"))

    def prepare(self) -> Flow[None]:
        """Join once, so that a wrong key or address is told before the load."""
        yield Task("join", self._try, deadline=2 * JOIN_DEADLINE)

    def arrive(self, number: int) -> Flow[None]:
        """Broadcast one edit and wait until it has come."""
        yield Task("broadcast", lambda: self._send(number), deadline=2 * LOST_AFTER)

    def conclude(self) -> Flow[None]:
        """Close what this loop has opened."""
        yield Task("leave", self._close)

    async def _try(self) -> None:
        for member in await self._open(0):
            await member.close()

    async def _send(self, number: int) -> None:
        speaker, listener = await self._pair(number % CHANNELS)
        content = self.party.name_of(number)
        arrival = listener.expect(content)
        try:
            await speaker.broadcast("load.txt", content)
            async with asyncio.timeout(LOST_AFTER):
                await arrival
        except TimeoutError:
            message = f"an edit broadcast on {speaker.topic} had not come after {LOST_AFTER:g} s: it is lost"
            raise UnexpectedAnswer(message, expected="the edit", seen="nothing", where=speaker.topic) from None
        except (OSError, WebSocketException) as error:
            raise Unreachable(f"the connection of {speaker.topic} ended: {error}", where=speaker.topic) from error
        finally:
            arrival.cancel()

    async def _pair(self, channel: int) -> Pair:
        """Return the members of a channel, joined now where there are none, or one of them has lost its connection."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._pairs = loop, {}
        joining = self._pairs.get(channel)
        if joining is None or (joining.done() and not _usable(joining)):
            joining = self._pairs[channel] = loop.create_task(self._open(channel))
        return await asyncio.shield(joining)  # others wait for it too

    async def _open(self, channel: int) -> Pair:
        certificates = trust(self.party.deployment.ca_file) if urlsplit(self.url).scheme == "wss" else None
        topic = f"project:{self.party.name_of(f'channel-{channel}')}"
        speaker = await Member.join(self.url, self.key, topic, certificates)
        try:
            return speaker, await Member.join(self.url, self.key, topic, certificates)
        except BaseException:
            await speaker.close()
            raise

    async def _close(self) -> None:
        if self._loop is asyncio.get_running_loop():
            pairs = [task.result() for task in self._pairs.values() if _usable(task)]
            await asyncio.gather(*(member.close() for pair in pairs for member in pair), return_exceptions=True)
        self._pairs = {}


def _usable(joining: "asyncio.Task[Pair]") -> bool:
    if not joining.done() or joining.cancelled() or joining.exception() is not None:
        return False
    return all(member.connected for member in joining.result())


def _failed(error: Exception, url: str) -> Exception:
    """Return what a connection that did not come about means; a refusal of the handshake is an answer."""
    if isinstance(error, WebSocketException):
        return UnexpectedAnswer(f"{url} refused: {error}", expected="a WebSocket", seen=str(error), where=url)
    return explain(error, url)


def _read(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
