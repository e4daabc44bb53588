"""The promise is kept where requests leave: what is refused never arrives, and what arrived was counted."""

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from postflight.contract.rules import Rules, marked
from postflight.contract.transport import Raw, SafeClient
from postflight.errors import NotAllowed
from postflight.flow import Request
from postflight.model import Deployment
from postflight.redact import Redactor
from tests.conftest import serving


class _Everything(BaseHTTPRequestHandler):
    """Takes every method, and remembers the request lines, headers and bodies."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, dict[str, str], bytes]]

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.seen.append((f"{self.command} {self.path}", dict(self.headers), body))
        content = gzip.compress(b'{"ok": true}') if "gzip" in self.path else b""
        self.send_response(302 if "away" in self.path else 200)
        if "away" in self.path:
            self.send_header("location", "http://elsewhere.invalid/")
        if content:
            self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "QUERY"):
    setattr(_Everything, f"do_{_method}", _Everything._any)


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    handler = type("Handler", (_Everything,), {"seen": []})
    with serving(handler) as url:
        yield url, handler.seen


def client(url: str, *, fuzz: bool, at_most: int = 100, safe: tuple[str, ...] = ()) -> SafeClient:
    host, port = url.removeprefix("http://").split(":")
    rules = Rules(frozenset({("http", host, int(port))}), fuzz, marked(safe), at_most, None)
    return SafeClient(Deployment("p", "e", url, known=True), "run", Redactor(), rules)


def test_only_reading_arrives(server) -> None:
    url, seen = server
    with client(url, fuzz=False, safe=("POST /search",)) as safe:
        for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "QUERY"):
            with pytest.raises(NotAllowed, match="was not sent"):
                safe.send_raw(Raw(method, f"{url}/things"))
            with pytest.raises(NotAllowed):
                safe.send(Request(method, "web", "/things"))
        with pytest.raises(NotAllowed, match="body"):
            safe.send_raw(Raw("GET", f"{url}/things", body=b"x"))
        safe.send_raw(Raw("GET", f"{url}/things"))
        safe.send(Request("HEAD", "web", "/things"))
        safe.send_raw(Raw("POST", f"{url}/search", body=b"{}"))
        assert [line for line, _, _ in seen] == ["GET /things", "HEAD /things", "POST /search"]
        assert safe.ledger.sent == {"GET": 1, "HEAD": 1, "POST": 1}
        assert safe.ledger.unmarked_writes == 0
        assert safe.ledger.refused.total() == 15


def test_nothing_leaves_for_another_host(server) -> None:
    url, seen = server
    with client(url, fuzz=True) as safe:
        for elsewhere in ("http://elsewhere.invalid/", url.replace("http:", "https:"), "http://127.0.0.1:9/"):
            with pytest.raises(NotAllowed, match="not part of the deployment"):
                safe.send_raw(Raw("GET", elsewhere))
        with pytest.raises(NotAllowed):  # also not by a redirect
            safe.send(Request("GET", "web", "/away", follow_redirects=True))
    assert [line for line, _, _ in seen] == ["GET /away"]


def test_the_cap_is_hard(server) -> None:
    url, seen = server
    with client(url, fuzz=True, at_most=2) as safe:
        for _ in range(2):
            safe.send_raw(Raw("GET", url))
        with pytest.raises(NotAllowed, match="2 requests were sent"):
            safe.send_raw(Raw("GET", url))
    assert len(seen) == 2


def test_requests_arrive_as_they_were_made(server) -> None:
    url, seen = server
    raw = Raw("POST", f"{url}/a/../b%2Fc/%7Bx%7D?q=%00&r=ä".replace("ä", "%C3%A4"), (("X-Odd", " a b "),), b"\x00\xff")
    with client(url, fuzz=True) as safe:
        safe.send_raw(raw)
    line, headers, body = seen[0]
    assert line == "POST /a/../b%2Fc/%7Bx%7D?q=%00&r=%C3%A4"
    assert (headers["X-Odd"], body, headers["X-Postflight-Run"]) == ("a b", b"\x00\xff", "run")
    assert headers["User-Agent"].startswith("Postflight/")


def test_compressed_answers_are_whole(server) -> None:
    import requests

    from postflight.contract.engine import _as_requests

    url, _ = server
    with client(url, fuzz=False) as safe:
        answer = safe.send_raw(Raw("GET", f"{url}/gzip"))
    told = _as_requests(answer, requests.Request("GET", url).prepare())
    assert told.json() == {"ok": True}


def test_the_line_to_repeat_it_hides_the_token(server) -> None:
    url, _ = server
    with client(url, fuzz=True) as safe:
        line = safe.curl(Raw("PUT", f"{url}/x", (("Authorization", "Bearer secret-token"),), b'{"a": "it\'s"}'))
        blob = safe.curl(Raw("PUT", f"{url}/x", (), b"\xff\x00"))
    assert "secret-token" not in line
    assert """--data-binary '{"a": "it'"'"'s"}'""" in line
    assert "@FILE-WITH-2-BYTES" in blob
