"""Faults of what pages weigh: files that are too many, too large, sent or kept badly, or not needed at all.

All of them act here, on finished answers, before these are packed. What pages are made to load is served here, too,
below `/static/planted/`, packed and kept as it should be: each fault breaks one thing only.
"""

import gzip
import json
import random
import struct
import zlib
from base64 import b64decode
from functools import cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reference import faults
from reference.faults import Fault
from reference.held import HeldAnswer
from reference.services import Services

_FILES = "/static/planted/"
_KEPT = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
_BUNDLE, _HEAVIER, _HUGE = 40_000, 44_000, 250_000  # bytes, packed
_HERO = (2400, 1650)  # pixels
_ELEMENTS = 3000
_ONE_BY_ONE = 12  # projects
_MANY = 45  # images
_HOPS = {"": "hop=1", "hop=1": "hop=2"}  # query -> query that it leads to

_FONT = zlib.decompress(
    b64decode(
        "eNrVUj1Lw0AYfu4SWz+oUnAShwiCboUKxUF06eZgqSAVhzY0sR2SttQWKkJxcHBwqA7+BTs4+QNEnDo5OjoJOksdJT53qYUWxNnnuPf7vXve"
        "SyAATOMUBqyd3UQyHaSfAbHKaKHo2zXkxT39Dv2Pknd8eOA9RAB5QX+h7NpOYm//ifYtd6rMgHknrmi/ci+X/UZL9GlBnFNEvGrRRkz58kz5"
        "vt2qwQTPE5P0rYrtu5uF6x7zXXV/rXrUIC/C0Hkortwn1s1lfm7jE8J4V9m3lZntoU6y5FHmVBMkQrDHsIJ1GoqNw2kERiF0RJJNmJEYhyH6"
        "7Jtgxd8YOX2L0OzbhqUPstAbq7cGzDC8W009Tym0NvFCbQ7YtYNA9WgpNB/xr1eImJ7j5+tx/rX4UjwpOjL31Q0rTKQG1QLR4StL2lH1UuYU"
        "I7NcoS1pLWY8u9Jwnaxbanp2HRl4sFFBAy4cZClLaOpYPfzPfsc3EVdKjg=="
    )
)
"""A font in which every letter is a box."""


class WeightFaultsMiddleware:
    """Plants the faults of this module; without any of them it passes everything on."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._faults = services.settings.faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._faults & faults.OF_WEIGHT:
            await self._app(scope, receive, send)
            return
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        if faults.REDIRECT_CHAIN in self._faults and path == "/" and query in _HOPS:
            await RedirectResponse(f"/?{_HOPS[query]}", 302)(scope, receive, send)
            return
        if path.startswith(_FILES) and (planted := _file(path.removeprefix(_FILES))) is not None:
            await planted(scope, receive, send)
            return
        answer = _Answer(path, Headers(scope=scope).get("host", ""), self._faults, send)
        await self._app(scope, receive, answer.send)


class _Answer(HeldAnswer):
    """One answer on its way out; pages and the list of projects are changed."""

    def __init__(self, path: str, host: str, planted: frozenset[Fault], send: Send) -> None:
        super().__init__(send)
        self._path = path
        self._host = host
        self._faults = planted

    def holds(self, status: int, headers: MutableHeaders) -> bool:
        self._spoil_headers(headers)
        page = headers.get("content-type", "").startswith("text/html")
        return status == 200 and (page or self._path == "/api/projects")

    def change(self, body: bytes, headers: MutableHeaders) -> bytes:  # noqa: ARG002 - they are spoilt already
        listing = self._path == "/api/projects"
        return self._spoil_list(body) if listing else self._spoil_page(body.decode()).encode()

    def _spoil_headers(self, headers: MutableHeaders) -> None:
        planted = self._faults
        if faults.ASSET_NOT_KEPT in planted and self._path.endswith(".js"):
            del headers["cache-control"]
        if faults.ASSET_KEPT_BRIEFLY in planted and self._path.endswith(".svg"):
            headers["cache-control"] = "public, max-age=600"
        if faults.ASSET_UNPACKED in planted and self._path == "/static/site.css":
            headers["cache-control"] += ", no-transform"
        if faults.ANSWER_UNPACKED in planted and self._path == "/api/projects":
            headers["cache-control"] = "no-store, no-transform"
        if faults.STRANGER_ASKED in planted and "content-security-policy" in headers:
            policy = headers["content-security-policy"]
            headers["content-security-policy"] = policy.replace("img-src ", f"img-src {self._other_origin()} ")

    def _other_origin(self) -> str:
        """Return this server's address by its other name, which is another origin."""
        host, _, port = self._host.partition(":")
        return f"http://{'localhost' if host == '127.0.0.1' else '127.0.0.1'}:{port}"

    def _spoil_list(self, body: bytes) -> bytes:
        planted = self._faults
        more = 120_000 if faults.ANSWER_HUGE in planted else 3000 if faults.ANSWER_UNPACKED in planted else 0
        if not more or not body.startswith(b"{"):
            return body
        return json.dumps(json.loads(body) | {"history": _noise(more)}).encode()

    def _spoil_page(self, page: str) -> str:
        head, body = self._every_head(), ""
        if self._path == "/":
            head += self._landing_head()
            body += self._landing_body()
            if faults.HERO_OVERSIZED in self._faults:
                before, found, after = page.partition('<img src="/static/hero.svg')
                page = f'{before}<img src="{_FILES}hero.png" data-was="{after}' if found else page
        if self._path == "/projects" and faults.API_CHATTER in self._faults:
            asked = "/api/projects?limit=1&offset=${n}"
            head += f"<script>for (let n = 0; n < {_ONE_BY_ONE}; n++) fetch(`{asked}`)</script>"
        head = head.replace("<script", f'<script nonce="{_nonce_of(page)}"')
        return page.replace("</head>", f"{head}</head>", 1).replace("</main>", f"{body}</main>", 1)

    def _every_head(self) -> str:
        bundles = {
            faults.BUNDLE_ADDED: "vendor-5b1c9e02.js",
            faults.BUNDLE_HEAVIER: "vendor-7e40d1aa.js",
            faults.BUNDLE_HUGE: "everything.js",
            faults.SCRIPT_UNUSED: "toolbox.js",
        }
        return "".join(_module(name) for fault, name in bundles.items() if fault in self._faults)

    def _landing_head(self) -> str:
        parts = {
            faults.SCRIPT_BLOCKS: f'<script src="{_FILES}consent.js"></script>',
            faults.SCRIPT_TWICE: _module("chart.js") + _module("chart-copy.js"),
            faults.ASKED_TWICE: "<script>fetch('/api/flags').then(() => fetch('/api/flags'))</script>",
            faults.PRELOAD_UNUSED: f'<link rel="preload" as="image" href="{_FILES}spare.svg">',
            faults.FONT_HIDES: f'<link rel="stylesheet" href="{_FILES}font.css">',
            faults.FONTS_MANY: f'<link rel="stylesheet" href="{_FILES}fonts.css">',
        }
        return "".join(markup for fault, markup in parts.items() if fault in self._faults)

    def _landing_body(self) -> str:
        tiles = (f'<img alt="" width="1" height="1" src="{_FILES}tile-{n}.svg">' for n in range(_MANY))
        stranger = f"{self._other_origin()}{_FILES}tile-1.svg"
        parts = {
            faults.DOCUMENT_HUGE: f'<script type="application/json">"{_noise(80_000)}"</script>',
            faults.DOM_EXPLODED: "<i></i>" * _ELEMENTS,
            faults.REQUESTS_MANY: "".join(tiles),
            faults.STRANGER_ASKED: f'<img alt="" width="1" height="1" src="{stranger}">',
        }
        return "".join(markup for fault, markup in parts.items() if fault in self._faults)


def _module(name: str) -> str:
    return f'<script type="module" src="{_FILES}{name}"></script>'


def _nonce_of(page: str) -> str:
    return page.partition('nonce="')[2].partition('"')[0]


@cache
def _file(name: str) -> Response | None:
    """Return a file that pages are made to load, or None."""
    match name.rpartition(".")[2]:
        case "svg":
            number = "".join(c for c in name if c.isdecimal())
            svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>{number}</title></svg>'
            return _kept(svg.encode(), "image/svg+xml")
        case "png":
            return _kept(_png(*_HERO), "image/png")
        case "ttf":
            return _kept(_FONT + name.encode(), "font/ttf")  # what follows the tables is nobody's
        case "css":
            many = ("a", "b", "c", "d") if name == "fonts.css" else ("a",)
            return _packed("".join(_face(one, shown=name == "fonts.css") for one in many), "text/css")
        case "js":
            return _packed(_script(name), "text/javascript")
    return None


def _script(name: str) -> str:
    lengths = {"vendor-5b1c9e02.js": _BUNDLE, "vendor-7e40d1aa.js": _HEAVIER, "everything.js": _HUGE}
    if name == "toolbox.js":
        tools = (
            f"export function tool{n}(value) {{ return value.map(one => one * {n}).join('{n}'); }}" for n in range(2000)
        )
        return "\n".join(tools)
    # six bits of each letter are drawn, so that packed a text has about three quarters of its length
    text = _noise(lengths.get(name, 600) * 4 // 3)
    return f'globalThis.planted = "{text}".length;'


def _face(name: str, *, shown: bool) -> str:
    display = "font-display: swap; " if shown else ""
    source = f'src: url("{_FILES}{name}.ttf") format("truetype")'
    user = {"a": "h1", "b": "h2", "c": "h3", "d": ".lead"}[name]
    family = f"font-family: Planted{name}"
    return f"@font-face {{ {family}; {display}{source} }}\n{user} {{ {family} }}\n"


def _noise(length: int) -> str:
    """Return text that does not pack, the same each time."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return "".join(random.Random(length).choices(letters, k=length))


def _png(width: int, height: int) -> bytes:
    """Return a grey image of about 60 KB."""
    drawn = random.Random(0)
    rows = b"".join(b"\0" + drawn.randbytes(30) + bytes(width - 30) for _ in range(height))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _kept(body: bytes, media_type: str, **headers: str) -> Response:
    return Response(body, headers=_KEPT | headers, media_type=media_type)


def _packed(text: str, media_type: str) -> Response:
    return _kept(gzip.compress(text.encode(), mtime=0), media_type, **{"Content-Encoding": "gzip"})
