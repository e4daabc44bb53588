"""Loopback servers that behave badly, each a context manager that yields its address.

    with hostile.silent() as url:
        ...

Every server runs in a thread of its own and ends with its context: connections are shut down and threads joined.
`BAD` names those that a preflight must call bad; the words are what a true message about them holds.
"""

import contextlib
import datetime as dt
import math
import socket
import ssl
import struct
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import h2.config
import h2.connection
import h2.events
import trustme

T = TypeVar("T")

_PATIENCE = 20.0  # seconds: the bound of a hang, never a measurement
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """One accepted connection: its socket, the head of the request (empty if not read) and the server's end."""

    socket: socket.socket
    head: bytes
    ending: threading.Event

    @property
    def path(self) -> str:
        """The request's target."""
        return self.head.split(b" ", 2)[1].decode()

    def header(self, name: str) -> str | None:
        """A header of the request, or None."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.decode().lower() == name.lower():
                return value.strip().decode()
        return None

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def drip(self, part: bytes) -> None:
        """Send one byte of `part` after another, over and over, until the server ends or the other side goes."""
        while True:
            for byte in part:
                self.send(bytes([byte]))
                if self.ending.wait(0.02):
                    return


Behaviour = Callable[[Call], None]


@contextlib.contextmanager
def serving(behave: Behaviour, *, reads: bool = True, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve `behave` for every connection. It is called in a thread, and what it raises for a lost peer is normal."""
    ending = threading.Event()
    open_sockets: set[socket.socket] = set()
    threads: list[threading.Thread] = []
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
                open_sockets.add(connection)
            with connection:
                head = _read_head(connection) if reads else b""
                if head or not reads:
                    behave(Call(connection, head, ending))
        open_sockets.discard(connection)

    def accept() -> None:
        while not ending.is_set():
            connection, _ = listener.accept()
            connection.settimeout(_PATIENCE)
            open_sockets.add(connection)
            thread = threading.Thread(target=answer, args=(connection,), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    port = listener.getsockname()[1]
    try:
        yield f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    finally:
        ending.set()
        socket.create_connection(("127.0.0.1", port)).close()  # wakes `accept`
        acceptor.join(_PATIENCE)
        listener.close()
        for connection in tuple(open_sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(_PATIENCE)
            assert not thread.is_alive(), "a hostile server does not end"


def _read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 100_000:
        if not (piece := connection.recv(4096)):
            return b""
        head += piece
    return head


def answering(
    status: int = 200,
    body: bytes = b"hello",
    headers: Mapping[str, str] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
) -> AbstractContextManager[str]:
    """An ordinary server: the same answer to everything."""
    return serving(lambda call: call.send(response(status, body, headers)), tls=tls)


def response(status: int = 200, body: bytes = b"hello", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a whole HTTP answer that closes its connection."""
    told = {"Content-Length": str(len(body)), "Connection": "close"} | dict(headers or {})
    lines = [f"HTTP/1.1 {status} Word", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.contextmanager
def echoing() -> Iterator[tuple[str, list[Call]]]:
    """A server that notes its calls and answers with the path."""
    calls: list[Call] = []

    def behave(call: Call) -> None:
        calls.append(call)
        call.send(response(200, call.path.encode()))

    with serving(behave) as url:
        yield url, calls


@contextlib.contextmanager
def refused() -> Iterator[str]:
    """A port that is ours and where nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


@contextlib.contextmanager
def full() -> Iterator[str]:
    """A port whose queue is full: Linux then drops what asks for a connection, as a firewall would."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def silent() -> AbstractContextManager[str]:
    """Accepts, reads, and never answers."""

    def behave(call: Call) -> None:
        call.ending.wait(_PATIENCE)

    return serving(behave)


def garbage() -> AbstractContextManager[str]:
    """Answers with bytes that are not HTTP."""
    return serving(lambda call: call.send(b"\x16\x03\x01\x00\xffthis is no HTTP\r\n\r\n\x00\x01"))


def closes_at_once() -> AbstractContextManager[str]:
    """Closes every connection when the request is there."""
    return serving(lambda call: None)


def resets() -> AbstractContextManager[str]:
    """Resets every connection when the request is there."""
    return serving(_reset)


def resets_mid_body() -> AbstractContextManager[str]:
    """Sends a part of the body, then resets the connection."""

    def behave(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
        _reset(call)

    return serving(behave)


def _reset(call: Call) -> None:
    call.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    call.socket.close()


def redirects_for_ever() -> AbstractContextManager[str]:
    """Redirects each address to a new one."""
    return serving(
        lambda call: call.send(response(302, b"", {"Location": f"/{int(call.path.strip('/') or 0) + 1}"})),
    )


def endless_body() -> AbstractContextManager[str]:
    """Sends a body as fast as it is taken, for ever."""

    def behave(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while not call.ending.is_set():
            call.send(bytes(64 * 1024))

    return serving(behave)


def endless_redirect_body() -> AbstractContextManager[str]:
    """A redirect whose own body never ends: whoever reads it without a bound is lost."""

    def behave(call: Call) -> None:
        call.send(b"HTTP/1.1 302 Found\r\nLocation: /next\r\n\r\n")
        while not call.ending.is_set():
            call.send(bytes(64 * 1024))

    return serving(behave)


def drips_headers() -> AbstractContextManager[str]:
    """Sends headers byte by byte, so that no time-out between two bytes ever passes."""

    def behave(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\n")
        call.drip(b"X-Drip: drop\r\n")

    return serving(behave)


def drips_body() -> AbstractContextManager[str]:
    """Sends the body byte by byte."""

    def behave(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        call.drip(b"drop")

    return serving(behave)


def gzip_bomb(inflated: int = 1000 * _MEGABYTE) -> AbstractContextManager[str]:
    """A body of a thousandth of its inflated size."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    first = compressor.compress(bytes(_MEGABYTE)) + compressor.flush(zlib.Z_FULL_FLUSH)
    # after a full flush the compressor knows nothing of the past: the same block can follow itself at no cost
    block = compressor.compress(bytes(_MEGABYTE)) + compressor.flush(zlib.Z_FULL_FLUSH)
    body = first + block * (inflated // _MEGABYTE - 1)
    return answering(200, body, {"Content-Encoding": "gzip", "Content-Type": "text/html"})


def not_gzip() -> AbstractContextManager[str]:
    """Says gzip and sends text."""
    return answering(200, b"plain text", {"Content-Encoding": "gzip"})


def huge_headers() -> AbstractContextManager[str]:
    """Sends one header of 10 MB."""
    return serving(lambda call: call.send(b"HTTP/1.1 200 OK\r\nX-Huge: ", b"a" * 10 * _MEGABYTE, b"\r\n\r\n"))


def wrong_content_length() -> AbstractContextManager[str]:
    """Promises more body than it sends."""
    return answering(200, b"only this", {"Content-Length": "1000"})


@dataclass(frozen=True, slots=True)
class Secure:
    """An HTTPS server and the file of the authority that signed its certificate."""

    url: str
    ca_file: str


@contextlib.contextmanager
def secure(
    name: str = "localhost", *, expired: bool = False, behave: Behaviour | None = None, http2: bool = False
) -> Iterator[Secure]:
    """An HTTPS server on `https://localhost:PORT` whose certificate is for `name`."""
    authority = trustme.CA()
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    certificate = (
        authority.issue_cert(name, not_before=yesterday - dt.timedelta(days=30), not_after=yesterday)
        if expired
        else authority.issue_cert(name)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    if http2:
        context.set_alpn_protocols(["h2"])
    with tempfile.TemporaryDirectory() as folder:
        ca_file = Path(folder, "ca.pem")
        authority.cert_pem.write_to_path(ca_file)
        with serving(behave or (lambda call: call.send(response())), reads=not http2, tls=context) as url:
            yield Secure(url, str(ca_file))


_GOAWAY = bytes.fromhex("000008 07 00 00000000 7fffffff 00000000")  # for the highest stream, without an error


def http2(requests: float = math.inf, goaway: str = "never") -> Behaviour:
    """Answer so many requests of a connection over HTTP/2, and then close it: for `secure(..., http2=True)`.

    It says GOAWAY `before` its last answer, `amid` it or `after` it, or `never`.
    """

    def behave(call: Call) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        answered = 0
        while answered < requests and (data := call.socket.recv(65536)):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    answered += 1
                    last = {goaway: _GOAWAY} if answered == requests else {}
                    said = [connection.data_to_send(), last.get("before", b"")]
                    connection.send_headers(event.stream_id, [(":status", "200")])
                    said += [connection.data_to_send(), last.get("amid", b"")]
                    connection.send_data(event.stream_id, b"two", end_stream=True)
                    call.send(*said, connection.data_to_send(), last.get("after", b""))  # at once, as nginx does
            call.send(connection.data_to_send())
        if goaway == "after":
            call.socket.recv(65536)

    return behave


@dataclass(frozen=True, slots=True)
class Bad:
    """A server that is bad, and words that a true message about it holds."""

    serve: Callable[[], AbstractContextManager[str]]
    words: str


BAD: Mapping[str, Bad] = {
    "refused": Bad(refused, "refuses connections"),
    "silent": Bad(silent, "sent no whole answer within"),
    "garbage": Bad(garbage, "answered with garbage"),
    "closes at once": Bad(closes_at_once, "closed the connection without an answer"),
    "resets": Bad(resets, "reset the connection"),
    "resets mid-body": Bad(resets_mid_body, "reset the connection"),
    "redirects for ever": Bad(redirects_for_ever, "redirects without end"),
    "endless body": Bad(endless_body, "endless or larger than 10 MB"),
    "endless redirect body": Bad(endless_redirect_body, "endless or larger than 10 MB"),
    "drips headers": Bad(drips_headers, "sent no whole answer within"),
    "drips body": Bad(drips_body, "of a body that did not end within"),
    "gzip bomb": Bad(gzip_bomb, "endless or larger than 10 MB"),
    "not gzip": Bad(not_gzip, "not encoded as its headers say"),
    "huge headers": Bad(huge_headers, "headers without end"),
    "wrong content-length": Bad(wrong_content_length, "in the middle of its answer"),
}


def within(action: Callable[[], T], seconds: float = _PATIENCE) -> T:
    """Return what `action` returns or raises, and fail when it is still at it after `seconds`: a hang, not a speed."""
    results: list[T] = []
    errors: list[BaseException] = []

    def act() -> None:
        try:
            results.append(action())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), f"not done after {seconds:g} s: it hangs"
    if errors:
        raise errors[0]
    return results[0]
