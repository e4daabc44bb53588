"""Weighs pages of a little server in a real browser: exact, the same each time, and bounded."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, sync_playwright

from postflight.browser.find import find_browser
from postflight.browser.weight import weigh
from postflight.checks.weight import content, transfer
from postflight.checks.weight.flaw import tell
from postflight.checks.weight.names import short
from postflight.checks.weight.page import Kind, PageWeight
from postflight.errors import UnexpectedAnswer
from reference.weight_faults import _FONT, _png
from tests.conftest import AnsweringHandler, serving

PNG = _png(400, 300)
NEVER = "function never() { return 'x'.repeat(9) }"
SCRIPT = f"function called() {{ return 1 }}\n{NEVER}\ncalled();\n" + "// padding\n" * 400

ORDINARY = """<!doctype html><head><link rel=stylesheet href=/a.css><script src=/sync.js></script>
<script type=module src=/module.js></script><link rel=preload as=image href=/never.png></head>
<h1>Hello</h1><img src=/large.png width=50 height=50><img src=data:image/gif;base64,R0lGODlhAQABAAAAACw=>
<img srcset="/wide.png 400w" sizes=50px width=50 height=50>
<script>fetch('/api/items/1?token=secret'); fetch('/api/items/2'); fetch('/api/save', {method: 'POST'})</script>"""
POLLING = "<!doctype html><h1>Hi</h1><script>setInterval(() => fetch('/api/status'), 100)</script>"
LEADING_ON = "<!doctype html><script>location.replace('/arrived')</script>"
HOSTILE = """<!doctype html><script>
performance.getEntries = Array.prototype.slice = JSON.stringify = () => { throw 1 };
Object.defineProperty(document, 'images', {get() { throw 1 }});
for (let n = 0; n < 30; n++) fetch('/api/<img src=x onerror=alert(1)>' + n + '%1b[31m');
</script><p>x"""
PAGES = {"/": ORDINARY, "/polling": POLLING, "/on": LEADING_ON, "/arrived": "<p>x", "/hostile": HOSTILE}


class _Site(AnsweringHandler):
    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        path = self.path.partition("?")[0]
        if path == "/moved":
            self.answer(b"", "text/plain", status=302, Location="/arrived")
        elif path == "/broken":
            self.answer(b"no", "text/html", status=500)
        elif path in PAGES:
            self.answer(PAGES[path].encode(), "text/html")
        elif path.endswith(".js"):
            packed = {"Content-Encoding": "gzip", "Cache-Control": "max-age=31536000, immutable"}
            self.answer(gzip.compress(SCRIPT.encode(), mtime=0), "text/javascript", **packed)
        elif path.endswith(".css"):
            self.answer(b"@font-face{font-family:F;src:url(/f.ttf)} h1{font-family:F}", "text/css")
        elif path.endswith(".ttf"):
            self.answer(_FONT, "font/ttf")
        elif path.endswith(".png"):
            self.answer(PNG + path.encode(), "image/png")
        else:
            odd = {"Cache-Control": "max-age=" + "9" * 5000} if "<" in path or "%3C" in path else {}
            self.answer(json.dumps({"path": "x"}).encode(), "application/json", **odd)

    do_POST = do_GET  # noqa: N815 - http.server's name


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving(_Site) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = find_browser()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found.executable, args=list(found.args))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def visit(browser: Browser, site: str) -> Callable[[str], PageWeight]:
    def go(path: str) -> PageWeight:
        context = browser.new_context()
        try:
            return weigh(context, f"{site}{path}")
        finally:
            context.close()

    return go


def exact(page: PageWeight) -> PageWeight:
    """What must be the same each time: all but the times, and the order in which answers to scripts come."""
    timeless = [replace(one, start=0.0, first_byte=None, end=None) for one in page.resources]
    return replace(page, resources=tuple(sorted(timeless, key=lambda one: (one.url, one.identity))))


@pytest.fixture(scope="module")
def ordinary(visit: Callable[[str], PageWeight]) -> PageWeight:
    return visit("/")


def test_five_visits_give_the_same_numbers(visit: Callable[[str], PageWeight], ordinary: PageWeight) -> None:
    page = replace(ordinary, unused_preloads=())
    for _ in range(4):  # on a page without a preload, whose verdict takes the browser three seconds
        assert exact(replace(visit("/arrived"), url="")) == exact(replace(visit("/arrived"), url=""))
    assert exact(replace(visit("/"), unused_preloads=())) == exact(page)


def test_what_an_ordinary_page_brings(ordinary: PageWeight) -> None:
    found = {short(one.url): one for one in ordinary.resources}
    assert set(found) == {
        "/", "/a.css", "/sync.js", "/module.js", "/never.png", "/large.png", "/wide.png", "/f.ttf", "/api/items/1",
        "/api/items/2", "/api/save",
    }  # fmt: skip
    script, packed = found["/sync.js"], gzip.compress(SCRIPT.encode(), mtime=0)
    assert (script.kind, script.wire, script.decoded) == (Kind.SCRIPT, len(packed), len(SCRIPT))
    assert (script.encoding, script.protocol, script.lifetime) == ("gzip", "http/1.1", 31_536_000.0)
    assert (script.blocking, found["/module.js"].blocking, found["/a.css"].blocking) == (True, False, True)
    assert found["/"].wire == len(ORDINARY)
    assert found["/large.png"].wire == len(PNG) + len("/large.png")
    assert found["/api/save"].method == "POST"
    assert ordinary.settled
    assert ordinary.elements == 12
    assert "secret" not in repr(ordinary)
    assert all(one.end is not None and one.start <= one.first_byte <= one.end for one in ordinary.resources)


def test_what_rules_say_of_it(ordinary: PageWeight) -> None:
    assert [(u.characters, u.unused) for u in ordinary.scripts] == [(len(SCRIPT), len(NEVER))] * 2
    assert {(short(i.url), i.natural) for i in ordinary.images} == {
        ("/large.png", (400, 300)),
        ("/wide.png", (400, 300)),
    }
    assert tell(content.hidden_text(ordinary)).startswith("/f.ttf: font-display is auto: text in F stays hidden")
    assert "/never.png: preloaded and not used" in tell(content.unused_preloads(ordinary))
    assert "/module.js: has the same content as /sync.js" in tell(transfer.fetched_twice(ordinary))
    assert {flaw.subject for flaw in transfer.uncached(ordinary)} == {
        "/a.css", "/never.png", "/large.png", "/wide.png", "/f.ttf",
    }  # fmt: skip


def test_a_page_that_asks_without_an_end_is_counted_once_and_ends(visit: Callable[[str], PageWeight]) -> None:
    page = visit("/polling")
    assert not page.settled
    assert [short(one.url) for one in page.resources] == ["/polling", "/api/status"]
    assert [short(url) for url in page.polled] == ["/api/status"]


def test_what_led_on_to_the_page_is_told(visit: Callable[[str], PageWeight]) -> None:
    assert [short(url) for url in visit("/moved").redirects] == ["/moved"]
    by_script = visit("/on")
    assert [short(url) for url in by_script.redirects] == ["/on"]
    assert short(by_script.url) == "/arrived"


def test_a_page_that_defends_itself_is_weighed_all_the_same(visit: Callable[[str], PageWeight]) -> None:
    page = visit("/hostile")
    assert len(page.of(Kind.FETCH)) == 30
    assert page.elements == 5
    assert all(short(one.url).isprintable() for one in page.resources)
    assert all(one.lifetime is None for one in page.of(Kind.FETCH)), "a number of 5,000 digits is no number"


def test_an_error_is_no_page(visit: Callable[[str], PageWeight]) -> None:
    with pytest.raises(UnexpectedAnswer, match="answered 500"):
        visit("/broken")


def test_pages_that_answer_with_errors_are_left_to_whoever_closes_their_context(browser: Browser, site: str) -> None:
    """`Page.close` hangs for ever on some of them: no deadline ends it, so a bad page would make the run invalid."""
    context = browser.new_context()
    try:
        with pytest.raises(UnexpectedAnswer):
            weigh(context, f"{site}/broken")
        assert [page.is_closed() for page in context.pages] == [False]
    finally:
        context.close()


def test_what_is_beyond_the_bound_is_counted_and_nothing_more(
    visit: Callable[[str], PageWeight], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postflight.browser.weight_traffic.MAX_RESOURCES", 10)
    page = visit("/hostile")
    assert (len(page.resources), page.dropped, page.requests) == (10, 21, 31)
