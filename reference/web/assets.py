"""The files that pages load, packed once at the start, under addresses that change when they do.

`/static/site.js?v=3f2a1b9c0d` never changes, so it is kept for a year; modules import each other by such addresses,
too. Without its `v` (or with an old one) a file is served all the same, and kept for a day.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import brotli
from starlette.requests import Request
from starlette.responses import Response

from reference.settings import FILE_PATH

_STATIC = Path(__file__).parent / "static"
_A_DAY = "public, max-age=86400"
_FOREVER = "public, max-age=31536000, immutable"
_WORTH = 0.9  # of the plain length: what packs no better than this is sent as it is
_IMPORT = re.compile(rb'(?<=from ")\./([\w.-]+)(?=")')


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: its bytes as they are and packed, and the digest of them that its address bears."""

    media_type: str
    plain: bytes = field(repr=False)
    packed: Mapping[str, bytes] = field(repr=False)  # content encoding -> bytes, best first
    version: str

    def answer(self, request: Request) -> Response:
        """Return the file in the best encoding that is asked for."""
        current = request.query_params.get("v") == self.version
        accepted = accepted_encodings(request.headers.get("accept-encoding", ""))
        encoding = next((name for name in self.packed if name in accepted), "")
        headers = {
            "Cache-Control": _FOREVER if current else _A_DAY,
            "ETag": f'"{self.version}{encoding and "-" + encoding}"',
            "Vary": "Accept-Encoding",
        }
        if encoding:
            headers["Content-Encoding"] = encoding
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self.packed.get(encoding, self.plain), headers=headers, media_type=self.media_type)


def accepted_encodings(header: str) -> frozenset[str]:
    """Return the content encodings that an Accept-Encoding names, without those of weight 0."""
    parts = (part.strip().lower().partition(";") for part in header[:500].split(","))
    return frozenset(name.strip() for name, _, weight in parts if weight.replace(" ", "") not in {"q=0", "q=0.0"})


def find_asset(name: str) -> Asset | None:
    """Return the file of this name, or None."""
    return _load(name) if re.fullmatch(FILE_PATH, name) and (_STATIC / name).is_file() else None


def address_of(name: str) -> str:
    """Return the address of a file, for templates. Raises `KeyError` for one that is not there."""
    asset = find_asset(name)
    if asset is None:
        raise KeyError(name)
    return f"/static/{name}?v={asset.version}"


@cache
def _load(name: str) -> Asset:
    plain = _IMPORT.sub(lambda found: address_of(found[1].decode()).encode(), (_STATIC / name).read_bytes())
    packed = {"br": brotli.compress(plain), "gzip": gzip.compress(plain, mtime=0)}
    worth = {encoding: body for encoding, body in packed.items() if len(body) < _WORTH * len(plain)}
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(media_type, plain, worth, hashlib.sha256(plain).hexdigest()[:10])
