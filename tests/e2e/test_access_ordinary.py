"""Pages that are well and unlike the reference platform's: no alarm. Beside each, what is wrong and looks like it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from postflight.browser.access.keyboard import walk
from postflight.checks.access.keyboard import disordered, trapped, unreached

DEFINE = (
    "<script>const define = (name, mode, html) => customElements.define(name, class extends HTMLElement {"
    " constructor() { super(); this.attachShadow({ mode, delegatesFocus: true }).innerHTML = html } })</script>"
)
SOUND = "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    made = chromium.new_page()
    yield made
    made.close()


def show(page: Page, body: str) -> None:
    page.set_content(f"<!doctype html><html lang=en><title>t</title><body>{DEFINE}{body}</body></html>")
    page.wait_for_function("[...document.querySelectorAll('iframe')].every(f => f.contentDocument?.body?.firstChild)")


REACHED = {
    "fields of several parts": "<input type=date><input type=time><input type=datetime-local><input type=month>",
    "a page that puts the focus in a date": "<a href=/1>a</a><input type=date autofocus><a href=/2>b</a>",
    "a player with buttons of the browser's": f"<audio controls src={SOUND}></audio><button>b</button>",
    "a closed shadow root": "<x-a></x-a><button>c</button><script>define('x-a', 'closed', '<a href=#>1</a><a href=#>2</a>')</script>",
    "a button that is the host of one": "<x-a role=button></x-a><script>define('x-a', 'open', '<button>a</button>')</script>",
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
        "<p><input type=number><button tabindex=-1>+</button></p><p><input type=password><button tabindex=-1>i</button></p>"
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
