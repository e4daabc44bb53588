"""What the instruments of accessibility see on little pages: each fault by its name, and no alarm where all is well."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.browser.access import arrival
from postflight.browser.access.arrival import arrive, rest
from postflight.browser.access.axe import SCHEMES, examine
from postflight.browser.access.darkness import light_behind
from postflight.browser.access.instrument import Instrument
from postflight.browser.access.keyboard import Looks, unseen, walk
from postflight.browser.access.layout import cut_when_enlarged, fits, phone, small_targets, small_texts
from postflight.browser.access.world import World, top_frame
from postflight.browser.guard import Guard
from postflight.checks.access.axe import faults
from postflight.checks.access.keyboard import disordered, trapped, unreached
from postflight.checks.access.layout import misfit
from postflight.checks.access.preferences import DARK
from postflight.errors import CannotMeasure, UnexpectedAnswer
from tests.conftest import serving

VIEWPORT = "<meta name=viewport content='width=device-width'>"
STRICT = (
    "default-src 'none'; script-src 'nonce-abc'; style-src 'none'; frame-src 'self';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
GUARDED = """<!doctype html><html lang=en><title>t</title><main><h1>x</h1><img src="data:,">
<iframe title=inner srcdoc="<p><button></button>"></iframe></main><script nonce=abc>
window.heard = 0; addEventListener('message', () => heard++);
Array.prototype.filter = () => []; JSON.stringify = () => '{}'; Element.prototype.matches = () => false;
</script>"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def show(page: Page, body: str, style: str = "", head: str = "") -> None:
    page.set_content(
        f"<!doctype html><html lang=en><title>t</title>{head}<style>{style}</style><body>{body}</body></html>"
    )


class _Late(BaseHTTPRequestHandler):
    """A page whose words come half a second after it."""

    def do_GET(self) -> None:
        late = self.path == "/words"
        if late:
            time.sleep(0.5)
        self.send_response(404 if self.path == "/nothing" else 200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        script = "fetch('/words').then(r => r.text()).then(text => document.body.append(text))"
        self.wfile.write(b"late words" if late else f"<!doctype html><script>{script}</script>".encode())

    def log_message(self, *_: object) -> None:
        pass


def test_a_page_is_looked_at_when_it_rests(page: Page) -> None:
    with serving(_Late) as url:
        arrive(page, url)
        assert page.locator("body").inner_text() == "late words"


def test_an_error_is_no_page_that_could_be_judged(page: Page) -> None:
    with serving(_Late) as url, pytest.raises(UnexpectedAnswer, match="answered 404"):
        arrive(page, f"{url}/nothing")


def test_a_page_that_hangs_is_given_up(page: Page) -> None:
    page.set_default_timeout(500)
    show(page, "<h1>x</h1><script>setTimeout(() => { while (true); }, 0)</script>")
    with pytest.raises(PlaywrightTimeout):
        rest(page)


def test_a_page_that_never_rests_is_looked_at_all_the_same(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrival, "DEADLINE", 0.2)
    show(page, "<script>setInterval(() => document.body.append(document.createElement('i')), 1)</script>")
    arrival.rest(page)
    assert page.locator("i").count() > 0


@pytest.mark.parametrize("script", ["() => { for (;;); }", "() => new Promise(() => {})", "() => nothing()"])
def test_a_script_beside_the_page_that_fails_or_hangs_is_our_trouble(page: Page, script: str) -> None:
    session = page.context.new_cdp_session(page)
    world = World(session, top_frame(session), deadline=0.2)
    with pytest.raises(CannotMeasure, match="beside the page's own"):
        world.call(script)
    assert world.call("() => 1 + 1") == 2


class _Strict(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-security-policy", STRICT)
        self.end_headers()
        self.wfile.write(GUARDED.encode())

    def log_message(self, *_: object) -> None:
        pass


def test_axe_runs_beside_a_strict_and_hostile_page_and_disturbs_nothing(chromium: Browser) -> None:
    with serving(_Strict) as url:
        context = chromium.new_context()
        guard = Guard(context, base_url=url, today=datetime.now(UTC).date())
        page = context.new_page()
        page.goto(url)
        before = len(guard.troubles())  # the empty image is the page's own
        found = {issue.rule: issue for issue in faults([examine(page)])}
        assert {"image-alt", "button-name"} <= set(found)
        assert found["button-name"].places == ("iframe >>> button",)
        assert page.evaluate("[heard, typeof axe]") == [0, "undefined"]
        assert len(guard.troubles()) == before
        context.close()


def test_a_frame_of_another_site_is_not_examined_and_that_is_told(page: Page) -> None:
    with serving(_Late) as url:
        page.goto(url)
        elsewhere = url.replace("127.0.0.1", "localhost")
        page.evaluate(
            "url => { document.body.innerHTML = `<iframe title=t src=${url}></iframe>` }", f"{elsewhere}/words"
        )
        page.frame_locator("iframe").get_by_text("late words").wait_for()
        seen = examine(page)
    assert ("frame-tested", ("iframe",)) in [(issue.rule, issue.places) for issue in seen.doubtful]


def test_axe_sees_what_is_pale_in_one_scheme_only(page: Page) -> None:
    dark = "@media (prefers-color-scheme: dark) { body { background: #111; color: #333; } }"
    show(page, "<main><h1>Hello</h1></main>", f"body {{ background: #fff; color: #111; transition: color 9s }} {dark}")
    seen = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        seen.append(examine(page, scheme))
    assert [(issue.rule, issue.schemes) for issue in faults(seen)] == [("color-contrast", ("dark",))]


REACHED = {
    "nothing to operate": "<p>words",
    "native": "<a href=#>a</a><button>b</button><input><select></select><textarea></textarea>",
    "arrow keys do the rest": "<p role=tablist><button role=tab>a</button><button role=tab tabindex=-1>b</button>",
    "one radio of a group": "<label><input type=radio name=r checked>a</label><input type=radio name=r>",
    "hidden": "<p hidden onclick=void(0)>a</p><button style='visibility:hidden'>b</button><p inert><a href=#>c</a></p>",
    "open and closed": "<details open><summary>s</summary><button>b</button></details>",
    "closed": "<details><summary>s</summary><button>b</button></details><dialog><button>c</button></dialog>",
    "disabled": "<button disabled>a</button><fieldset disabled><input></fieldset><button aria-disabled=true>b</button>",
    "a convenience around a link": "<div onclick=void(0)><a href=#>a</a></div><label onclick=void(0)>l<input></label>",
    "a backdrop": "<div onclick=void(0) style='height:9px'></div>",
    "a link twice": "<a href=/a tabindex=-1><img alt=a src=data:,></a><a href=/a>a</a>",
    "in a shadow root": "<div><template shadowrootmode=open><button>a</button></template></div>",
    "in a frame": "<iframe srcdoc='<button>a</button>'></iframe><button>b</button>",
    "in a frame of another origin": "<iframe src='data:text/html,<a href=%23>1</a>'></iframe><button>b</button>",
    "an open dialog": "<button>behind</button><dialog id=d><button>a</button></dialog><script>d.showModal()</script>",
    "a page that puts the focus in its middle": "<a href=/1>a</a><input autofocus><a href=/2>b</a>",
    "an editor that says Escape": (
        "<textarea></textarea><button>b</button><script>let out = false; const t = document.querySelector('textarea');"
        "t.onkeydown = e => { if (e.key === 'Escape') out = true; if (e.key === 'Tab' && !out) e.preventDefault(); }"
        "</script>"
    ),
}


@pytest.mark.parametrize("body", REACHED.values(), ids=REACHED)
def test_no_alarm_where_the_keyboard_reaches_everything(page: Page, body: str) -> None:
    show(page, body)
    way = walk(page)
    assert trapped(way) == ""
    if not way.held:
        assert (unreached(way), disordered(way), way.whole) == ((), (), True)


LOST = {
    "<button tabindex=-1>Buy</button>": 'button "Buy" is not reached by Tab: tabindex=-1',
    "<div onclick=void(0)>Buy</div>": 'div "Buy" is not reached by Tab: a div with onclick is no button',
    "<span role=button>Buy</span>": 'span "Buy" is not reached by Tab: role=button on a span without tabindex',
    "<div><template shadowrootmode=open><a href=# tabindex=-1 id=x>a</a></template></div>": 'a#x "a" is not reached',
    "<iframe srcdoc='<button tabindex=-1 name=n>a</button>'></iframe>": 'button[name=n] "a" is not reached',
    "<div role=tablist><a role=tab tabindex=-1>a</a></div>": 'a "a" is not reached by Tab: tabindex=-1',
}


@pytest.mark.parametrize(("body", "says"), LOST.items(), ids=[str(number) for number in range(len(LOST))])
def test_what_tab_does_not_reach_is_named_with_its_cause(page: Page, body: str, says: str) -> None:
    page.set_content(f"<p>before</p>{body}")
    page.wait_for_function("[...document.querySelectorAll('iframe')].every(f => f.contentDocument.body?.firstChild)")
    lost = unreached(walk(page))
    assert len(lost) == 1
    assert says in lost[0]


HOLD = "<script>for (const e of document.querySelectorAll('input')) e.onkeydown = HOW</script>"


@pytest.mark.parametrize(
    "how",
    [
        "e => e.key === 'Tab' && e.preventDefault()",
        "e => e.key === 'Tab' && (e.preventDefault(), window[e.target.id === 'a' ? 'b' : 'a'].focus())",
    ],
    ids=["still", "round"],
)
def test_a_trap_is_named(page: Page, how: str) -> None:
    page.set_content(f"<button>x</button><input id=a><input id=b><button>y</button>{HOLD.replace('HOW', how)}")
    assert trapped(walk(page)).startswith("a keyboard trap: Tab does not leave input#a")


def test_what_looks_as_if_it_could_be_clicked_is_a_hint_and_no_fault(page: Page) -> None:
    show(page, "<b class=p>Card</b><label class=p>l<input></label><a href=# class=p>a</a>", ".p { cursor: pointer }")
    assert Instrument(page, "Keyboard").ask("hints") == ['b.p "Card"']
    assert unreached(walk(page)) == ()


def test_tab_that_goes_back_and_up_is_confused(page: Page) -> None:
    show(page, "<p><a href=/1>one</a></p><p><a href=/2 tabindex=2>two</a></p>")
    (told,) = disordered(walk(page))
    assert told == 'Tab goes back from a "two" to a "one" above it: a "two" has tabindex=2'


SEEN = {
    "the browser's own ring": "",
    "a shadow": "button:focus { outline: 0; box-shadow: 0 0 0 3px blue }",
    "after a transition": "button { transition: all 9s } button:focus { outline: 0; background: blue }",
    "a border that was clear": "button { border: 2px solid #0000 } button:focus { outline: 0; border-color: red }",
    "its neighbour": "button:focus { outline: 0 } button:focus + i { background: lime }",
    "something that appears": "button:focus { outline: 0 } button:focus::after { content: '<' }",
    "what is around it": "button:focus { outline: 0 } p:focus-within { background: lime }",
    "a far picture": "button:focus { outline: 0 } p:focus-within ~ u { position: fixed; inset: 0; background: red }",
}
UNSEEN = {
    "nothing": "button:focus { outline: 0 }",
    "a clear ring": "button:focus { outline: 3px solid transparent }",
    "a shadow of no size": "button { box-shadow: none } button:focus { outline: 0; box-shadow: 0 0 0 0 red }",
    "colour of what is not there": "button { border: 0 } button:focus { outline: none; border-color: red }",
}


@pytest.mark.parametrize(
    ("style", "fields", "controls"),
    [*((style, (), ()) for style in SEEN.values()), *((style, (), ('button "Go"',)) for style in UNSEEN.values())],
    ids=[*SEEN, *UNSEEN],
)
def test_focus_is_seen_by_any_sign_that_people_see(
    page: Page, style: str, fields: tuple[str, ...], controls: tuple[str, ...]
) -> None:
    show(page, "<p><button>Go</button><i>i</i></p><u></u>", style)
    keyboard = Instrument(page, "Keyboard")
    walk(page, keyboard)
    assert unseen(page, keyboard) == Looks(controls, fields)


def test_a_caret_alone_is_told_and_no_fault(page: Page) -> None:
    show(page, "<input name=q>", "input:focus { outline: 0 }")
    keyboard = Instrument(page, "Keyboard")
    walk(page, keyboard)
    assert unseen(page, keyboard) == Looks((), ("input[name=q]",))


@pytest.fixture
def small(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(**phone("chromium"))
    yield context.new_page()
    context.close()


SIDEWAYS = {
    "<div style='width:500px'>x</div>": 'at 320 px the page scrolls sideways by 188 px: div "x" sticks out by 188 px',
    "<p><canvas width=400 height=9></canvas></p>": "canvas sticks out by 88 px",
    "<div style='overflow:auto'><pre style='width:900px'>x</pre></div>": "",
    "<div style='width:500px;margin-left:-200px'>x</div>": "",
    "<style>body{overflow-x:hidden}</style><div style='width:500px'>x</div>": "",
}


@pytest.mark.parametrize(("body", "says"), SIDEWAYS.items(), ids=[str(number) for number in range(len(SIDEWAYS))])
def test_what_sticks_out_is_named_with_how_far(small: Page, body: str, says: str) -> None:
    show(small, body, head=VIEWPORT)
    words = " ".join(misfit(fit) for fit in fits(small, (320,)))
    assert says in words
    assert bool(words) is bool(says)


def test_a_page_that_does_not_think_of_phones_is_named(small: Page) -> None:
    show(small, "<p>x")
    assert misfit(fits(small, (360,))[0]).startswith("at 360 px the page is laid out 980 px wide, as for a desk")


def test_small_text_and_small_targets_are_found(small: Page) -> None:
    body = "<p>a<sup>1</sup></p><small id=s>b</small><p>c <a href=#>d</a></p><button id=t>x</button>"
    show(small, body, "sup { font-size: 9px } small { font-size: 11px } button { padding: 0; width: 20px }", VIEWPORT)
    layout = Instrument(small, "Layout")
    assert [str(text) for text in small_texts(layout)] == ['small#s "b" (11 px)']
    assert [told.partition(" (")[0] for told in small_targets(layout)] == ['button#t "x"']


def test_text_that_is_cut_when_enlarged_is_found(page: Page) -> None:
    body = (
        "<div id=fixed style='height:30px;overflow:hidden'>two words</div><div id=free style='overflow:hidden'>x</div>"
    )
    show(page, body + "<div id=before style='width:9px;overflow:hidden'>already</div>")
    assert cut_when_enlarged(page) == ('div#fixed "two words"',)


def test_dark_is_what_is_behind_the_page(page: Page) -> None:
    dark = "@media (prefers-color-scheme: dark) { html { background: #101010 } }"
    show(page, "<p>x", f"body {{ min-height: 100vh }} {dark}")
    page.emulate_media(color_scheme="dark")
    assert Instrument(page, "Preferences").ask("dark") == "a rule for prefers-color-scheme: dark"
    bright = light_behind(page)
    assert bright is not None
    assert bright < DARK
    show(page, "<p>x", "body { background: url(data:,) }")
    assert Instrument(page, "Preferences").ask("dark") == ""


def test_motion_is_what_moves_and_does_not_end(page: Page) -> None:
    frames = "@keyframes go { to { translate: 9px } } @keyframes glow { to { color: red } }"
    running = "#a { animation: go 1s infinite } #b { animation: glow 1s infinite } #c { animation: go 2s 1 }"
    busy = "<p id=d style='animation: go 1s infinite' role=progressbar>d"
    show(page, f"<p id=a>a<p id=b>b<p id=c>c{busy}", f"{frames} {running}")
    assert Instrument(page, "Preferences").ask("moving") == [{"name": 'p#a "a"', "what": "go", "seconds": None}]
