"""HTTP/2 for the engine: a translation between what it speaks, HTTP/1.1, and the frames of a server that speaks h2.

The frames are h2's business (the library under httpx too). One request at a time on a connection, as with HTTP/1.1:
pool, deadlines and statistics stay what they are. A browser would send many over one connection; what is measured here
is the server's work for a request, not that.
"""

from collections.abc import Iterable

import httpx
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset, WindowUpdated
from h2.exceptions import H2Error

PROTOCOL = "h2"
# belong to one connection of HTTP/1.1 (RFC 9113, 8.2.2)
_OF_THE_CONNECTION = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host"})
_WITHOUT_BODY = frozenset({204, 304})
_HEAD = 9  # bytes before a frame's own (RFC 9113, 4.1)
_GOAWAY = 7


class Http2:
    """One connection. Every method may raise `httpx.RemoteProtocolError` for what is not HTTP/2.

    `ends`: the server takes no further request here, and says so without an error: nginx does with the thousandth, and
    others when they drain. `refused`: nor the one that is under way.
    """

    def __init__(self) -> None:
        self.ends = self.refused = False
        self._raw = bytearray()  # what is not passed to h2 yet
        self._passing = 0  # bytes of a frame that are still to be passed
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="latin-1"))
        self._stream = 0
        self._rest = b""  # of a request's body that the server has no room for yet
        self._chunked = False

    def open(self) -> bytes:
        """Return what is sent first."""
        self._h2.initiate_connection()
        return self._h2.data_to_send()

    def request(self, data: bytes) -> bytes:
        """Return the frames of a request that is given as HTTP/1.1 would send it, whole."""
        head, _, self._rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
        host = next(value for name, value in headers if name == "host")
        pseudo = [(":method", method), (":scheme", "https"), (":authority", host), (":path", target)]
        try:
            self._stream = self._h2.get_next_available_stream_id()
            own = [(name, value) for name, value in headers if name not in _OF_THE_CONNECTION]
            self._h2.send_headers(self._stream, pseudo + own, end_stream=not self._rest)
            self._send_rest()
        except H2Error as error:
            raise httpx.RemoteProtocolError(f"HTTP/2: {error}") from error
        return self._h2.data_to_send()

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what came as HTTP/1.1 would have brought it, maybe nothing, and the frames to send in return."""
        plain = bytearray()
        try:
            for event in self._h2.receive_data(self._without_farewell(data)):
                match event:
                    case ResponseReceived(headers=headers) if headers is not None:
                        plain += self._head((_text(name), _text(value)) for name, value in headers)
                    case DataReceived(data=part, flow_controlled_length=length):
                        plain += self._body(part or b"")
                        self._h2.acknowledge_received_data(length or 0, event.stream_id or 0)
                    case StreamEnded():
                        plain += b"0\r\n\r\n" if self._chunked else b""
                    case StreamReset(error_code=code):
                        raise httpx.RemoteProtocolError(f"HTTP/2: the server reset the stream ({code!r})")
                    case WindowUpdated():
                        self._send_rest()
                    case _:
                        pass  # settings, pings: h2 answers them
        except H2Error as error:
            raise httpx.RemoteProtocolError(f"HTTP/2: {error}") from error
        return bytes(plain), self._h2.data_to_send()

    def _without_farewell(self, data: bytes) -> bytes:
        """Take out GOAWAY where it tells of no error: h2 knows no frame after it, also none of the last answer."""
        self._raw += data
        frames = bytearray()
        while self._raw:
            if self._passing:
                part = self._raw[: self._passing]
                self._passing -= len(part)
                frames += part
                del self._raw[: len(part)]
                continue
            if len(self._raw) < _HEAD:
                break
            whole = _HEAD + int.from_bytes(self._raw[:3])
            if self._raw[3] != _GOAWAY or whole > self._h2.max_inbound_frame_size:
                self._passing = whole
            elif len(self._raw) < whole:
                break
            elif any(self._raw[_HEAD + 4 : _HEAD + 8]):  # the number of an error
                self._passing = whole
            else:
                last = int.from_bytes(self._raw[_HEAD : _HEAD + 4]) & 0x7FFFFFFF
                self.ends, self.refused = True, last < self._stream
                del self._raw[:whole]
        return bytes(frames)

    def _send_rest(self) -> None:
        while self._rest:
            room = min(self._h2.local_flow_control_window(self._stream), self._h2.max_outbound_frame_size)
            if room <= 0:
                return
            part, self._rest = self._rest[:room], self._rest[room:]
            self._h2.send_data(self._stream, part, end_stream=not self._rest)

    def _head(self, headers: Iterable[tuple[str, str]]) -> bytes:
        fields = list(headers)
        status = int(next(value for name, value in fields if name == ":status"))
        own = [(name, value) for name, value in fields if name[0] != ":" and name not in _OF_THE_CONNECTION]
        measured = any(name == "content-length" for name, _ in own)
        self._chunked = not measured and status not in _WITHOUT_BODY
        own += [("transfer-encoding", "chunked")] if self._chunked else []
        lines = "".join(f"{name}: {value}\r\n" for name, value in own)
        return f"HTTP/1.1 {status} \r\n{lines}\r\n".encode("latin-1")

    def _body(self, part: bytes) -> bytes:
        if not part:
            return b""
        return b"%x\r\n%s\r\n" % (len(part), part) if self._chunked else part


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
