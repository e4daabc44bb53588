"""The probes themselves: under policies that we serve, they end as the policy says, and the page stays its own."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

from postflight.browser.find import find_browser
from postflight.browser.policy_document import add_markup, read_answer
from postflight.browser.policy_probes import Probe, probe_of
from postflight.browser.policy_reports import send_report
from postflight.browser.policy_stranger import may_frame, stranger
from postflight.browser.policy_verdict import DEMANDS, differences
from postflight.browser.policy_visit import visit
from postflight.checks.headers.answer import HttpAnswer
from postflight.errors import CannotMeasure
from tests.conftest import serving

NONCE = "c2l4dGVlbiBieXRlcyEh"
PAGE = f'<!doctype html><title>t</title><script nonce="{NONCE}">document.title = "own"</script><p>page</p>'
OPEN = frozenset(Probe) - {Probe.INSECURE_SCRIPT}

# policy -> what gets through
CASES = {
    "": OPEN,
    "default-src 'none'": frozenset(),  # without a script, nobody tries <base> and forms
    f"script-src 'nonce-{NONCE}'": OPEN
    - {
        Probe.INLINE_SCRIPT,
        Probe.EVENT_HANDLER,
        Probe.JAVASCRIPT_URL,
        Probe.EVAL,
        Probe.FOREIGN_SCRIPT,
        Probe.DATA_SCRIPT,
        Probe.BLOB_WORKER,
    },
    "require-trusted-types-for 'script'": OPEN - {Probe.EVAL, Probe.DOM_SINK, Probe.BLOB_WORKER, Probe.JAVASCRIPT_URL},
    "img-src 'self'; base-uri 'none'; form-action 'self'": OPEN - {Probe.FOREIGN_IMAGE, Probe.BASE, Probe.FORM},
    "connect-src 'none'; font-src 'none'; style-src 'unsafe-inline'": OPEN
    - {Probe.FOREIGN_FETCH, Probe.FOREIGN_FONT, Probe.FOREIGN_STYLE},
    "frame-src 'none'; object-src 'none'; worker-src 'self'": OPEN
    - {Probe.FOREIGN_FRAME, Probe.PLUGIN, Probe.BLOB_WORKER},
    "script-src 'unsafe-inline' data:": OPEN - {Probe.EVAL, Probe.FOREIGN_SCRIPT, Probe.BLOB_WORKER},
}


class _Site(BaseHTTPRequestHandler):
    policy = ""
    kind = "text/html"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(PAGE)))
        if self.policy:
            self.send_header("Content-Security-Policy", self.policy)
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204 if self.path == "/kept" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(**find_browser().launch_options)
    yield browser
    browser.close()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    yield context
    context.close()


def site(policy: str, kind: str = "text/html") -> type[_Site]:
    return type("Site", (_Site,), {"policy": policy, "kind": kind})


@pytest.mark.parametrize("policy", CASES)
def test_probes_end_as_the_policy_says(policy: str, visitor: BrowserContext) -> None:
    with serving(site(policy)) as url:
        seen = visit(visitor, url)
    assert seen.ran == CASES[policy]
    assert differences(seen) == ()
    assert seen.page.nonce == NONCE


def test_own_content_of_the_page_is_left_as_it_was(visitor: BrowserContext) -> None:
    with serving(site(f"script-src 'nonce-{NONCE}'")) as url:
        visit(visitor, url)
        assert visitor.pages[0].title() == "own"


def test_a_sandboxed_page_ends_within_its_deadline(visitor: BrowserContext) -> None:
    with serving(site("sandbox; default-src *")) as url:
        seen = visit(visitor, url)
    assert Probe.INLINE_SCRIPT not in seen.ran
    assert differences(seen) == ()


def test_what_is_no_page_is_no_measurement(visitor: BrowserContext) -> None:
    with serving(site("", "text/plain")) as url, pytest.raises(CannotMeasure, match="No probe could be put"):
        visit(visitor, url)


@pytest.mark.parametrize(
    ("policy", "arrived", "words"),
    [
        ("img-src 'self'; report-uri /kept", True, "answered 204"),
        ("img-src 'self'; report-uri /lost", False, "answered 404"),
        ("img-src 'self'; report-uri /kept; report-to csp", False, "silences report-uri"),
        ("img-src 'self'", False, "no enforced policy names an endpoint"),
        ("report-uri /kept", False, "forbid nothing"),
    ],
)
def test_a_report_is_followed_to_its_end(policy: str, arrived: bool, words: str, visitor: BrowserContext) -> None:
    with serving(site(policy)) as url:
        delivery = send_report(visitor, url, "token-1")
    assert delivery.arrived is arrived
    assert words in delivery.words


@pytest.mark.parametrize(
    ("headers", "framed"),
    [
        ((), True),
        ((("X-Frame-Options", "DENY"),), False),
        ((("X-Frame-Options", "SAMEORIGIN"),), False),
        ((("X-Frame-Options", "ALLOW-FROM https://a.test"),), True),
        ((("X-Frame-Options", "DENY"), ("Content-Security-Policy", "frame-ancestors *")), True),
        ((("Content-Security-Policy", "frame-ancestors 'self'"),), False),
    ],
)
def test_framing_is_predicted_as_chromium_does_it(
    headers: tuple[tuple[str, str], ...], framed: bool, visitor: BrowserContext
) -> None:
    class Site(_Site):
        def end_headers(self) -> None:
            for name, value in headers:
                self.send_header(name, value)
            super().end_headers()

    with serving(Site) as url, stranger() as foreign:
        assert foreign.frames(visitor, url) is framed
        assert may_frame(HttpAnswer(url, 200, headers), foreign.origin) is framed


def test_what_is_put_in_stands_before_the_end_of_the_body() -> None:
    assert add_markup(b"<body>a</body></html>", "x") == b"<body>ax</body></html>"
    assert add_markup(b"a", "x") == b"ax"


@pytest.mark.parametrize("written", ['nonce="n"', "nonce='n'", "nonce=n", 'async nonce="n" src=x'])
def test_the_nonce_is_the_pages_own(written: str) -> None:
    assert read_answer("https://a.test/", [], f"<script {written}></script>").nonce == "n"


def test_tiers_demand_more_and_more() -> None:
    assert DEMANDS["baseline"] < DEMANDS["hardened"] < DEMANDS["strict"] == frozenset(Probe)


def test_every_probe_has_a_host_of_its_own() -> None:
    assert [probe_of(probe.url) for probe in Probe] == list(Probe)
    assert probe_of("https://elsewhere.test/") is None
