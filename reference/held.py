"""An answer that is held until it is whole, because its body is to be changed, and its length with it."""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send


class HeldAnswer:
    """One answer on its way out. A subclass says which answers are held, and what becomes of their bodies."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    def holds(self, status: int, headers: MutableHeaders) -> bool:
        """Whether this answer's body is to be changed. May change the headers of any answer."""
        raise NotImplementedError

    def change(self, body: bytes, headers: MutableHeaders) -> bytes:
        """Return the body that is sent instead. May change the headers; their Content-Length follows."""
        raise NotImplementedError

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self.holds(message["status"], MutableHeaders(scope=message)):
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            headers = MutableHeaders(scope=self._start)
            body = self.change(self._body, headers)
            headers["content-length"] = str(len(body))
            await self._send(self._start)
            message = {"type": "http.response.body", "body": body}
        await self._send(message)
