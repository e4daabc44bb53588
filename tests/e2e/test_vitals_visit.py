"""One visit in a real browser: nothing is lost, not under a strict policy either, and what is missing is no pass."""

import http.server
import math
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from performance.vitals.test_vitals import look_around
from postflight.browser.responsive import PageHangs
from postflight.browser.vitals.control import Control
from postflight.browser.vitals.profiles import DESKTOP, MOBILE
from postflight.browser.vitals.returning import come_back
from postflight.browser.vitals.visit import Interact, visit
from postflight.errors import CannotMeasure, UnexpectedAnswer
from tests.conftest import serving

STRICT = "default-src 'none'; style-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
# what old libraries and test doubles do to a page
REPLACES = """
  Array.prototype.toJSON = () => 'x'; requestAnimationFrame = () => 0; setTimeout = () => 0;
  performance.now = () => 0; performance.getEntriesByType = () => [];
"""
COVERS = "position: fixed; inset: 0; background: #fffc"
PAGES = {
    "/plain": ("", "<h1>Hello</h1><button>press</button><input>"),
    "/strict": (STRICT, "<h1>Hello</h1><button>press</button>"),
    "/empty": ("", ""),
    "/frame": ("", "<iframe src='/plain'></iframe>"),
    "/unload": ("", "<h1>Bye</h1><script>\naddEventListener('unload', () => {})</script>"),
    "/hangs": ("", "<h1>Hello</h1><script>setTimeout(() => { while (true); }, 100)</script>"),
    "/hangs-at-a-key": ("", "<h1>Hello</h1><script>onkeydown = () => { while (true); }</script>"),
    "/hangs-at-a-click": ("", "<h1>Hello</h1><button onclick='while (true);'>press</button>"),
    "/of-its-own-mind": ("", f"<h1>Hello</h1><button>press</button><script>{REPLACES}</script>"),
    "/banner": ("", f"<main><h1>Hello</h1><a href='#more'>more</a></main><p style='{COVERS}'>We like cookies</p>"),
    "/out-of-sight": ("", "<main><a href='#more' style='position: fixed; top: -99px'>skip</a><h1>Hello</h1></main>"),
    "/link": ("", "<main><h1>Hello</h1><a href='#more'>more</a></main>"),
    "/tidy": ("", "<h1>Bye</h1><script>addEventListener('pagehide', () => {})</script>"),
}


class _Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        policy, body = PAGES.get(self.path, ("", "<h1>Not here</h1>"))
        page = f"<!doctype html><title>t</title>{body}".encode()
        self.send_response(200 if self.path in PAGES else 404)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(page)))
        if policy:
            self.send_header("content-security-policy", policy)
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with serving(_Site) as url:
        yield url


def press(page: Page) -> None:
    page.locator("button").click()


def press_a_key(page: Page) -> None:
    page.keyboard.press("Tab")


def test_a_strict_policy_does_not_keep_the_instrument_out(pages: str, chromium: Browser) -> None:
    seen = visit(chromium, f"{pages}/strict", MOBILE, interact=press)
    assert seen.lcp is not None
    assert seen.lcp.element == "body > h1"
    assert seen.inp is not None
    assert seen.inp.target == "body > button"
    assert seen.work.thread > 0


def test_no_interaction_is_lost(pages: str, chromium: Browser, pytestconfig: pytest.Config) -> None:
    """A click that changes nothing draws no frame, and without one the browser never tells of it."""
    for _ in range(40 if pytestconfig.getoption("--prove") else 4):
        seen = visit(chromium, f"{pages}/plain", DESKTOP, interact=press)
        assert seen.inp is not None


def test_typing_counts_each_key(pages: str, chromium: Browser) -> None:
    def write(page: Page) -> None:
        page.locator("input").focus()
        page.keyboard.type("four")

    seen = visit(chromium, f"{pages}/plain", DESKTOP, interact=write)
    assert seen.inp is not None
    assert (seen.inp.count, seen.inp.kind) == (4, "key press")


def test_what_was_not_told_is_no_pass(pages: str, chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postflight.browser.vitals.visit.PAINT_DEADLINE", 100.0)
    monkeypatch.setattr("postflight.browser.vitals.visit.INPUT_DEADLINE", 100.0)
    for path in ("/empty", "/frame"):
        seen = visit(chromium, f"{pages}{path}", DESKTOP, interact=press_a_key)
        assert (seen.fcp, seen.lcp) == (None, None)
        assert seen.inp is not None
    with pytest.raises(CannotMeasure, match="no interaction"):
        visit(chromium, f"{pages}/plain", DESKTOP, interact=lambda _: None)


@pytest.mark.parametrize(
    ("path", "interact", "doing"),
    [
        ("/hangs", None, "after it was loaded"),
        ("/hangs-at-a-key", press_a_key, "to a key or a click"),  # nothing of Playwright's ends a key
        ("/hangs-at-a-click", press, "to a key or a click"),
    ],
)
def test_a_page_that_hangs_is_given_up(
    pages: str, chromium: Browser, monkeypatch: pytest.MonkeyPatch, path: str, interact: Interact | None, doing: str
) -> None:
    monkeypatch.setattr("postflight.browser.vitals.visit.IDLE_DEADLINE", 300.0)
    monkeypatch.setattr("postflight.browser.vitals.visit.ACTION_DEADLINE", 2500.0)
    monkeypatch.setattr("postflight.browser.responsive.INTERVAL", 0.2)
    with pytest.raises(PageHangs, match=f"no longer answers {doing}"):
        visit(chromium, f"{pages}{path}", DESKTOP, interact=interact)


def test_a_page_that_answers_is_not_given_up_while_it_lacks_something(
    pages: str, chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postflight.browser.vitals.visit.PAINT_DEADLINE", 100.0)
    monkeypatch.setattr("postflight.browser.vitals.visit.ACTION_DEADLINE", 1500.0)
    monkeypatch.setattr("postflight.browser.responsive.INTERVAL", 0.1)
    monkeypatch.setattr("postflight.browser.responsive.LAST_QUESTION", 20_000.0)  # of a busy machine
    with pytest.raises(PlaywrightTimeout, match=r"Locator\.click"):
        visit(chromium, f"{pages}/empty", DESKTOP, interact=press)


def test_nothing_that_a_page_replaces_is_used(pages: str, chromium: Browser) -> None:
    seen = visit(chromium, f"{pages}/of-its-own-mind", DESKTOP, interact=press)
    assert seen.inp is not None
    assert seen.lcp is not None
    assert seen.lcp.element == "body > h1"
    assert come_back(chromium, f"{pages}/of-its-own-mind", DESKTOP).warm is not None


@pytest.mark.parametrize("path", ["/banner", "/out-of-sight"])
def test_what_nobody_could_click_is_not_clicked_on_a_page_that_nobody_described(
    pages: str, chromium: Browser, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("performance.vitals.test_vitals.ATTEMPT", 200.0)
    key, key_and_click = (visit(chromium, f"{pages}{at}", DESKTOP, interact=look_around).inp for at in (path, "/link"))
    assert key is not None
    assert key_and_click is not None
    assert (key.kind, key.target) == ("key press", "body")
    assert key_and_click.count > key.count


def test_an_errors_page_is_not_measured(pages: str, chromium: Browser) -> None:
    with pytest.raises(UnexpectedAnswer, match="status 404"):
        visit(chromium, f"{pages}/missing", DESKTOP)


def test_a_visit_leaves_no_context_behind(pages: str, chromium: Browser) -> None:
    before = len(chromium.contexts)
    visit(chromium, f"{pages}/plain", DESKTOP)
    with pytest.raises(UnexpectedAnswer):
        come_back(chromium, f"{pages}/missing", DESKTOP)
    assert len(chromium.contexts) == before


def test_who_comes_back_is_filmed_and_unload_is_found(pages: str, chromium: Browser) -> None:
    found = come_back(chromium, f"{pages}/unload", DESKTOP)
    assert [place.removeprefix(pages) for place in found.unload_handlers] == ["/unload:2"]
    assert found.warm is not None
    assert found.film[0].at == 0
    assert all(frame.picture.startswith(b"\xff\xd8") for frame in found.film)
    assert come_back(chromium, f"{pages}/tidy", DESKTOP).unload_handlers == ()


@pytest.mark.parametrize("missed", [PageHangs("The page hangs"), PlaywrightTimeout("Timeout 20000ms exceeded")])
def test_a_page_is_blamed_for_a_deadline_only_where_our_own_page_keeps_up(
    chromium: Browser, missed: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blame(control: Control) -> None:
        with control.vouching():
            raise missed

    with Control(chromium) as control:
        monkeypatch.setattr("postflight.browser.vitals.control.OVERLOADED", math.inf)  # however busy this machine is
        with pytest.raises(type(missed)):
            blame(control)
        monkeypatch.setattr("postflight.browser.vitals.control.OVERLOADED", 0.0)
        with pytest.raises(CannotMeasure, match="work of our own page took"):
            blame(control)
    with pytest.raises(CannotMeasure, match="our own page does not answer"):
        blame(control)


def test_the_control_takes_no_less_than_its_work(chromium: Browser) -> None:
    with Control(chromium) as control:
        pulses = [control.pulse() for _ in range(3)]
    assert control.least == min(pulse.thread for pulse in pulses) > 0.005
    assert all(pulse.wall > 0 for pulse in pulses)
