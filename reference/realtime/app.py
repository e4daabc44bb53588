"""The realtime service: WebSocket connections join channels and broadcast to who else is there, HTTP requests too."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import cast

from pydantic import Field
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from reference.answers import ERROR_HANDLERS, Body, CrashMiddleware, Text, bearer_token, read_json, unauthorized
from reference.auth import InvalidToken
from reference.faults import EDITS_LOST, REALTIME_DEAF
from reference.realtime.phoenix import MalformedMessage, Message, Payload, decode
from reference.services import Services, services_of

PATH = "/realtime/v1"

_log = logging.getLogger(__name__)

_SILENCE = 60.0  # seconds; clients send a heartbeat about every 25
_MAX_WAITING = 256  # messages that a slow reader may leave unread
_MAX_TOPICS = 100  # per connection
_MAX_BATCH = 100  # broadcasts of one HTTP request
_LOST_EVERY = 5  # broadcasts, when that fault is planted
_PROTOCOL_ERROR, _TRY_AGAIN = 1002, 1013  # WebSocket close codes


@dataclass(eq=False, slots=True)
class _Member:
    """One connection: what waits to be sent to it, and what it has joined."""

    socket: WebSocket
    waiting: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(_MAX_WAITING))
    topics: dict[str, "_Membership"] = field(default_factory=dict)
    too_slow: bool = False


@dataclass(frozen=True, slots=True)
class _Membership:
    """How a member wants a channel: with its own broadcasts too, and with a reply to each."""

    hears_itself: bool
    acknowledged: bool


class _Hub:
    """Who is on which channel."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._topics: dict[str, set[_Member]] = {}
        self._broadcasts = 0

    def handle(self, member: _Member, message: Message) -> None:
        """Do what one message asks for."""
        match message.event:
            case "heartbeat" if message.topic == "phoenix":
                self._send(member, message.reply("ok"))
            case "phx_join":
                self._join(member, message)
            case "phx_leave":
                self.leave(member, message.topic)
                self._send(member, message.reply("ok"))
            case "broadcast":
                self._broadcast(member, message)
            case "access_token" | "presence":
                pass  # tokens outlive the platform's tests, and presence is not offered
            case _:
                self._send(member, message.reply("error", {"reason": f"unknown event {message.event}"}))

    def leave(self, member: _Member, topic: str) -> None:
        """Take a member off a channel."""
        member.topics.pop(topic, None)
        members = self._topics.get(topic, set())
        members.discard(member)
        if not members:
            self._topics.pop(topic, None)

    def _join(self, member: _Member, message: Message) -> None:
        if reason := self._refusal(member, message):
            self._send(member, message.reply("error", {"reason": reason}))
            return
        broadcast = _object(_object(message.payload.get("config")).get("broadcast"))
        member.topics[message.topic] = _Membership(broadcast.get("self") is True, broadcast.get("ack") is True)
        self._topics.setdefault(message.topic, set()).add(member)
        self._send(member, message.reply("ok", {"postgres_changes": []}))

    def _refusal(self, member: _Member, message: Message) -> str | None:
        """Say why this join is refused, or return None."""
        if not message.topic.startswith("realtime:"):
            return "topics start with realtime:"
        if len(member.topics) >= _MAX_TOPICS:
            return f"no more than {_MAX_TOPICS} channels per connection"
        if _object(message.payload.get("config")).get("postgres_changes"):
            return "postgres_changes is not offered"
        token = message.payload.get("access_token")
        if token is not None:
            try:
                self._services.tokens.verify(str(token))
            except InvalidToken:
                return "invalid access token"
        return None

    def _broadcast(self, sender: _Member, message: Message) -> None:
        membership = sender.topics.get(message.topic)
        if membership is None:
            self._send(sender, message.reply("error", {"reason": "unmatched topic"}))
            return
        self.publish(message.topic, message.payload, but=None if membership.hears_itself else sender)
        if membership.acknowledged:
            self._send(sender, message.reply("ok"))

    def publish(self, topic: str, payload: Payload, *, but: _Member | None = None) -> None:
        """Send a broadcast to all who have joined a topic, `but` one."""
        planted = self._services.settings.faults
        self._broadcasts += 1
        lost = EDITS_LOST in planted and self._broadcasts % _LOST_EVERY == 0
        if REALTIME_DEAF in planted or lost:
            return
        for member in tuple(self._topics.get(topic, ())):
            if member is not but:
                self._send(member, Message(topic, "broadcast", payload))

    def _send(self, member: _Member, message: Message) -> None:
        try:
            member.waiting.put_nowait(message.encode())
        except asyncio.QueueFull:  # it does not read: forget it, its own writer closes the connection
            member.too_slow = True
            for topic in tuple(member.topics):
                self.leave(member, topic)


def _object(value: object) -> Payload:
    return cast("Payload", value) if isinstance(value, dict) else {}


async def _connect(socket: WebSocket) -> None:
    """Serve one connection until it ends."""
    hub: _Hub = socket.app.state.hub
    try:
        services_of(socket).tokens.verify(socket.query_params.get("apikey", ""))
    except InvalidToken:
        await socket.close()  # before it is accepted: the handshake is answered with 403
        return
    if socket.query_params.get("vsn", "1.0.0") != "1.0.0":
        await socket.close()
        return
    await socket.accept()
    member = _Member(socket)
    reading, writing = asyncio.create_task(_read(hub, member)), asyncio.create_task(_write(member))
    try:
        done, _pending = await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
        code = next((task.result() for task in done if not task.exception()), None)
        if code is not None:
            await socket.close(code)
    finally:
        for topic in tuple(member.topics):
            hub.leave(member, topic)
        for task in (reading, writing):
            task.cancel()
        await asyncio.gather(reading, writing, return_exceptions=True)


async def _read(hub: _Hub, member: _Member) -> int | None:
    """Handle what comes; return the code to close with, or None when the other side has closed."""
    while True:
        try:
            async with asyncio.timeout(_SILENCE):
                text = await member.socket.receive_text()
            hub.handle(member, decode(text))
        except WebSocketDisconnect:
            return None
        except TimeoutError:
            return _TRY_AGAIN
        except (MalformedMessage, KeyError) as error:  # KeyError: a binary message
            _log.info("realtime: closing a connection: %s", error)
            return _PROTOCOL_ERROR


async def _write(member: _Member) -> int:
    """Send what waits. Ends with the close code when the reader is too slow."""
    while not member.too_slow:
        text = await member.waiting.get()
        try:
            async with asyncio.timeout(_SILENCE):
                await member.socket.send_text(text)
        except TimeoutError:
            break
    return _TRY_AGAIN


class _Broadcast(Body):
    """One message over HTTP. Its topic is the channel's name, without the `realtime:` of the WebSocket protocol."""

    topic: Text = Field(min_length=1, max_length=200)
    event: Text = Field(min_length=1, max_length=200)
    payload: Payload
    private: bool = False


class _Batch(Body):
    """What one request broadcasts."""

    messages: list[_Broadcast] = Field(min_length=1, max_length=_MAX_BATCH)


async def _publish(request: Request) -> Response:
    """Broadcast without a WebSocket, as Supabase Realtime does: 202 says that it was accepted, not that it was heard.

    Source: "Send messages using REST calls", https://supabase.com/docs/guides/realtime/broadcast
    """
    try:
        services_of(request).tokens.verify(bearer_token(request) or request.headers.get("apikey", ""))
    except InvalidToken:
        raise unauthorized() from None
    hub: _Hub = request.app.state.hub
    for message in (await read_json(request, _Batch)).messages:
        payload = {"type": "broadcast", "event": message.event, "payload": message.payload}
        if not message.private:  # nobody has joined a private channel: they are not offered
            hub.publish(f"realtime:{message.topic}", payload)
    return Response(status_code=202)


def create_realtime(services: Services) -> Starlette:
    """Return the app."""
    app = Starlette(
        routes=[
            WebSocketRoute(f"{PATH}/websocket", _connect),
            Route(f"{PATH}/api/broadcast", _publish, methods=["POST"]),
        ],
        middleware=[Middleware(CrashMiddleware)],
        exception_handlers=ERROR_HANDLERS,
    )
    app.state.services = services
    app.state.hub = _Hub(services)
    return app
