"""Pages that are well and unlike the reference platform's: no alarm. Beside each, what is wrong and looks like it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from postflight.browser.access import arrival, axe
from postflight.browser.access.arrival import arrive
from postflight.browser.access.axe import examine
from postflight.browser.access.darkness import light_behind
from postflight.browser.access.instrument import Instrument
from postflight.browser.access.keyboard import walk
from postflight.browser.access.layout import fits, small_texts
from postflight.browser.access.skip_link import follow_skip_link
from postflight.browser.screenshot import picture
from postflight.checks.access.axe import faults
from postflight.checks.access.keyboard import disordered, trapped, unreached
from postflight.checks.access.layout import misfit
from postflight.checks.access.preferences import DARK
from postflight.errors import NotEnoughEvidence

DEFINE = (
    "<script>const define = (name, mode, html) => customElements.define(name, class extends HTMLElement {"
    " constructor() { super(); this.attachShadow({ mode, delegatesFocus: true }).innerHTML = html } })</script>"
)
ONLY_DARK, RULE = "@media (prefers-color-scheme: dark)", "a rule for prefers-color-scheme: dark"
SOUND = "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def show(page: Page, body: str) -> None:
    page.set_content(f"<!doctype html><html lang=en><title>t</title><body>{DEFINE}{body}</body></html>")
    page.wait_for_function("[...document.querySelectorAll('iframe')].every(f => f.contentDocument?.body?.firstChild)")


REACHED = {
    "fields of several parts": "<input type=date><input type=time><input type=datetime-local><input type=month>",
    "a page that puts the focus in a date": "<a href=/1>a</a><input type=date autofocus><a href=/2>b</a>",
    "a player with buttons of the browser's": f"<audio controls src={SOUND}></audio><button>b</button>",
    "a closed shadow root": (
        "<x-a></x-a><button>c</button><script>define('x-a', 'closed', '<a href=#>1</a><a href=#>2</a>')</script>"
    ),
    "a button that is the host of one": (
        "<x-a role=button></x-a><script>define('x-a', 'open', '<button>a</button>')</script>"
    ),
    "tabs in a slot": (
        "<x-a><button role=tab>a</button><button role=tab tabindex=-1>b</button></x-a>"
        "<script>define('x-a', 'open', '<p role=tablist><slot></slot></p>')</script>"
    ),
    "a modal dialog with a slot": (
        "<button>behind</button><x-a><button>in</button></x-a><script>define('x-a', 'open', '<dialog><slot></slot>"
        "</dialog>'); document.querySelector('x-a').shadowRoot.querySelector('dialog').showModal()</script>"
    ),
    "a dialog of a library, that holds the focus": (
        "<p aria-hidden=true><button>behind</button></p><p role=dialog id=d><button>a</button><button>b</button></p>"
        "<script>d.firstChild.focus(); d.onkeydown = e => { if (e.key === 'Tab') { e.preventDefault();"
        " (document.activeElement.nextSibling ?? d.firstChild).focus() } }</script>"
    ),
    "a combobox around its field": "<div role=combobox aria-expanded=false><input></div>",
    "the button of a combobox": "<p><input role=combobox><span><button tabindex=-1>v</button></span></p>",
    "the buttons of a number and a password": (
        "<p><input type=number><button tabindex=-1>+</button></p>"
        "<p><input type=password><button tabindex=-1>i</button></p>"
    ),
    "a tree that has the focus itself": (
        "<ul role=tree tabindex=0 aria-activedescendant=a><li role=treeitem id=a>a</li><li role=treeitem>b</li></ul>"
    ),
    "a group within a toolbar": (
        "<p role=toolbar><button>a</button><span role=radiogroup><button role=radio tabindex=-1>b</button></span></p>"
    ),
    "a row that is a button, with a box": "<div role=button tabindex=0><input type=checkbox tabindex=-1>a</div>",
    "links in what is written": "<div contenteditable=true>see <a href=/x>this</a></div><button>b</button>",
    "an editor in a frame": "<iframe srcdoc='<body contenteditable=true>x</body>'></iframe><button>b</button>",
    "a menu beside the window": (
        "<nav style='position:fixed;top:0;translate:-300px;width:200px'><a href=/1 tabindex=-1>one</a></nav><b>b</b>"
    ),
    "a menu beside the window, on the right": (
        "<nav style='position:fixed;top:0;right:-300px;width:200px'><a href=/1 tabindex=-1>one</a></nav><b>b</b>"
    ),
    "a menu of no height": "<nav style='height:0;overflow:hidden'><a href=/1 tabindex=-1>one</a></nav><b>b</b>",
    "a menu that is clear": "<nav style='opacity:0'><a href=/1 tabindex=-1>one</a></nav><b>b</b>",
    "the next picture of a row": (
        "<p style='width:99px;overflow:hidden;position:relative'><a href=/1>1</a>"
        "<a href=/2 tabindex=-1 style='position:absolute;left:120px'>2</a></p>"
    ),
    "an inert shadow root": "<x-a inert></x-a><script>define('x-a', 'open', '<button>a</button>')</script>",
    "an inert frame": "<iframe inert srcdoc='<button>a</button>'></iframe><b>b</b>",
    "a hidden frame": "<iframe style='visibility:hidden' srcdoc='<button>a</button>'></iframe><b>b</b>",
    "a listener of React's that does nothing": "<p id=p>words</p><script>p.onclick = function noop() {}</script>",
}


@pytest.mark.parametrize("body", REACHED.values(), ids=REACHED)
def test_no_alarm_where_the_keyboard_reaches_everything(page: Page, body: str) -> None:
    show(page, body)
    way = walk(page)
    assert (trapped(way), unreached(way), disordered(way)) == ("", (), ())
    assert way.whole or way.held


LOST = {
    "a link of a drawing, beside another": (
        "<svg><a href=/1><text y=20>1</text></a><a href=/2 tabindex=-1><text y=40>2</text></a></svg>",
        "a is not reached by Tab: tabindex=-1",
    ),
    "a button beside a field of words": ("<p><input><button tabindex=-1>Buy</button></p>", 'button "Buy" is not'),
    "a button beside two fields": (
        "<p><input type=password><input type=number><button tabindex=-1>Buy</button></p>",
        'button "Buy" is not',
    ),
    "a card that React makes a button": (
        "<p id=p style='cursor:pointer'>Buy</p><script>p.onclick = function noop() {}</script>",
        "a p with onclick is no button",
    ),
    "one further down than is seen at first": (
        "<div style='height:99px;overflow:auto'><p style='height:999px'>x</p><button tabindex=-1>Buy</button></div>",
        'button "Buy" is not',
    ),
    "one of two in a card": (
        "<div onclick=void(0) role=button><button>a</button><button tabindex=-1>Buy</button></div>",
        'button "Buy" is not',
    ),
}


@pytest.mark.parametrize(("body", "says"), LOST.values(), ids=LOST)
def test_what_is_lost_is_still_named(page: Page, body: str, says: str) -> None:
    show(page, body)
    (lost,) = unreached(walk(page))
    assert says in lost


def test_a_frame_that_is_not_left_is_no_trap_that_could_be_named(page: Page) -> None:
    """What goes on in it cannot be seen: the walk is not whole, and says nothing."""
    links = "".join(f"<a href=%23>{number}</a>" for number in range(120))
    page.set_content(f'<iframe src="data:text/html,{links}"></iframe><button>b</button>')
    way = walk(page)
    assert (trapped(way), way.whole) == ("", False)


FADES = {
    "by a style": "<style>h1 { animation: in 9s } @keyframes in { from { opacity: 0 } }</style><h1>x</h1>",
    "by a script's animation": "<h1 id=h>x</h1><script>h.animate([{ opacity: .1 }, { opacity: 1 }], 9000)</script>",
    "step by step": (
        "<h1 id=h style='opacity:.1'>x</h1><script>const began = performance.now(); (function step()"
        " { h.style.opacity = Math.min(1, .1 + (performance.now() - began) / 1500); requestAnimationFrame(step) })()"
        "</script>"
    ),
    "with its name": "<h1>x</h1><button id=b></button><script>setTimeout(() => b.append('Buy'), 500)</script>",
}


@pytest.mark.parametrize("body", FADES.values(), ids=FADES)
def test_what_is_still_coming_breaks_no_rule(page: Page, body: str) -> None:
    show(page, f"<main>{body}</main>")
    assert faults([examine(page)]) == ()


def test_what_never_comes_to_rest_is_for_a_person_to_look_at(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside it, what is wrong all the time is a fault all the same."""
    monkeypatch.setattr(axe, "PAUSE", 50.0)
    colours = "rgb(${180 + n % 60}, ${180 + n++ / 60 % 60}, 200)"  # no two looks meet the same one
    pulse = f"setInterval(() => {{ h.style.color = `{colours}` }}, 1)"
    show(page, f"<main><h1 id=h>x</h1><p style='color:#ccc'>pale</p></main><script>let n = 0; {pulse}</script>")
    seen = examine(page)
    assert [(issue.rule, issue.places) for issue in faults([seen])] == [("color-contrast", ("p",))]
    assert ("color-contrast", ("#h",)) in [(issue.rule, issue.places) for issue in seen.doubtful]


CLOSED = (
    f"{DEFINE}<x-a></x-a><script>define('x-a', 'closed',"
    " '<p style=\"position:fixed;inset:0;margin:0;background:#000\">')</script>"
)
DARK_PAGES = {
    "in colours of today": ("body { background: oklch(0.15 0.02 260) }", "meta color-scheme", True),
    "in the browser's own": ("", "meta color-scheme", True),
    "that stays light": ("body { background: #fff }", "meta color-scheme", False),
    "of a layer that fills it": (f"{ONLY_DARK} {{ .all {{ background: #000 }} }}", RULE, True),
    "whose rule does nothing": (f"{ONLY_DARK} {{ body {{ background: #fff }} }}", RULE, False),
    "behind a shadow root": ("x-a { background: none }", "meta color-scheme", True),
    "by what comes before it": (
        "body { background: #fff } body::before { content: ''; position: fixed; inset: 0; background: #000 }",
        "meta color-scheme",
        True,
    ),
    "with a logo for it": (f"{ONLY_DARK} {{ .logo {{ background: #000 }} }}", "", False),
}


@pytest.mark.parametrize(("style", "declared", "dark"), DARK_PAGES.values(), ids=DARK_PAGES)
def test_dark_is_promised_for_the_page_and_measured_in_any_colour(
    page: Page, style: str, declared: str, dark: bool
) -> None:
    page.emulate_media(color_scheme="dark")
    head = "<meta name=color-scheme content='light dark'>" if declared.startswith("meta") else ""
    rules = f"<style>.all {{ height: 100vh }} {style}</style>"
    site(page, f"{head}{rules}{CLOSED if 'x-a' in style else ''}<b class=logo>l</b><div class=all>x</div>")
    arrive(page, "http://shop.example/")  # an address, because the empty page is dark wherever dark is asked for
    bright = light_behind(page)
    assert bright is not None
    assert (Instrument(page, "Preferences").ask("dark"), bright <= DARK) == (declared, dark)


def test_text_that_nobody_sees_or_that_is_drawn_has_no_size(page: Page) -> None:
    tiny = "font-size:8px"
    show(
        page,
        f"<svg viewBox='0 0 9 9' width=900><text y=8 style='{tiny}'>a</text></svg><p style='{tiny};position:absolute;"
        f"width:1px;height:1px;overflow:hidden'>b</p><p style='{tiny};position:absolute;left:-999px'>c</p>"
        f"<p id=seen style='{tiny}'>d</p>",
    )
    assert [text.name for text in small_texts(Instrument(page, "Layout"))] == ['p#seen "d"']


def test_what_sticks_out_to_the_left_is_named_where_people_read_that_way(page: Page) -> None:
    show(page, "<script>document.documentElement.dir = 'rtl'</script><div style='width:500px'>x</div>")
    (fit,) = fits(page, (320,))
    assert 'at 320 px the page scrolls sideways by 188 px: div "x" sticks out by 188 px' in misfit(fit)


def test_a_page_that_measures_its_window_once_fits_phones(page: Page) -> None:
    site(page, "<p id=p>x<script>p.style.width = `${innerWidth - 20}px`; addEventListener('resize', () => {})</script>")
    arrive(page, "http://shop.example/")
    assert [misfit(fit) for fit in fits(page)] == ["", "", ""]


def test_what_is_not_drawn_in_time_is_nobodys_fault(page: Page) -> None:
    show(page, "<p>x")
    page.set_default_timeout(400)
    page.evaluate("document.fonts.ready; document.fonts.add(new FontFace('f', 'url(http://127.0.0.1:9/f)')); null")
    page.route("**/*", lambda _: None)
    page.evaluate("[...document.fonts][0].load(); null")
    with pytest.raises(NotEnoughEvidence, match="the browser drew none in time"):
        picture(page)


def site(page: Page, body: str, elsewhere: str = "") -> None:
    """Serve a page at every address, or another one at every address but the first."""

    def answer(route: Route) -> None:
        shown = elsewhere if elsewhere and not route.request.url.endswith("example/") else body
        route.fulfill(
            body=f"<!doctype html><html lang=en><title>t</title><body>{shown}</html>", content_type="text/html"
        )

    page.route("**/*", answer)


MENU = (
    "<header><a href='{}' {}>{}</a> <a href=/2>two</a></header><section id=home><a href=/3>three</a></section>"
    "<main id=main>words <a href=/4>four</a></main>"
)
COMES = "style='position:absolute;left:-999px' onfocus='this.style.left=0' onblur='this.style.left=\"-999px\"'"
SCROLLS = "<script>document.links[0].onclick = e => { e.preventDefault(); window[NAME].scrollIntoView() }</script>"
INTO_SHADOW = (
    f"{DEFINE}<a href=#c>skip</a><a href=/2>2</a><p id=c><x-a></x-a>"
    "<script>define('x-a', 'open', '<a href=#>a')</script>"
)
FIRST_LINKS = {
    "a router's": (MENU.format("#/home", "", "Home"), None),
    "to the top": (MENU.format("#top", "", "Top"), None),
    "a menu's, that scrolls": (MENU.format("#home", "", "Home") + SCROLLS.replace("NAME", "'home'"), None),
    "a menu's, that is broken": (MENU.format("#nothing", "", "Home"), None),
    "to an anchor": ("<a href=#c class=skip>s</a><a href=/2>2</a><a name=c></a><a href=/3>3</a>", (True, "")),
    "into a shadow root": (
        INTO_SHADOW,
        (True, ""),
    ),
    "that appears": (MENU.format("#main", COMES, "Zum Inhalt"), (True, "")),
    "that appears and is broken": (MENU.format("#nothing", COMES, "Zum Inhalt"), (False, "")),
    "that says so and is broken": (MENU.format("#nothing", "", "Skip to content"), (False, "")),
    "that scrolls only": (MENU.format("#main", "", "x") + SCROLLS.replace("NAME", "'main'"), (True, 'a "two"')),
}


@pytest.mark.parametrize(("body", "came"), FIRST_LINKS.values(), ids=FIRST_LINKS)
def test_a_skip_link_is_one_that_skips(page: Page, body: str, came: tuple[bool, str] | None) -> None:
    site(page, body)
    arrive(page, "http://shop.example/")
    skipped = follow_skip_link(page)
    assert (skipped and (skipped.leads, skipped.back_at)) == came


@pytest.mark.parametrize(
    "way",
    [
        "<script>setTimeout(() => { location.href = '/there' }, 40)</script>",
        "<meta http-equiv=refresh content='0;/there'>",
    ],
)
def test_a_page_that_leads_on_is_followed(page: Page, way: str) -> None:
    site(page, f"<p>wait{way}", elsewhere="<p>there")
    for _ in range(3):
        arrive(page, "http://shop.example/")
        assert page.url == "http://shop.example/there"


@pytest.mark.parametrize("body", ["", "<div id=root></div>", "<p hidden>words"])
def test_on_an_empty_page_nothing_is_good(page: Page, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrival, "DEADLINE", 0.2)
    site(page, body)
    with pytest.raises(NotEnoughEvidence, match="shows nothing"):
        arrive(page, "http://shop.example/")


def test_words_that_come_late_are_waited_for(page: Page) -> None:
    site(page, "<script>setTimeout(() => document.body.append('late'), 700)</script>")
    arrive(page, "http://shop.example/")
    assert page.locator("body").inner_text() == "late"
