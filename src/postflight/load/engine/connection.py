"""One connection: a raw socket watched by the loop, TLS in memory where asked for, and llhttp for parsing.

It speaks HTTP/1.1; where the server chooses HTTP/2, `http2` translates.

A raw socket, since neither asyncio's streams nor uvloop's transports hand out the kernel's timestamps.
"""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any, Protocol

import httptools
import httpx

from postflight.load.engine.clock import ANCILLARY, Ancillary, Clock, ask_for_timestamps
from postflight.load.engine.http2 import PROTOCOL, Http2
from postflight.load.engine.native import stream_socket
from postflight.load.engine.received import Received, headers_of
from postflight.probes.meaning import BodyTooLarge

_CHUNK = 65_536  # bytes
_HEAD_LIMIT = 262_144  # bytes of all headers of an answer
Address = tuple[int, Any]  # family and socket address


class Owner(Protocol):
    """Who is told what becomes of a connection."""

    def opened(self, connection: "Connection") -> None:
        """Hear that it stands, TLS included."""

    def answered(self, connection: "Connection", answer: Received, at: int, *, kernel: bool) -> None:
        """Take a whole answer, that came at this monotonic time (ns), by the kernel's clock or ours."""

    def lost(self, connection: "Connection", error: BaseException) -> None:
        """Hear that it never stood, or is closed now."""


class Connection:
    """A connection to one of several addresses, tried in turn. Every call and callback is in the loop's thread."""

    __slots__ = (
        "_addresses", "_ancillary", "_answer_bytes", "_body", "_clock", "_done", "_head", "_hints", "_http2",
        "_incoming", "_keeps", "_limit", "_loop", "_outgoing", "_owner", "_parser", "_socket", "_status", "_tls",
        "_unsent", "closed", "exchange", "fd", "free_since", "head_only", "on_body", "phase", "phase_since",
        "untouched",
    )  # fmt: skip

    def __init__(
        self, loop: asyncio.AbstractEventLoop, owner: Owner, clock: Clock, addresses: Sequence[Address], limit: int
    ) -> None:
        self._loop, self._owner, self._clock, self._limit = loop, owner, clock, limit
        self._addresses = list(addresses)
        self._tls: ssl.SSLObject | None = None
        self._http2: Http2 | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._unsent = b""
        self.closed = False
        self.fd = -1
        self._ancillary: Ancillary = ()
        self.exchange: Any = None  # of the owner: what it carries now
        self.head_only = False  # the answer that is awaited has no body, whatever its headers say (HEAD)
        self.free_since = 0
        self.untouched = False  # the server has nothing of the request that it was to carry last
        self.phase = "connect"  # then tls, then open
        self.phase_since = time.monotonic_ns()
        self._status = self._hints = 0
        self._done = self._keeps = False
        self._head = b""
        self._new_answer()

    # -- opening

    def open(self, trust: ssl.SSLContext | None, name: str) -> None:
        """Connect, and speak TLS with this trust to this name. The owner is told how it ends, always later."""
        if trust is not None:
            self._tls = trust.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._connect()

    def _connect(self) -> None:
        family, address = self._addresses.pop(0)
        try:
            self._socket = stream_socket(family)
        except OSError as error:
            self._loop.call_soon(self._failed, error)
            return
        self.fd = self._socket.fileno()
        try:
            ask_for_timestamps(self._socket)
            self._socket.connect(address)
        except BlockingIOError:
            pass
        except OSError as error:
            self._socket.close()
            self._loop.call_soon(self._failed, error)
            return
        self._loop.add_writer(self.fd, self._connected)

    def _connected(self) -> None:
        self._loop.remove_writer(self.fd)
        if number := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._socket.close()
            self._failed(OSError(number, os.strerror(number)))
            return
        self._loop.add_reader(self.fd, self._readable)
        if self._tls is None:
            self._opened()
        else:
            self.phase, self.phase_since = "tls", time.monotonic_ns()
            self._shake_hands()

    def _failed(self, error: OSError) -> None:
        """Try the next address, or give up."""
        if self.closed:
            return
        if self._addresses:
            self._connect()
            return
        self.closed = True
        self._owner.lost(self, error)

    def _shake_hands(self) -> None:
        assert self._tls is not None  # noqa: S101 - only called with TLS
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except (ssl.SSLError, ssl.CertificateError) as error:
            self._flush()  # the alert: the server's log shall say why
            self.lose(error)
            return
        if self._tls.selected_alpn_protocol() == PROTOCOL:
            self._http2 = Http2()
            self._tls.write(self._http2.open())
        self._flush()
        self._opened()

    def _opened(self) -> None:
        self.phase = "open"
        self._owner.opened(self)

    # -- sending

    def send(self, data: bytes, *, head_only: bool) -> None:
        """Send a request. When that fails the owner is told later."""
        self.head_only = head_only
        if self._tls is not None:
            try:
                self._tls.write(self._http2.request(data) if self._http2 else data)
            except (ssl.SSLError, httpx.RemoteProtocolError) as error:
                self._loop.call_soon(self.lose, error)
                return
            data = self._outgoing.read()
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self.untouched = True
            self._loop.call_soon(self.lose, error)
            return
        if sent < len(data):
            self._unsent = data[sent:]
            self._loop.add_writer(self.fd, self._writable)

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self._unsent:
            self._unsent += data
            return
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._loop.call_soon(self.lose, error)
            return
        if sent < len(data):
            self._unsent = data[sent:]
            self._loop.add_writer(self.fd, self._writable)

    def _writable(self) -> None:
        data, self._unsent = self._unsent, b""
        self._loop.remove_writer(self.fd)
        self._write(data)

    # -- receiving

    def _readable(self) -> None:
        """Read until an answer is whole or nothing is left: libuv tells of a reset once, with what came before."""
        awaited = self.exchange
        while not self.closed and self.exchange is awaited:
            try:
                data, self._ancillary, _, _ = self._socket.recvmsg(_CHUNK, ANCILLARY)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self.lose(error)
                return
            if not data:
                self._ended()
            elif self._tls is None:
                self._feed(data)
            else:
                self._incoming.write(data)
                self._decrypt()
            if awaited is None:
                return

    def _decrypt(self) -> None:
        if self.phase == "tls":
            self._shake_hands()
        tls = self._tls
        if self.closed or self.phase == "tls" or tls is None:
            return
        try:
            while True:
                data = tls.read(_CHUNK)
                if not data:
                    self._ended()
                    return
                self._feed(data if self._http2 is None else self._translated(self._http2, tls, data))
                if self.closed or (not self._incoming.pending and not tls.pending()):
                    return
        except ssl.SSLWantReadError:
            self._flush()
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self._ended()
        except (ssl.SSLError, httpx.RemoteProtocolError) as error:
            self.lose(error)

    def _translated(self, http2: Http2, tls: ssl.SSLObject, data: bytes) -> bytes:
        plain, reply = http2.receive(data)
        if reply:
            tls.write(reply)
            self._flush()
        if http2.ends and (http2.refused or self.exchange is None):
            self.lose(EOFError("closed"))
        return plain

    def _feed(self, data: bytes) -> None:
        if not data:  # frames of HTTP/2 that bring nothing of an answer
            return
        self._answer_bytes += len(data)
        if not self._status:
            self._head = self._head + data if self._head else data
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            self.lose(error.__context__ or error)
            return
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not (self._done and self.head_only):
                self.lose(httpx.RemoteProtocolError(f"{type(error).__name__}: {error}"))
                return
        if self._done:
            self._finish()
        elif not self._status and self._answer_bytes > _HEAD_LIMIT:
            self.lose(httpx.RemoteProtocolError("headers too long"))
        elif self._answer_bytes > self._limit + _HEAD_LIMIT:
            self.lose(BodyTooLarge(self._limit))

    def _finish(self) -> None:
        """Give the answer away. Whoever gets it may send the next request at once."""
        exchange, body, head = self.exchange, self._body, self._head
        keeps = self._keeps and not (self._http2 and self._http2.ends)
        if exchange is None:
            self.lose(httpx.RemoteProtocolError("an answer that nobody had asked for"))
            return
        if self._hints:
            head = self._true_head()
        answer = Received(self._status, head, body[0] if len(body) == 1 else b"".join(body), self._limit)
        body.clear()
        at, now = self._clock.received(self._ancillary), time.monotonic_ns()
        kernel = exchange.sent <= at <= now  # a time that cannot be is none: the day's clock was set since we compared
        if self.head_only:
            self._new_answer()  # llhttp still waits for the body
        else:
            self._status = self._answer_bytes = self._hints = 0
            self._head = b""
            self._done = False
        if not keeps:
            self.close()
        self._owner.answered(self, answer, at if kernel else now, kernel=kernel)

    def _ended(self) -> None:
        """Make of the server's close what it is: the end also of an answer whose length it had not told."""
        if self._status and not self._is_framed() and self.exchange is not None and not self._done:
            self._done, self._keeps = True, False
            self._finish()
        elif self._answer_bytes:
            self.lose(httpx.RemoteProtocolError("closed without sending complete answer"))
        else:
            self.lose(EOFError("closed"))

    def _true_head(self) -> bytes:
        return self._head.split(b"\r\n\r\n", self._hints)[-1] if self._hints else self._head

    def _is_framed(self) -> bool:
        """Whether the headers of the answer say where its body ends."""
        return any(
            name.lower() in (b"content-length", b"transfer-encoding") for name, _ in headers_of(self._true_head())
        )

    # -- what the parser calls

    def _new_answer(self) -> None:
        self._status = self._answer_bytes = self._hints = 0
        self._head = b""  # all that came until the headers were complete, and maybe a part of the body
        self._body: list[bytes] = []
        self.on_body = self._body.append  # called by the parser, without a frame of Python
        self._done = self._keeps = False
        self._parser = httptools.HttpResponseParser(self)

    def on_headers_complete(self) -> None:
        """Note the status."""
        if self._done:
            raise httpx.RemoteProtocolError("two answers to one request")
        self._status = self._parser.get_status_code()
        if self.head_only and self._status >= 200:
            self._done, self._keeps = True, self._parser.should_keep_alive()

    def on_message_complete(self) -> None:
        """Note the end of an answer, or of one that only announces it."""
        if self._status >= 200:
            self._done, self._keeps = True, self._parser.should_keep_alive()
        else:
            self._status = 0  # 100 Continue, 103 Early Hints: the answer is still to come
            self._hints += 1

    # -- the end

    @property
    def began(self) -> bool:
        """Whether anything of an answer has come."""
        return self._answer_bytes > 0

    @property
    def received(self) -> int:
        """Bytes of the body so far."""
        return sum(map(len, self._body))

    @property
    def has_head(self) -> bool:
        """Whether the headers of the answer are complete."""
        return self._status > 0

    def lose(self, error: BaseException) -> None:
        """Close, and tell the owner why; once."""
        if not self.closed:
            self.close()
            self._owner.lost(self, error)

    def close(self) -> None:
        """Close without a word to the owner."""
        if not self.closed:
            self.closed = True
            if self.fd >= 0:
                self._loop.remove_reader(self.fd)
                self._loop.remove_writer(self.fd)
                self._socket.close()
