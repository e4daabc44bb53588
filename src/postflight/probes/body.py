"""Reads a body without trusting it: a bound on the wire, and the same bound again when inflated."""

import zlib
from collections.abc import AsyncIterator, Callable

import httpx

from postflight.probes.meaning import BodyTooLarge

ACCEPT_ENCODING = "gzip, deflate"  # what `inflate` knows; httpx's own decoders inflate without a bound
LIMIT = 10_000_000  # bytes
_GZIP = b"\x1f\x8b"


async def read(chunks: AsyncIterator[bytes], limit: int, on_bytes: Callable[[int], None]) -> bytes:
    """Return all chunks, or raise `BodyTooLarge`. `on_bytes` is told the number of bytes so far."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        on_bytes(len(body))
        if len(body) > limit:
            raise BodyTooLarge(limit)
    return bytes(body)


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo `Content-Encoding`: `gzip`, `deflate`, `br`, or any chain of them; an unknown one leaves the body as it is.

    Raises `BodyTooLarge`, and `httpx.DecodingError` when the body is not what `encoding` says.
    """
    for name in reversed([part.strip().lower() for part in encoding.split(",") if part.strip()]):
        if name in ("gzip", "x-gzip"):
            body = _inflate(body, 16 + zlib.MAX_WBITS, limit)
        elif name == "deflate":  # RFC 9110 says zlib; some servers send it without zlib's header
            zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
            body = _inflate(body, zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS, limit)
        elif name == "br":
            body = _unbrotli(body, limit)
        elif name != "identity":
            return body
    return body


def _inflate(body: bytes, window_bits: int, limit: int) -> bytes:
    whole = bytearray()
    while body:
        member = zlib.decompressobj(window_bits)
        try:
            whole += member.decompress(body, limit + 1 - len(whole))
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error
        if len(whole) > limit:
            raise BodyTooLarge(limit)
        if not member.eof:
            raise httpx.DecodingError("the compressed body ends too early")
        # gzip files may be joined; browsers ignore whatever else follows
        body = member.unused_data if member.unused_data.startswith(_GZIP) else b""
    return bytes(whole)


def _unbrotli(body: bytes, limit: int) -> bytes:
    import brotli  # only the load engine asks for it

    decompressor = brotli.Decompressor()
    try:
        whole: bytes = decompressor.process(body, output_buffer_limit=limit + 1)
    except brotli.error as error:
        raise httpx.DecodingError(str(error)) from error
    if len(whole) > limit:
        raise BodyTooLarge(limit)
    if not decompressor.is_finished():
        raise httpx.DecodingError("the compressed body ends too early")
    return whole
