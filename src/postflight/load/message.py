"""The bytes of a request, and an answer that is decoded only as far as a flow looks into it."""

import json
import re
from collections.abc import Iterable

import httpx

from postflight import __version__
from postflight.errors import CannotMeasure
from postflight.flow import Request, Response
from postflight.load.places import Place
from postflight.probes import body
from postflight.probes.meaning import BodyTooLarge, explain

ACCEPT_ENCODING = f"{body.ACCEPT_ENCODING}, br"
RawHeaders = list[tuple[bytes, bytes]]
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_NO_VALUE = re.compile(r"[\r\n\0]")  # what would end a header, or more
_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})


class Writer:
    """Writes the requests of one run."""

    def __init__(self, run_id: str) -> None:
        self._usual = {
            "User-Agent": f"Postflight/{__version__} (+synthetic; run {run_id})",
            "X-Postflight-Run": run_id,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        self._tail = self._lines(self._usual.items()) + b"\r\n"

    def write(self, request: Request, method: str, place: Place, cookie: str, *, secret: bool, body: bool) -> bytes:
        """Return a request as it is sent. `secret` says whether what could be one may go there; so `body` for the body.

        Raises `CannotMeasure` for a method or header that cannot be sent.
        """
        if not _TOKEN.fullmatch(method):
            raise CannotMeasure(f"{method[:100]!r} is no HTTP method")
        line = b"%s %s HTTP/1.1\r\nHost: %s\r\n" % (method.encode(), place.target, place.host)
        content = b""
        more: dict[str, str] = {}
        if secret:
            more.update(request.headers)
            if request.token is not None:
                more["Authorization"] = f"Bearer {request.token}"
            if cookie:
                more["Cookie"] = cookie
        if body and request.json is not None:
            content = json.dumps(request.json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
            more.setdefault("Content-Type", "application/json")
        if content or method in _WITH_LENGTH:
            more["Content-Length"] = str(len(content))
        if not more:
            return line + self._tail
        given = {name.lower() for name in more}
        usual = [(name, value) for name, value in self._usual.items() if name.lower() not in given]
        return line + self._lines([*usual, *more.items()]) + b"\r\n" + content

    @staticmethod
    def _lines(headers: Iterable[tuple[str, str]]) -> bytes:
        lines = []
        for name, value in headers:
            if not _TOKEN.fullmatch(name) or _NO_VALUE.search(value):
                raise CannotMeasure(f"the header {name[:100]!r} cannot be sent: its name or value breaks HTTP")
            lines.append(f"{name}: {value}\r\n")
        return "".join(lines).encode()


class Received(Response):
    """An answer of the engine. Headers become text, and the body is inflated, when a flow asks for them."""

    __slots__ = ("_decoded", "_inflated", "_limit", "raw_body", "raw_headers", "sets_cookie")
    __setattr__ = object.__setattr__  # what is decoded is kept; to others it is as frozen as any answer

    def __init__(self, status: int, raw_headers: RawHeaders, raw_body: bytes, limit: int, sets_cookie: bool) -> None:
        self.status = status
        self.raw_headers = raw_headers
        self.raw_body = raw_body
        self._limit = limit
        self.sets_cookie = sets_cookie
        self.url = self.curl = ""
        self.seconds = 0.0
        self.http_version = "HTTP/1.1"
        self.history = ()
        self._decoded: tuple[tuple[str, str], ...] | None = None
        self._inflated: bytes | None = None

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:  # type: ignore[override]  # read as the field is
        """Names and values, as they came."""
        if self._decoded is None:
            self._decoded = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in self.raw_headers)
        return self._decoded

    @property
    def body(self) -> bytes:  # type: ignore[override]  # read as the field is
        """The body without its `Content-Encoding`. Raises `Unreachable` when it is not encoded so, or endless."""
        if self._inflated is None:
            encoding = ", ".join(v.decode("latin-1") for k, v in self.raw_headers if k.lower() == b"content-encoding")
            try:
                self._inflated = body.inflate(self.raw_body, encoding, self._limit)
            except (httpx.DecodingError, BodyTooLarge) as error:
                raise explain(error, self.url) from error
        return self._inflated

    def first(self, name: bytes) -> bytes | None:
        """Return the first header of this name (lower case), or None."""
        return next((value for key, value in self.raw_headers if key.lower() == name), None)
