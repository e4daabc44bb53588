"""The files that pages load, under addresses that change when they do.

`/static/site.js?v=3f2a1b9c0d` never changes, so it is kept for a year; modules import each other by such addresses,
too. Without its `v` (or with an old one) a file is served all the same, and kept for a day.
"""

import hashlib
import mimetypes
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from reference.settings import FILE_PATH

_STATIC = Path(__file__).parent / "static"
_A_DAY = "public, max-age=86400"
_FOREVER = "public, max-age=31536000, immutable"
_IMPORT = re.compile(rb'(?<=from ")\./([\w.-]+)(?=")')


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: its bytes, and the digest of them that its address bears."""

    media_type: str
    body: bytes = field(repr=False)
    version: str

    def answer(self, request: Request) -> Response:
        """Return the file, or that it has not changed."""
        current = request.query_params.get("v") == self.version
        # a weak tag: the same file in any encoding (RFC 9110, 8.8.1)
        headers = {"Cache-Control": _FOREVER if current else _A_DAY, "ETag": f'W/"{self.version}"'}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self.body, headers=headers, media_type=self.media_type)


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
    body = _IMPORT.sub(lambda found: address_of(found[1].decode()).encode(), (_STATIC / name).read_bytes())
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(media_type, body, hashlib.sha256(body).hexdigest()[:10])
