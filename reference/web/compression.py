"""Packs pages, their files and answers of the API on their way out, for those who ask for it: once for each file.

BREACH: who can put a text of his own into an answer, and see its length, finds out by and by what else is in it. So
nothing is packed that holds a secret worth guessing: no answer of `/api/auth/` (passwords go in, tokens come out), and
no error, because errors may repeat what was asked. Pages repeat nothing of what was asked; their nonce is another one
each time, and what is guessed of it is worth nothing a moment later. Event streams go out as they come.
"""

import zlib
from functools import lru_cache

import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from reference.held import HeldAnswer

_LEAST = 860  # bytes: what is shorter fits into a packet anyway
_TYPES = ("text/html", "application/json", "text/css", "text/javascript", "image/svg+xml")
_SECRET = "/api/auth/"
_FILES = "/static/"
_QUICK, _SMALL = (
    4,
    11,
)  # qualities of brotli: for what is made anew each time (gzip's 6 equals it in time), and for files


class CompressionMiddleware:
    """Packs what is worth it. Everything else passes through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or scope["path"].startswith(_SECRET):
            await self._app(scope, receive, send)
            return
        accepted = accepted_encodings(Headers(scope=scope).get("accept-encoding", ""))
        packs = scope["method"] == "GET"  # HEAD has nothing to pack, and the same Vary
        encoding = next((name for name in ("br", "gzip") if name in accepted and packs), "")
        answer = _Answer(encoding, send, is_file=scope["path"].startswith(_FILES))
        await self._app(scope, receive, answer.send)


def accepted_encodings(header: str) -> frozenset[str]:
    """Return the content encodings that an Accept-Encoding names, without those of weight 0."""
    parts = (part.strip().lower().partition(";") for part in header[:500].split(","))
    return frozenset(name.strip() for name, _, weight in parts if weight.replace(" ", "") not in {"q=0", "q=0.0"})


def packed(body: bytes, encoding: str, quality: int) -> bytes:
    """Return a body in an encoding, `br` or `gzip`."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=quality))
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)  # gzip's wrapping, without the time of day
    return packer.compress(body) + packer.flush()


_packed_once = lru_cache(maxsize=64)(packed)


class _Answer(HeldAnswer):
    """One answer on its way out, packed where it may be."""

    def __init__(self, encoding: str, send: Send, *, is_file: bool) -> None:
        super().__init__(send)
        self._encoding = encoding
        self._is_file = is_file

    def holds(self, status: int, headers: MutableHeaders) -> bool:
        media_type = headers.get("content-type", "").partition(";")[0]
        fixed = "content-encoding" in headers or "no-transform" in headers.get("cache-control", "")
        if status != 200 or media_type not in _TYPES or fixed:
            return False
        headers.add_vary_header("Accept-Encoding")
        return bool(self._encoding)

    def change(self, body: bytes, headers: MutableHeaders) -> bytes:
        if len(body) < _LEAST:
            return body
        pack, quality = (_packed_once, _SMALL) if self._is_file else (packed, _QUICK)
        headers["Content-Encoding"] = self._encoding
        return pack(body, self._encoding, quality)
