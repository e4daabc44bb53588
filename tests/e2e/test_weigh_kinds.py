"""Weighs healthy pages of kinds that the reference platform does not have, and pages that came only in part."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from postflight.browser import weight
from postflight.browser.responsive import PageHangs
from postflight.checks.weight import content, transfer
from postflight.checks.weight.flaw import tell, total
from postflight.checks.weight.names import short
from postflight.checks.weight.page import Kind, PageWeight
from postflight.errors import UnexpectedAnswer
from reference.weight_faults import _FONT, _png
from tests.conftest import AnsweringHandler, serving

PNG = _png(400, 300)
LARGE = _png(1600, 1200)
IN_BODY = "<script src=/a.js></script>"
PAGES = {
    "polling": """<link rel=preload as=image href=/never.png><h1>Hi</h1>
        <script>setInterval(() => fetch('/api/status').then(answer => answer.text()), 700)</script>""",
    "slow-polling": """<h1>Hi</h1><script>
        const ask = () => fetch('/api/status').then(answer => answer.text());
        ask(); setTimeout(ask, 1500);
        for (let n = 1; n < 6; n++) setTimeout(() => fetch('/api/' + n), 300 * n)</script>""",
    "graphql": """<h1>Hi</h1><script>(async () => {
        for (const size of [90000, 10, 10, 10]) await fetch('/sized', {method: 'POST', body: size}) })()</script>""",
    "below": f"<h1>Hi</h1><p>text</p>{IN_BODY}",
    "app": f"<div id=root></div>{IN_BODY}<script>root.innerHTML = '<h1>Hi</h1>'</script>",
    "above": f"<body>{IN_BODY}<h1>Hi</h1>",
    "frame": "<h1>Hi</h1><iframe src=/framed></iframe>",
    "framed": "<head><script src=/a.js></script><link rel=stylesheet href=/a.css></head><p>framed",
    "blob-sheet": """<h1>Hi</h1><script>const sheet = document.createElement('link'); sheet.rel = 'stylesheet';
        const rules = new Blob(['@font-face {font-family: Z; src: url(z.woff)}'], {type: 'text/css'});
        sheet.href = URL.createObjectURL(rules); document.head.append(sheet)</script>""",
    "fonts": """<style>@font-face {font-family: Mine; src: local('DejaVu Sans')} h1 {font-family: Mine}
        @layer base { @font-face {font-family: Late; src: url(/late.ttf)} } p {font-family: Late}</style>
        <h1>Hi</h1><p>late</p><script>new FontFace('Made', 'url(/made.ttf)').load().then(it => document.fonts.add(it))
        </script>""",
    "policy": "<h1>Hi</h1><script src=http://localhost:1/track.js></script>",
    "images": """<h1>Hi</h1><img src=/picture?large width=800 height=600><img src=/picture?small width=400 height=300>
        <img src=/face.png width=20 height=15><img src=/face.png width=400 height=300>
        <img src=/moving.png width=200 height=150 style='transform: scale(.1)'>
        <img crossorigin srcset='/again.png 1x' width=400 height=300>""",
    "scripts": "<h1>Hi</h1><script src='/load?a.js'></script><script src='/load?bb.js'></script>",
    "worker": "<h1>Hi</h1><script>new Worker('/worker.js')</script>",
    "downloads": "<h1>Hi</h1><script>location = '/file.zip'</script>",
    "stays": "<h1>Hi</h1><script>location = '/nothing'</script>",
    "leads-on": "<script>location.replace('/broken')</script>",
    "endless": "<h1>Hi</h1><script>setTimeout(() => { for (;;); }, 100)</script>",
    "unended": "<h1>Hi</h1><script src=/a.js></script><script async src=/unended.js></script>",
    "reset": "<h1>Hi</h1><script async src=/reset.js></script>",
    "overloaded": "<h1>Hi</h1><img src=/overloaded.png>",
    "elsewhere": "<h1>Hi</h1><img src=http://localhost:1/refused.png>",
    "busy": """<h1>Hi</h1><script>addEventListener('load', () => setTimeout(() => {
        const begun = performance.now(); while (performance.now() - begun < 1200);
        fetch('/api/1'); setTimeout(() => fetch('/api/2'), 100) }, 20))</script>""",
}
SOURCES = {name: f"<!doctype html><meta charset=utf-8>{source}".encode() for name, source in PAGES.items()}
UNTIL_THE_END = threading.Event()  # what never ends, ends with the tests


class _Site(AnsweringHandler):
    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        name = self.path[1:].partition("?")[0]
        if name in PAGES:
            policy = {"Content-Security-Policy": "default-src 'self' 'unsafe-inline'"} if name == "policy" else {}
            self.answer(SOURCES[name], "text/html", **policy)
        elif name in ODD:
            ODD[name](self)
        elif name.endswith(".png"):
            self.answer(PNG, "image/png", Cache_Control="no-store")
        elif name.endswith(".ttf"):
            self.answer(_FONT, "font/ttf")
        elif self.path.endswith((".js", ".css")):
            body = f"/* {self.path} */".encode()
            self.answer(body, "text/javascript" if self.path.endswith(".js") else "text/css")
        else:
            self.answer(b"{}", "application/json")

    do_POST = do_GET  # noqa: N815 - http.server's name

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def never_end(self) -> None:
        UNTIL_THE_END.wait(30)
        self.close_connection = True

    def have_nothing(self) -> None:
        self.send_response(204)
        self.end_headers()

    def have_a_size(self) -> None:
        size = int(self.rfile.read(int(self.headers["content-length"])))
        self.answer(b"z" * size, "application/json")


ODD: dict[str, Callable[[_Site], None]] = {
    "unended.js": _Site.never_end,
    "reset.js": _Site.reset,
    "nothing": _Site.have_nothing,
    "sized": _Site.have_a_size,
    "file.zip": lambda site: site.answer(b"zip", "application/zip", Content_Disposition="attachment"),
    "overloaded.png": lambda site: site.answer(b"no", "text/html", status=503),
    "broken": lambda site: site.answer(b"no", "text/html", status=503),
    "picture": lambda site: site.answer(LARGE if "large" in site.path else PNG, "image/png"),
}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving(_Site) as url:
        yield url
        UNTIL_THE_END.set()


@pytest.fixture
def visit(chromium: Browser, site: str) -> Callable[[str], PageWeight]:
    def go(path: str) -> PageWeight:
        context = chromium.new_context()
        try:
            return weight.weigh(context, f"{site}/{path}")
        finally:
            context.close()

    return go


def names(page: PageWeight) -> list[str]:
    return [short(one.url) for one in page.resources]


@pytest.mark.parametrize("name", ["polling", "slow-polling"])
def test_what_a_timer_asks_for_is_not_fetched_twice(visit: Callable[[str], PageWeight], name: str) -> None:
    page = visit(name)
    assert transfer.fetched_twice(page) == (), "also while the browser's word on preloads is waited for"
    assert names(page).count("/api/status") <= 1


def test_answers_of_one_address_have_their_own_sizes(visit: Callable[[str], PageWeight]) -> None:
    assert [one.wire for one in visit("graphql").of(Kind.FETCH)] == [90_000, 10, 10, 10]


@pytest.mark.parametrize(("name", "count"), [("below", 0), ("app", 0), ("above", 1), ("frame", 0), ("framed", 1)])
def test_a_script_holds_back_what_stands_below_it(visit: Callable[[str], PageWeight], name: str, count: int) -> None:
    assert len(content.blocking(visit(name), Kind.SCRIPT)) == count


def test_fonts_that_hide_text_are_those_that_come_over_the_network_late(visit: Callable[[str], PageWeight]) -> None:
    assert [flaw.subject for flaw in content.hidden_text(visit("fonts"))] == ["/late.ttf"]
    assert visit("blob-sheet").elements == 7, "a sheet against whose address nothing can be resolved"


def test_what_a_policy_stops_has_asked_nobody(visit: Callable[[str], PageWeight]) -> None:
    page = visit("policy")
    assert names(page) == ["/policy"]
    assert transfer.strangers(page) == ()


def test_an_image_is_judged_by_its_own_file_and_its_largest_box(visit: Callable[[str], PageWeight]) -> None:
    page = visit("images")
    assert {(image.natural, image.wire) for image in page.images} == {
        ((1600, 1200), len(LARGE)),
        ((400, 300), len(PNG)),
    }
    assert content.oversized(page) == ()
    assert names(page).count("/again.png") == 1, "what we ask for to know its size is not the page's"


def test_scripts_are_told_apart_by_their_whole_address(visit: Callable[[str], PageWeight]) -> None:
    assert sorted(one.characters for one in visit("scripts").scripts) == [
        len("/* /load?a.js */"),
        len("/* /load?bb.js */"),
    ]


def test_the_script_of_a_worker_is_weighed(visit: Callable[[str], PageWeight]) -> None:
    (script,) = visit("worker").of(Kind.SCRIPT)
    assert (short(script.url), script.wire, script.lost) == ("/worker.js", len("/* /worker.js */"), "")


def test_a_page_that_leads_on_to_an_error_is_no_page(visit: Callable[[str], PageWeight]) -> None:
    with pytest.raises(UnexpectedAnswer, match="answered 503"):
        visit("leads-on")


@pytest.mark.parametrize("name", ["downloads", "stays"])
def test_a_page_that_stays_leads_nowhere(visit: Callable[[str], PageWeight], name: str) -> None:
    page = visit(name)
    assert short(page.url) == f"/{name}"
    assert transfer.redirected(page) == ()


def test_a_page_that_hangs_is_given_up(visit: Callable[[str], PageWeight], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight, "ANSWER_DEADLINE", 1000.0)
    with pytest.raises(PageHangs, match="no longer answers to who weighs it"):
        visit("endless")


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("unended", "/unended.js: the script had not come when the visit ended"),
        ("reset", "/reset.js: the script net::ERR_"),
        ("overloaded", "/overloaded.png: the image answered 503"),
        ("elsewhere", ""),
    ],
)
def test_a_page_that_lacks_something_of_its_own_says_so(
    visit: Callable[[str], PageWeight], monkeypatch: pytest.MonkeyPatch, name: str, lost: str
) -> None:
    if name == "unended":
        monkeypatch.setattr(weight, "LOAD_DEADLINE", 1000.0)
    told = tell(transfer.lost(visit(name)))
    assert told.startswith(lost)
    assert bool(told) is bool(lost), "what others fail to send is not the page's"


def test_a_page_that_is_busy_before_it_asks_for_more_is_waited_for(visit: Callable[[str], PageWeight]) -> None:
    page = visit("busy")
    assert names(page)[1:] == ["/api/1", "/api/2"]
    assert total(transfer.chatter(page)) == 2
