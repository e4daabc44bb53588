"""A laboratory for Content Security Policy: Chromium, and servers on loopback that are every host there is.

Chromium resolves every name to loopback (`--host-resolver-rules`), so pages have the origins that a test wants, with
the real header lines that it wants, and nothing ever leaves the machine.
"""

import contextlib
import http.server
import itertools
import ssl
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import trustme
from playwright.sync_api import Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium-headless-shell")  # a distribution's; else the one that Playwright installed
DEADLINE = 20_000  # milliseconds for one page, its probes included
TLS_PORTS = (443, 444, 8443)

CONTENT = {
    ".js": ("text/javascript", b"window.seen && seen(new URL(document.currentScript.src).searchParams.get('k'));"),
    ".css": ("text/css", b"#styled-by-link { z-index: 7 }"),
    ".svg": ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>"),
    ".png": ("image/png", b"no image"),
    ".html": ("text/html", b"<!doctype html><title>leaf</title>"),
    ".worker": ("text/javascript", b"postMessage(1)"),
}

# Registers what the browser itself says. It comes through CDP, before and beside the page's policies.
LISTENER = """
window.violations = [];
window.marks = new Set();
window.happened = () => {};
window.seen = mark => { window.marks.add(String(mark)); window.happened(); };
document.addEventListener('securitypolicyviolation', event => {
  const {originalPolicy: policy, effectiveDirective: directive, blockedURI: blocked} = event;
  window.violations.push({policy, directive, blocked});
  window.happened();
});
"""


@dataclass(frozen=True)
class Served:
    """One page: header lines, in order, as bytes on the wire are (latin-1), and the markup."""

    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass
class Lab:
    """The running laboratory. `serve` gives a path; any origin serves it."""

    page: Page
    _pages: dict[str, Served]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def serve(self, headers: Sequence[tuple[str, str]] = (), body: str = "<!doctype html><title>lab</title>") -> str:
        path = f"/page/{next(self._numbers)}"
        self._pages[path] = Served(tuple(headers), body)
        return path

    def open(self, origin: str, headers: Sequence[tuple[str, str]] = (), body: str = "<!doctype html>") -> None:
        self.page.goto(origin + self.serve(headers, body), timeout=DEADLINE)


@contextlib.contextmanager
def laboratory() -> Iterator[Lab]:
    """Start servers and browser; end them all."""
    pages: dict[str, Served] = {}
    with contextlib.ExitStack() as stack:
        certificate = stack.enter_context(_certificate())
        plain = stack.enter_context(_server(pages, None))
        secure = stack.enter_context(_server(pages, certificate))
        ports = ",".join(f"MAP *:{port} 127.0.0.1:{secure}" for port in TLS_PORTS)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM if CHROMIUM.exists() else None,
            args=[
                "--no-sandbox",
                "--ignore-certificate-errors",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                f"--host-resolver-rules={ports},MAP * 127.0.0.1:{plain}",
            ],
        )
        stack.callback(browser.close)
        page = browser.new_page()
        page.set_default_timeout(DEADLINE)
        page.add_init_script(LISTENER)
        yield Lab(page, pages)


def _handler(pages: dict[str, Served]) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self) -> None:
            target = urlsplit(self.path)
            if target.path.startswith("/redirect/"):
                self._answer("text/plain", b"", (("Location", unquote(target.path.removeprefix("/redirect/"))),), 302)
                return
            served = pages.get(target.path)
            if served is not None:
                self._answer("text/html; charset=utf-8", served.body.encode(), served.headers)
                return
            kind, body = next((c for suffix, c in CONTENT.items() if suffix in target.path), ("text/plain", b"ok"))
            self._answer(kind, body)

        do_POST = do_GET  # noqa: N815

        def _answer(self, kind: str, body: bytes, headers: tuple[tuple[str, str], ...] = (), status: int = 200) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response_only(status)
            for name, value in (("Content-Type", kind), ("Access-Control-Allow-Origin", "*"), *headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A browser that hangs up is no error of a laboratory."""


@contextlib.contextmanager
def _server(pages: dict[str, Served], certificate: Path | None) -> Iterator[int]:
    server = _Server(("127.0.0.1", 0), _handler(pages))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


@contextlib.contextmanager
def _certificate() -> Iterator[Path]:
    issued = trustme.CA().issue_cert("localhost")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(str(path))
        yield path
