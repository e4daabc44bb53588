"""Whether a page still answers: keys, the mouse, `evaluate` and the protocol wait for it, and Playwright for ever."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from greenlet import greenlet
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.errors import PageTrouble
from postflight.model import Quantity, Unit

INTERVAL = 5.0  # seconds between two questions
LAST_QUESTION = 1000.0  # milliseconds for an answer when one of Playwright's own deadlines has passed


class PageHangs(PageTrouble):
    """The page no longer answers. Blame it only if this runner's own page does (`browser.vitals.control`)."""


def until_responsive(page: Page) -> None:
    """Wait until the page answers. Raises Playwright's `TimeoutError` after the page's own deadline."""
    page.locator(":root").wait_for(state="attached")


@contextmanager
def answering(page: Page, doing: str, *, deadline: float) -> Iterator[None]:
    """Give up the page when it does not answer for `deadline` milliseconds, whatever the block waits for.

    Meanwhile it is asked every few seconds. If there is no answer, its context is closed, which ends the block.
    `doing` continues the sentence "the page no longer answers". Raises `PageHangs`; errors of the block pass through.
    """
    watch = _Watch(page, deadline)
    try:
        yield
    except PlaywrightError as error:
        if watch.hangs or (isinstance(error, PlaywrightTimeout) and watch.sees_no_answer(LAST_QUESTION)):
            waited = Quantity(deadline / 1000, Unit.SECONDS)
            raise PageHangs(
                f"The page hangs: it no longer answers {doing}",
                expected=f"an answer within {waited}",
                seen="a main thread that is busy all the time: a script without an end?",
                where=page.url,
            ) from error
        raise
    finally:
        watch.end()


class _Watch:
    """Asks a page again and again, beside what its owner does: on the loop that runs while Playwright is waited for."""

    def __init__(self, page: Page, deadline: float) -> None:
        self.hangs = False
        self._page = page
        self._deadline = deadline
        self._ended = False
        self._sleep()

    def end(self) -> None:
        self._ended = True
        self._timer.cancel()

    def sees_no_answer(self, deadline: float) -> bool:
        """Ask, and wait for an answer. Closed by us in the meantime counts as none."""
        try:
            self._page.locator(":root").wait_for(state="attached", timeout=deadline)
        except PlaywrightTimeout:
            self.hangs = True
        except PlaywrightError:
            if not self.hangs:
                raise
        return self.hangs

    def _sleep(self) -> None:
        # as Playwright itself does with handlers of events: only in a greenlet of its own can it be waited for
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, lambda: greenlet(self._ask).switch())

    def _ask(self) -> None:
        try:
            silent = self.sees_no_answer(self._deadline)
            if silent and not self._ended:
                self._page.context.close()
            elif not self._ended:
                self._sleep()
        except PlaywrightError:  # closed already: there is nothing left to be asked
            return
