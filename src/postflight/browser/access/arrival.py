"""Opens a page and waits until it has come to rest: it asks for nothing, and its document changes no more."""

import time

from playwright.sync_api import Page, Request

from postflight.browser.responsive import until_responsive
from postflight.errors import UnexpectedAnswer

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

    Raises `UnexpectedAnswer` if it is no page that could be judged: an error, or another page than was asked for.
    """
    traffic = Traffic(page)
    answer = page.goto(url)
    status = answer.status if answer else 0
    if not 200 <= status < 400:
        raise UnexpectedAnswer(f"{url} answered {status}", expected="a page", seen=f"status {status}", where=url)
    rest(page, traffic)


def rest(page: Page, traffic: Traffic | None = None, *, looks: int = AT_REST) -> None:
    """Wait until the page rests, at most `DEADLINE` seconds: a page that is always busy is looked at as it is."""
    last, same, give_up = "", 0, time.monotonic() + DEADLINE
    while same < looks and time.monotonic() < give_up:
        page.wait_for_timeout(LOOK)
        until_responsive(page)
        state = str(page.evaluate(_STATE))
        same = same + 1 if state == last and (traffic is None or traffic.is_quiet) else 0
        last = state
