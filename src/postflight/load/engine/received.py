"""An answer that is decoded only as far as a flow looks into it."""

import httptools
import httpx

from postflight.flow import Response
from postflight.probes import body
from postflight.probes.meaning import BodyTooLarge, explain

RawHeaders = list[tuple[bytes, bytes]]


class _Headers:
    """What llhttp finds in the head of an answer."""

    def __init__(self) -> None:
        self.found: RawHeaders = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header."""
        self.found.append((name, value))


def headers_of(head: bytes) -> RawHeaders:
    """Return the headers of bytes that begin an answer and hold its whole head; they were parsed once without error.

    That was for the end of the body, without a call for each header: most answers are not asked for theirs.
    """
    headers = _Headers()
    end = head.find(b"\r\n\r\n")
    httptools.HttpResponseParser(headers).feed_data(head if end < 0 else head[: end + 4])
    return headers.found


class Received(Response):
    """An answer of the engine. Headers are read, and the body is inflated, when a flow asks for them.

    A connection makes it, and the exchange that it belongs to says `url`, `seconds` and `history`.
    """

    __slots__ = ("_body_limit", "_content", "_headers", "raw_body", "raw_head")
    # What was worked out is kept; to others it is as frozen as any answer. Both are taken back, since Python stores
    # without a call (5 ns, else 50) only in a class that overrides neither.
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__

    http_version = "HTTP/1.1"
    curl = ""  # would cost more than the request; `postflight smoke` has it

    def __init__(self, status: int, raw_head: bytes, raw_body: bytes, body_limit: int) -> None:
        self.status = status  # type: ignore[misc]  # see __setattr__
        self.raw_head = raw_head
        self.raw_body = raw_body
        self._body_limit = body_limit
        self._headers: RawHeaders | None = None
        self._content: bytes | None = None

    @property
    def raw_headers(self) -> RawHeaders:
        """Names and values, as they came."""
        if self._headers is None:
            self._headers = headers_of(self.raw_head)
        return self._headers

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Names and values as text."""
        return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in self.raw_headers)

    @property
    def body(self) -> bytes:
        """The body without its `Content-Encoding`. Raises `Unreachable` when it is not encoded so, or endless."""
        if self._content is None:
            try:
                self._content = body.inflate(self.raw_body, self.header("content-encoding") or "", self._body_limit)
            except (httpx.DecodingError, BodyTooLarge) as error:
                raise explain(error, self.url) from error
        return self._content

    @property
    def may_set_cookie(self) -> bool:
        """Whether it looks as if it set a cookie: a quick look that misses none in the spellings that are in use."""
        head = self.raw_head
        end = head.find(b"\r\n\r\n")
        return head.find(b"ookie:", 0, end) >= 0 or head.find(b"OOKIE:", 0, end) >= 0
