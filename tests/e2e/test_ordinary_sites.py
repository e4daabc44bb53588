"""Sites that nobody here wrote or described: the generic flows pass or fail for true reasons."""

import contextlib
import json
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.conftest import Result, run_process, serving

START_DEADLINE = 20.0  # seconds
LANDING, RENDERS = "test_landing_page_answers", "test_landing_page_renders[chromium]"
DATABASE = "test_database_is_migrated"
HEALTH, HTTPS = "test_health_is_good_if_there_is_one", "test_plain_http_leads_to_https"
PAGE = "<!doctype html><title>a site</title>"


@pytest.mark.parametrize("html", [PAGE + "hello", None], ids=["page", "listing"])
def test_pythons_own_web_server_is_good(tmp_path: Path, html: str | None) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / ("index.html" if html else "file.txt")).write_text(html or "a file")
    with _http_server(tmp_path / "site") as url:
        result = _smoke(url, tmp_path / "reports")
    assert (result.decision, result.exit_code) == ("promote", 0), result.output
    assert _statuses(result) == {
        LANDING: "good", RENDERS: "good", HEALTH: "excluded", HTTPS: "excluded", DATABASE: "excluded",
    }  # fmt: skip


LATE = "onload = () => setTimeout(() => document.body.innerHTML = '<p style=position:fixed>hello', 200)"
GOOD = {
    "drawn after its load event, in a body without height": (f"{PAGE}<script>{LATE}</script>", 404, {}),
    "only a picture, and health that is not for everybody": (PAGE + "<canvas></canvas>", 403, {"message": "Forbidden"}),
}


@pytest.mark.parametrize(("html", "status", "health"), GOOD.values(), ids=GOOD)
def test_good_for_a_true_reason(tmp_path: Path, html: str, status: int, health: dict[str, str]) -> None:
    with _site(html, status, health) as url:
        result = _smoke(url, tmp_path)
    assert (result.decision, result.exit_code) == ("promote", 0), result.output


BAD = {
    "an empty page": (PAGE + "<noscript>no script</noscript>", 404, {}, RENDERS, "renders as an empty page"),
    "an application that fails after its load event": (
        PAGE + "hello<script>onload = () => setTimeout(() => fetch('/api/me'), 200)</script>",
        404,
        {},
        RENDERS,
        "http 404: GET fetch",
    ),
    "a health document that says that it is not well": (PAGE + "hello", 200, {"status": "DOWN"}, HEALTH, "'DOWN'"),
    "a health document of an application that is down": (PAGE + "hello", 503, {"status": "x"}, HEALTH, "503"),
}


@pytest.mark.parametrize(("html", "status", "health", "check", "words"), BAD.values(), ids=BAD)
def test_bad_for_a_true_reason(
    tmp_path: Path, html: str, status: int, health: dict[str, str], check: str, words: str
) -> None:
    with _site(html, status, health) as url:
        result = _smoke(url, tmp_path)
    assert (result.decision, result.exit_code) == ("hold", 1), result.output
    assert [name for name, told in _statuses(result).items() if told not in {"good", "excluded"}] == [check]
    assert words in result.finding(check)["summary"]


def test_a_page_that_does_not_come_is_waited_for_once_an_attempt(tmp_path: Path) -> None:
    """By all checks of accessibility together: each with its own wait for a page that hangs would take minutes."""
    visits = []

    class Broken(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_visit = self.headers["sec-fetch-mode"] == "navigate"
            visits.extend(["visit"] * is_visit)
            self.send_response(500 if is_visit else 200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    suites = (f"performance/access/test_{name}.py" for name in ("phone", "preferences", "wcag"))
    with serving(Broken) as url:
        command = [sys.executable, "-m", "pytest", *suites, "-p", "no:cacheprovider", "--base-url", url]
        result = run_process(*command, f"--reports={tmp_path}", reports=tmp_path)
    first = "test_page_fits_phones[chromium-landing]"
    assert _statuses(result) == {first: "bad"}, result.output
    assert "answered 500 (4 more checks met the same)" in result.finding(first)["summary"]
    assert len(visits) == 2, result.output


def _smoke(url: str, reports: Path) -> Result:
    command = [sys.executable, "-m", "pytest", "-m", "smoke", "-p", "no:cacheprovider", "--base-url", url]
    return run_process(*command, f"--reports={reports}", reports=reports)


def _statuses(result: Result) -> dict[str, str]:
    return {name: status for name, status in result.statuses().items() if name != "preflight"}


@contextlib.contextmanager
def _http_server(folder: Path) -> Iterator[str]:
    """`python -m http.server`, which chooses its own port and says which."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            assert server.stdout is not None
            assert select.select([server.stdout], [], [], START_DEADLINE)[0], "http.server said nothing"
            told = re.search(r"port (\d+)", server.stdout.readline().decode())
            assert told is not None
            yield f"http://127.0.0.1:{told[1]}"
        finally:
            server.kill()


@contextlib.contextmanager
def _site(html: str, status: int, health: dict[str, str]) -> Iterator[str]:
    """A page at /, and below /api what `status` and `health` say."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self._send(200, "text/html", html)
            elif self.path.startswith("/api/"):
                self._send(status, "application/json", json.dumps(health))
            else:
                self._send(404, "text/html", "not found")

        def _send(self, status: int, kind: str, text: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with serving(Site) as url:
        yield url
