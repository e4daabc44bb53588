"""The guard against a real Chromium: each kind of trouble fails the test that caused it, a clean page never."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from postflight.browser import guard as guarding
from postflight.browser.guard import Guard
from postflight.errors import PageTrouble
from postflight.model import AllowedTrouble

TODAY = date(2026, 3, 1)
POLICY = "Content-Security-Policy"
PAGES: dict[str, tuple[int, dict[str, str], str]] = {
    "/clean": (200, {}, "<h1>Clean</h1><script>console.log('hi'); console.warn('careful')</script>"),
    "/console": (200, {}, "<script>console.error('lost the plot', {a: 1})</script>"),
    "/throws": (200, {}, "<script>null.boom</script>"),
    "/rejects": (200, {}, "<script>Promise.reject(new TypeError('nobody caught me'))</script>"),
    "/dead-image": (200, {}, "<img src='/nowhere.png'>"),
    "/lost-image": (200, {}, "<img src='/drop'>"),
    "/inline": (200, {POLICY: "script-src 'self'"}, "<script>window.ran = true</script>"),
    "/foreign": (200, {POLICY: "img-src 'self'"}, "<img src='http://localhost:9/x.png'>"),
    "/framed": (200, {}, "<iframe src='/inline'></iframe>"),
    "/report-only": (200, {f"{POLICY}-Report-Only": "script-src 'self'"}, "<script>window.ran = true</script>"),
    "/trusted": (
        200,
        {POLICY: "require-trusted-types-for 'script'"},
        "<p></p><script>try { document.querySelector('p').innerHTML = 'x' } catch {}</script>",
    ),
    "/broken": (500, {}, "<h1>Sorry</h1>"),
    "/slow-script": (200, {}, "<h1>Waits</h1><script async src='/hang'></script>"),
    "/chatty": (200, {}, "<script>for (let i = 0; i < 300; i++) console.error('number ' + i)</script>"),
    "/repeats": (200, {}, "<script>for (let i = 0; i < 300; i++) setTimeout(() => console.error('again'))</script>"),
    "/login": (401, {"Content-Type": "application/json"}, "{}"),
}


class Site(ThreadingHTTPServer):
    """Serves `PAGES` on loopback; `/drop` closes the connection and `/hang` answers only when the test is over."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        if self.path == "/drop":
            return
        if self.path == "/hang":
            self.server.over.wait(30)
        status, headers, body = PAGES.get(self.path, (404, {}, ""))
        with suppress(OSError):
            self.send_response(status)
            for name, value in ({"Content-Type": "text/html"} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"<!doctype html>" + body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with Site() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.url
        server.over.set()
        server.shutdown()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def guard(context: BrowserContext, site: str) -> Guard:
    return Guard(context, base_url=site, today=TODAY)


@pytest.fixture
def page(context: BrowserContext, guard: Guard) -> Page:
    return context.new_page()


def unallowed(guard: Guard) -> list[tuple[str, str]]:
    return [(trouble.kind, trouble.message) for trouble in guard.troubles() if not trouble.allowed]


def test_a_clean_page_has_no_trouble(page: Page, guard: Guard, site: str) -> None:
    page.goto(f"{site}/clean")
    assert guard.troubles() == ()
    guard.check()


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("/console", "console", "lost the plot"),
        ("/throws", "exception", "TypeError: Cannot read properties of null"),
        ("/rejects", "exception", "nobody caught me"),
        ("/dead-image", "http 404", "GET image"),
        ("/lost-image", "request", "net::ERR_EMPTY_RESPONSE image"),
        ("/inline", "csp", "script-src-elem blocks Inline"),
        ("/foreign", "csp", "img-src blocks http://localhost:9/x.png"),
        ("/framed", "csp", "script-src-elem blocks Inline"),
        ("/trusted", "csp", "require-trusted-types-for blocks TrustedTypesSink"),
        ("/broken", "http 500", "GET document"),
    ],
)
def test_each_kind_of_trouble_is_told_once(
    page: Page, guard: Guard, site: str, path: str, kind: str, text: str
) -> None:
    page.goto(site + path)
    [(seen_kind, seen_text)] = unallowed(guard)
    assert seen_kind == kind
    assert text in seen_text
    with pytest.raises(PageTrouble, match=kind) as raised:
        guard.check()
    assert text in raised.value.facts.seen
    assert raised.value.facts.where == site + path


def test_a_popup_is_watched_from_its_first_line(page: Page, guard: Guard, site: str) -> None:
    page.goto(f"{site}/clean")
    with page.expect_popup() as popup:
        page.evaluate("url => void window.open(url)", f"{site}/inline")
    popup.value.wait_for_load_state()
    [(kind, text)] = unallowed(guard)
    assert kind == "csp"
    assert "script-src" in text


def test_a_page_that_was_closed_keeps_its_trouble(page: Page, guard: Guard, site: str) -> None:
    page.goto(f"{site}/throws")
    page.close()
    assert [kind for kind, _ in unallowed(guard)] == ["exception"]


def test_report_only_violations_are_recorded_and_allowed(page: Page, guard: Guard, site: str) -> None:
    page.goto(f"{site}/report-only")
    [trouble] = guard.troubles()
    assert (trouble.kind, trouble.allowed) == ("csp-report-only", True)
    guard.check()


def test_mixed_content(context: BrowserContext, page: Page, guard: Guard) -> None:
    html = "<!doctype html><script src='http://insecure.test/x.js'></script>"
    context.route("https://secure.test/", lambda route: route.fulfill(content_type="text/html", body=html))
    page.goto("https://secure.test/")
    [(kind, text)] = unallowed(guard)
    assert kind == "mixed-content"
    assert "http://insecure.test/x.js" in text


def test_what_a_navigation_gave_up_is_no_trouble(page: Page, guard: Guard, site: str) -> None:
    with page.expect_request("**/hang"):
        page.goto(f"{site}/slow-script", wait_until="domcontentloaded")
    page.goto(f"{site}/clean")
    guard.check()


def test_a_script_that_its_page_lost_is_trouble(page: Page, guard: Guard, site: str) -> None:
    with page.expect_request("**/hang"):
        page.goto(f"{site}/slow-script", wait_until="domcontentloaded")
    with page.expect_event("requestfailed"):
        page.evaluate("window.stop()")
    assert unallowed(guard) == [("request", "net::ERR_ABORTED script")]


def test_a_fetch_that_the_page_itself_gave_up_is_no_trouble(page: Page, guard: Guard, site: str) -> None:
    page.goto(f"{site}/clean")
    with page.expect_event("requestfailed"):
        page.evaluate("() => { const a = new AbortController(); fetch('/hang', a).catch(() => 0); a.abort() }")
    guard.check()


def test_an_expected_trouble_is_allowed_inside_its_block_only(page: Page, guard: Guard, site: str) -> None:
    page.goto(f"{site}/clean")
    with guard.expecting("http 401", match="/login"):
        page.evaluate("fetch('/login').then(answer => answer.text())")
    guard.check()
    page.evaluate("fetch('/login').then(answer => answer.text())")
    with pytest.raises(PageTrouble, match="http 401"):
        guard.check()


def test_an_expected_trouble_that_does_not_come_is_one(page: Page, guard: Guard, site: str) -> None:
    page.goto(f"{site}/clean")
    with (
        pytest.raises(PageTrouble, match="Expected http 401 '/login', and none came"),
        guard.expecting("http 401", match="/login"),
    ):
        page.evaluate("fetch('/nowhere').then(answer => answer.text())")


def test_an_error_inside_an_expecting_block_passes_through(page: Page, guard: Guard) -> None:
    with pytest.raises(ZeroDivisionError), guard.expecting("console"):
        raise ZeroDivisionError


@pytest.mark.parametrize(("until", "fails"), [(TODAY, False), (date(2026, 2, 28), True)])
def test_an_allowed_trouble_expires(context: BrowserContext, site: str, until: date, fails: bool) -> None:
    allowed = AllowedTrouble("console", "lost the plot", until, "known since the last release")
    guard = Guard(context, allowed=(allowed,), base_url=site, today=TODAY)
    context.new_page().goto(f"{site}/console")
    if fails:
        with pytest.raises(PageTrouble, match="was allowed until 2026-02-28: known since the last release"):
            guard.check()
    else:
        guard.check()
        assert [trouble.kind for trouble in guard.troubles()] == ["console"]


def test_memory_is_bounded_and_says_so(page: Page, guard: Guard, site: str) -> None:
    page.goto(f"{site}/chatty")
    kinds = [kind for kind, _ in unallowed(guard)]
    assert len(kinds) == guarding.MAX_TROUBLES + 1
    assert kinds[-1] == "overflow"


def test_a_page_that_hangs_is_trouble_and_not_a_hanging_test(
    page: Page, guard: Guard, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "FLUSH_DEADLINE", 0.2)
    page.goto(f"{site}/clean")
    page.evaluate("() => void setTimeout(() => { for (;;); })")
    with pytest.raises(PageTrouble, match=r"unresponsive: no answer within 0\.2 s"):
        guard.check()


def test_a_crash_is_trouble(page: Page, guard: Guard, site: str) -> None:
    page.goto(f"{site}/clean")
    with suppress(PlaywrightError):
        page.goto("chrome://crash")
    assert "crash" in [kind for kind, _ in unallowed(guard)]
