"""Plants the faults of the contract around the API: it buffers what goes in and out, and lets each fault at it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference import faults
from reference.contract_faults.answers import ANSWERED
from reference.contract_faults.exchange import Call, Reply, read_call
from reference.contract_faults.requests import ASKED
from reference.contract_faults.where import Memory
from reference.faults import Fault
from reference.settings import MAX_BODY


class ContractFaultsMiddleware:
    """Spoils what the planted faults spoil; without any of them it passes everything on as it is."""

    def __init__(self, app: ASGIApp, planted: frozenset[Fault]) -> None:
        self._app = app
        self._planted = planted & set(faults.IN_CONTRACT)
        self._memory = Memory()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or not self._planted or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:  # longer than the platform takes: it says so itself
            await self._app(scope, _replayed(b"x" * (MAX_BODY + 1)), send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        came = read_call(scope["method"], scope["path"], scope["query_string"], headers, body)
        call = came
        for fault, (where, change) in ASKED.items():
            if fault in self._planted and where(call, 0):
                call = change(call, self._memory)
        reply = await self._answer(scope, call)
        self._memory.learn(came, reply)
        for fault, (acts, spoil) in ANSWERED.items():
            if fault in self._planted and acts(came, reply.status):
                reply = spoil(came, reply, self._memory)
        await _send(reply, send, with_body=came.method != "HEAD")

    async def _answer(self, scope: Scope, call: Call) -> Reply:
        """Let the platform answer a request that may not be the one that came."""
        messages: list[Message] = []

        async def take(message: Message) -> None:
            messages.append(message)

        handed_on = {
            **scope,
            "method": call.method,
            "query_string": call.query_string,
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in {**call.headers, "content-length": str(len(call.body))}.items()
            ],
        }
        await self._app(handed_on, _replayed(call.body), take)
        started = messages[0]
        scope.update({key: handed_on[key] for key in ("route",) if key in handed_on})  # metrics count by it
        return Reply(
            started["status"],
            tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in started["headers"]),
            b"".join(message.get("body", b"") for message in messages[1:]),
        )


async def _read(receive: Receive) -> bytes | None:
    """Return the whole body, or None when it is longer than the platform takes."""
    chunks = bytearray()
    while True:
        message = await receive()
        chunks += message.get("body", b"")
        if len(chunks) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(chunks)


def _replayed(body: bytes) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _send(reply: Reply, send: Send, *, with_body: bool) -> None:
    length = str(len(reply.body)) if with_body else dict(reply.headers).get("content-length", "0")
    told = reply.having("content-length", None if reply.status == 204 else length)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body if with_body else b""})
