"""`postflight csp` at a prompt: words, JSON, exit codes, and pages fetched from loopback."""

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from click.testing import CliRunner, Result

from postflight.commands.csp import MAX_BODY, csp


@dataclass
class Site:
    """A page on loopback."""

    url: str = ""
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=lambda: [("Content-Type", "text/html")])
    body: bytes = b""
    silent: threading.Event = field(default_factory=threading.Event)  # set it and the site never answers


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    released = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if served.silent.is_set():
                released.wait(30)
                return
            self.send_response(served.status)
            for name, value in served.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(served.body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield served
    released.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(csp, arguments, input=stdin, env={"COLUMNS": "200"}, catch_exceptions=False)


def test_a_policy_is_judged_in_words() -> None:
    result = run("script-src 'unsafe-inline'")
    assert result.exit_code == 0
    assert "script-unsafe-inline" in result.stdout
    assert "remove 'unsafe-inline'" in result.stdout


def test_json_has_findings_and_policies() -> None:
    document = json.loads(run("script-src 'unsafe-inline', img-src 'self'", "--json", "--effective").stdout)
    assert set(document["findings"][0]) == {"id", "severity", "directive", "value", "message", "remedy"}
    assert document["findings"][0]["severity"] == "high"
    assert [policy["directives"] for policy in document["policies"]] == [
        {"script-src": ["'unsafe-inline'"]},
        {"img-src": ["'self'"]},
    ]
    assert document["effective"]["img-src"] == [["'self'"]]


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("high", 0), ("medium", 10), ("info", 10)])
def test_findings_decide_the_exit_code_only_when_asked(fail_on: str, code: int) -> None:
    assert run("default-src 'self'", "--fail-on", fail_on).exit_code == code


@pytest.mark.parametrize(
    ("url", "code", "word"), [("https://a.example/", 0, "allowed"), ("https://b.example/", 10, "blocked")]
)
def test_allows_prints_the_decision_and_why(url: str, code: int, word: str) -> None:
    result = run("default-src a.example", "--allows", "img-src", url, "--self", "https://app.example")
    assert (result.exit_code, result.stdout.split(":")[0]) == (code, word)
    assert "default-src" in result.stdout
    document = json.loads(
        run("default-src a.example", "--allows", "img-src", url, "--self", "https://app.example", "--json").stdout
    )
    assert document["allowed"] is (code == 0)
    assert document["rulings"][0]["directive"] == "default-src"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("img-src *", "--allows", "img-src", "https://a.example/"), "--self ORIGIN"),
        (("img-src *", "--allows", "image-src", "https://a/", "--self", "https://b"), "no directive"),
        (("img-src *", "--allows", "img-src", "a", "--self", "https://b"), "no absolute URL"),
        (("img-src *", "--self", "nonsense"), "no absolute URL"),
        (("http://127.0.0.1:1/",), "could not be fetched"),
        (("http://[",), "could not be fetched"),
    ],
)
def test_what_cannot_be_judged_exits_30_and_says_why(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 30
    assert message in result.stderr


@pytest.mark.parametrize(
    ("text", "policies"),
    [
        ("img-src 'self'\n", ["img-src 'self'"]),
        (
            "HTTP/2 200\r\nContent-Security-Policy: img-src a\r\ncontent-security-policy-report-only: img-src b\r\n",
            ["img-src a", "img-src b"],
        ),
        ("HTTP/2 200\r\nserver: x\r\n", []),
    ],
)
def test_standard_input_is_a_policy_or_an_answers_header(text: str, policies: list[str]) -> None:
    document = json.loads(run("-", "--json", stdin=text).stdout)
    assert [policy["policy"] for policy in document["policies"]] == policies


def test_a_page_gives_header_lines_report_only_and_meta_policies(site: Site) -> None:
    site.headers += [
        ("Content-Security-Policy", "img-src 'self'; report-to csp"),
        ("Content-Security-Policy", "font-src 'self'"),
        ("Content-Security-Policy-Report-Only", "media-src 'self'"),
    ]
    site.body = b"<meta http-equiv=Content-Security-Policy content=\"style-src 'self'\"><p>"
    document = json.loads(run(site.url, "--json").stdout)
    assert [(policy["policy"], policy["disposition"], policy["delivery"]) for policy in document["policies"]] == [
        ("img-src 'self'; report-to csp", "enforce", "header"),
        ("font-src 'self'", "enforce", "header"),
        ("media-src 'self'", "report", "header"),
        ("style-src 'self'", "enforce", "meta"),
    ]
    assert "report-to-undeclared" in {finding["id"] for finding in document["findings"]}


def test_a_pages_own_origin_is_known(site: Site) -> None:
    site.headers.append(("Content-Security-Policy", "img-src 'self'"))
    assert run(site.url, "--allows", "img-src", f"{site.url}x.png").exit_code == 0
    assert run(site.url, "--allows", "img-src", "http://127.0.0.2/x.png").exit_code == 10


def test_an_error_page_has_policies_too_and_other_content_has_no_meta(site: Site) -> None:
    site.status, site.headers = 500, [("Content-Type", "application/json")]
    site.body = b"<meta http-equiv=Content-Security-Policy content=\"style-src 'self'\">"
    document = json.loads(run(site.url, "--json").stdout)
    assert (document["policies"], document["findings"][0]["id"]) == ([], "missing-policy")


def test_a_huge_page_is_read_up_to_a_bound(site: Site) -> None:
    site.body = b"<meta http-equiv=Content-Security-Policy content='img-src a'>" + b" " * (4 * MAX_BODY)
    assert json.loads(run(site.url, "--json").stdout)["policies"][0]["policy"] == "img-src a"


def test_a_silent_page_ends_at_the_deadline(site: Site) -> None:
    site.silent.set()
    result = run(site.url, "--deadline", "0.3")
    assert result.exit_code == 30
    assert "did not answer within 0.3 s" in result.stderr
