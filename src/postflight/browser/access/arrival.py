"""Opens a page and waits until it has come to rest: it asks for nothing, and its document changes no more."""

import re
import time

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Request
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.browser.responsive import until_responsive
from postflight.errors import NotEnoughEvidence, UnexpectedAnswer

LOOK = 25.0  # milliseconds between two looks
AT_REST = 2  # looks in a row at which nothing had changed
DEADLINE = 3.0  # seconds; a page that never rests is taken as it is then

_STATE = """() => [
  document.readyState, document.querySelectorAll('*').length, document.querySelectorAll(':disabled').length,
].join()"""


class Traffic:
    """Counts the requests of a page that are under way. Event streams and sockets end when they like: not counted."""

    def __init__(self, page: Page) -> None:
        self._open: set[Request] = set()
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way."""
        return not self._open

    def _begin(self, request: Request) -> None:
        if request.resource_type not in {"eventsource", "websocket", "media"}:
            self._open.add(request)

    def _end(self, request: Request) -> None:
        self._open.discard(request)


def arrive(page: Page, url: str) -> None:
    """Open `url` and wait until the page rests.

    Raises `UnexpectedAnswer` if it is no page that could be judged, but an error, and `NotEnoughEvidence` if it shows
    nothing: on an empty page every rule is kept.
    """
    traffic = Traffic(page)
    answer = page.goto(url)
    status = answer.status if answer else 0
    if not 200 <= status < 400:
        raise UnexpectedAnswer(f"{url} answered {status}", expected="a page", seen=f"status {status}", where=url)
    rest(page, traffic)
    if not shows_something(page):
        raise NotEnoughEvidence(
            f"{page.url} shows nothing, so there is nothing that could be looked at",
            expected=f"words or a picture within {DEADLINE:g} s",
            seen="an empty page",
            where=page.url,
        )


def shows_something(page: Page) -> bool:
    """Whether there are words or a picture on the page; they are waited for."""
    words = page.locator("body:visible, body :visible", has_text=re.compile(r"\S"))
    pictures = page.locator("body :is(img, svg, canvas, video, iframe, object, embed, input):visible")
    try:
        words.or_(pictures).first.wait_for(state="attached", timeout=DEADLINE * 1000)
    except PlaywrightTimeout:
        return False
    return True


def rest(page: Page, traffic: Traffic | None = None, *, looks: int = AT_REST) -> None:
    """Wait until the page rests, at most `DEADLINE` seconds: a page that is always busy is looked at as it is."""
    last, same, give_up = "", 0, time.monotonic() + DEADLINE
    while same < looks and time.monotonic() < give_up:
        page.wait_for_timeout(LOOK)
        until_responsive(page)
        state = _state(page)
        same = same + 1 if state == last and (traffic is None or traffic.is_quiet) else 0
        last = state


def _state(page: Page) -> str:
    """Return what must not change for a page to be at rest; another address each time while it goes elsewhere."""
    try:
        return str(page.evaluate(_STATE))
    except PlaywrightError as error:
        if "context was destroyed" in error.message:  # a script or `<meta http-equiv=refresh>` has led on
            return f"on its way at {time.monotonic()}"
        raise
