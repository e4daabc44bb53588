"""Saved answers, the way to HTTPS, and the command over both."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.dump import parse, parse_dump, parse_har
from postflight.checks.headers.redirection import find_upgrade
from postflight.checks.headers.tiers import VELOCITY_POLICY
from postflight.commands.headers import headers

DUMP = f"""HTTP/1.1 308 Permanent Redirect
Location: https://app.example.com/

HTTP/2 200\x20
content-type: text/html; charset=utf-8
content-security-policy: {VELOCITY_POLICY}
x-frame-options: SAMEORIGIN
x-content-type-options: nosniff
referrer-policy: strict-origin-when-cross-origin
set-cookie: a=1; Secure; SameSite=Lax
set-cookie: b=1; Secure; SameSite=Lax
"""


def har(*entries: object) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def entry(url: str, status: int, *headers: tuple[str, str]) -> dict[str, object]:
    lines = [{"name": name, "value": value} for name, value in headers]
    return {"request": {"url": url}, "response": {"status": status, "headers": lines}}


def test_a_dump_gives_an_answer_for_each_block() -> None:
    first, second = parse_dump(DUMP.replace("\n", "\r\n"), "http://app.example.com/")
    assert (first.url, first.status) == ("http://app.example.com/", 308)
    assert (second.url, second.status) == ("https://app.example.com/", 200)  # where the first one pointed
    assert second.values("Set-Cookie") == ("a=1; Secure; SameSite=Lax", "b=1; Secure; SameSite=Lax")


def test_a_har_file_gives_an_answer_for_each_entry() -> None:
    text = har(
        entry("https://x.example/", 200, ("Set-Cookie", "a=1\nb=2"), (":status", "200"), ("Server", "x")),
        entry("https://x.example/lost", 0),
        {"request": "broken"},
    )
    (answer,) = parse_har("\ufeff" + text)
    assert answer == HttpAnswer(
        "https://x.example/", 200, (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Server", "x"))
    )


@pytest.mark.parametrize("text", ["", "<html>", "{}", '{"log": 1}', "{", '{"log": {"entries": []}}', '{"a":' * 100_000])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"HAR|status line|nested|delimiter|Expecting"):
        parse(text, "https://x.example/")


def redirect(url: str, target: str, status: int = 308) -> HttpAnswer:
    return HttpAnswer(url, status, (("Location", target),))


END = HttpAnswer("https://a.example/", 200, ())


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ([], set()),
        ([END], set()),
        ([redirect("http://a.example/", "https://a.example/"), END], set()),
        ([redirect("http://a.example/", "https://a.example/", 302), END], {"http-temporary"}),
        ([HttpAnswer("http://a.example/", 200, ())], {"http-not-upgraded"}),
        ([HttpAnswer("http://a.example/", 301, ())], {"http-not-upgraded"}),
        ([redirect("http://a.example/", "https://www.a.example/"), END], {"http-off-host"}),
        (
            [redirect("http://a.example/", "http://www.a.example/"), redirect("http://www.a.example/", END.url), END],
            {"http-first-hop-insecure"},
        ),
        (
            [redirect("http://a.example/", "/login"), HttpAnswer("http://a.example/login", 200, ())],
            {"http-first-hop-insecure", "http-not-upgraded"},
        ),
    ],
)
def test_the_way_to_https(chain: list[HttpAnswer], expected: set[str]) -> None:
    assert {one.id for one in find_upgrade(chain)} == expected


def run(*arguments: str) -> Result:
    return CliRunner().invoke(headers, list(arguments))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "headers.txt"
    path.write_text("HTTP/2 200" + DUMP.partition("HTTP/2 200")[2])
    return path


def test_the_command_judges_by_a_tier_and_forecasts_the_next(saved: Path) -> None:
    result = run(str(saved), "--tier", "baseline", "--url", "https://app.example.com/", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.output)
    assert {one["outcome"] for one in document["findings"]} <= {"waived", "noted"}
    assert {"script-unsafe-eval", "permissions-policy-missing"} <= {one["id"] for one in document["forecast"]}
    assert run(str(saved), "--tier", "hardened").exit_code == 10


def test_the_table_names_finding_and_remedy(saved: Path) -> None:
    result = run(str(saved), "--tier", "hardened")
    assert "script-unsafe-eval" in result.output
    assert "Forecast" in result.output


def test_without_a_tier_a_high_finding_fails(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("HTTP/2 200\ncontent-type: text/html; charset=utf-8\n")
    result = run(str(path), "--json")
    assert result.exit_code == 10
    assert "csp-missing" in {one["id"] for one in json.loads(result.output)["findings"]}


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "hostile.txt"
    path.write_text("HTTP/2 200\nserver: x/1.2\x1b[31m[bold]\n")
    result = run(str(path))
    assert "\x1b[31m" not in result.output
    assert "[bold]" in result.output  # text, not markup


class _Site(BaseHTTPRequestHandler):
    """`/` redirects to `/home`, which is a page; any other path closes the connection without an answer."""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] not in {"/", "/home"}:
            return
        self.send_response_only(302 if self.path == "/" else 200)
        for name, value in (
            (("Location", "/home"),) if self.path == "/" else (("Content-Type", "text/html"), ("X-A", "1"))
        ):
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_url_is_fetched_with_its_redirects(site: str) -> None:
    result = run(f"{site}/", "--json")
    document = json.loads(result.output)
    assert [(one["url"], one["status"]) for one in document["answers"]] == [(f"{site}/", 302), (f"{site}/home", 200)]
    found = {one["id"] for one in document["findings"]}
    assert {"http-first-hop-insecure", "csp-missing"} <= found
    assert "On the way" in run(f"{site}/").output


def test_a_token_in_the_address_is_named_and_not_shown(site: str) -> None:
    for options in ((), ("--json",)):
        result = run(f"{site}/home?access_token=s3cret99", *options)
        assert result.exit_code == 10
        assert "url-token" in result.output
        assert "s3cret99" not in result.output
    assert "s3cret99" not in run(f"{site}/silent?access_token=s3cret99").output


def test_a_server_that_hangs_up_gave_no_answer(site: str) -> None:
    result = run(f"{site}/silent")
    assert result.exit_code == 30
    assert "gave no answer" in result.output


@pytest.mark.parametrize("source", ["no-such-file", "http://127.0.0.1:1/", "ftp://x.example/", "https://[/"])
def test_nothing_to_look_at_is_no_verdict(source: str) -> None:
    result = run(source, "--deadline", "2")
    assert result.exit_code == 30
    assert "postflight headers:" in result.output


def test_wrong_usage_is_no_verdict(saved: Path) -> None:
    assert run(str(saved), "--tier", "perfect").exit_code == 2
