"""What a page weighs, counted in a real browser: bodies as they were sent, and nothing else."""

import gzip
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import Browser

from postflight.browser.page_figures import measure
from postflight.browser.vitals.profiles import DESKTOP
from postflight.errors import UnexpectedAnswer
from tests.conftest import serving

PAGE = (
    b'<!doctype html><title>x</title><script src="app.js"></script><h1>Hello</h1>'
    b'<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
)
SCRIPT = gzip.compress(b"/* a */" * 1000, mtime=0)


class Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def do_GET(self) -> None:
        body, kind = (SCRIPT, "text/javascript") if self.path == "/app.js" else (PAGE, "text/html")
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if body is SCRIPT:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def test_bytes_are_those_of_the_bodies_as_they_were_sent(chromium: Browser) -> None:
    with serving(Site) as origin:
        found = measure(chromium, origin + "/", DESKTOP)
    assert (found.bytes, found.requests) == (len(PAGE) + len(SCRIPT), 2)
    assert found.vitals.work.thread > 0


def test_an_error_page_is_no_page(chromium: Browser) -> None:
    with serving(Site) as origin, pytest.raises(UnexpectedAnswer):
        measure(chromium, origin + "/broken", DESKTOP)
