"""A foreign site on loopback: it frames a page of the deployment or reads its answers, as an attacker's would try."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import BrowserContext, Page

from postflight.checks.csp import allows, parse_headers
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.framing import ancestors, option
from postflight.errors import CannotMeasure

FRAME_NAME = "victim"
READ_DEADLINE = 5000
"""Milliseconds for the foreign site's own request."""

BLOCKED_PAGE = "chrome-error:"
"""Where Chromium puts a frame that it refuses to show."""

# the foreign site's own script, on a page without a policy: `evaluate` hides nothing here
_READ = f"""async url => {{
  try {{
    const signal = AbortSignal.timeout({READ_DEADLINE});
    const answer = await fetch(url, {{credentials: 'include', signal}});
    return {{read: true, status: answer.status, size: (await answer.text()).length}};
  }} catch (error) {{ return {{read: false, late: error.name === 'TimeoutError'}}; }}
}}"""


@dataclass(frozen=True, slots=True)
class Stranger:
    """The running site. It is at an address, not at a name, so that no HSTS of `localhost` reaches it."""

    origin: str

    def frames(self, context: BrowserContext, url: str) -> bool:
        """Whether a browser shows this page in a frame of the foreign site."""
        page = self._open(context, f"/?frame={quote(url, safe='')}")
        frame = page.frame(name=FRAME_NAME)
        if frame is None or not frame.url:
            raise CannotMeasure(f"The frame for {url} was never made", where=self.origin)
        return not frame.url.startswith(BLOCKED_PAGE)

    def reads(self, context: BrowserContext, url: str) -> str:
        """Return what a script of the foreign site reads with the visitor's cookies (status and size), or nothing.

        The headers that mark our traffic are left out: they would make the browser ask the server first (a preflight),
        and an attacker does not. Raises `CannotMeasure` if no answer came within `READ_DEADLINE`.
        """
        context.set_extra_http_headers({})
        seen = self._open(context, "/").evaluate(_READ, url)
        if seen["read"]:
            return f"status {seen['status']}, {seen['size']} characters"
        if seen["late"]:
            raise CannotMeasure(f"{url} did not answer a foreign page within {READ_DEADLINE / 1000:g} s", where=url)
        return ""

    def _open(self, context: BrowserContext, path: str) -> Page:
        page = context.new_page()
        page.goto(f"{self.origin}{path}")
        return page


@contextmanager
def stranger() -> Iterator[Stranger]:
    """Run the foreign site on a free port of loopback until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Stranger(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def may_frame(answer: HttpAnswer, framer: str) -> bool:
    """Whether the headers let a foreign origin frame the page. `frame-ancestors` switches X-Frame-Options off."""
    if ancestors(answer):
        return allows(parse_headers(answer.headers), "frame-ancestors", framer, answer.url)
    return not option(answer)


class _Handler(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query).get("frame", [])
        frames = "".join(f'<iframe name="{FRAME_NAME}" src="{escape(url)}"></iframe>' for url in asked[:1])
        body = f"<!doctype html><title>A foreign site</title><p>A foreign site</p>{frames}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: what this site is asked is in the browser's own record."""
