"""A picture of what a page shows, where there is one to be had."""

from typing import Any

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.browser.responsive import until_responsive
from postflight.errors import NotEnoughEvidence


def picture(page: Page, **options: Any) -> bytes:
    """Return a screenshot. Raises `NotEnoughEvidence` for a page that answers, and of which none is drawn in time.

    That happens on a machine with too much to do, and where a font stays on its way: the deployment may be well.
    """
    until_responsive(page)
    try:
        return page.screenshot(**options)
    except PlaywrightTimeout as error:
        raise NotEnoughEvidence(
            f"{page.url} has no picture: the browser drew none in time ({error.message.splitlines()[0]})",
            expected="a picture",
            seen=error.message[:500],
            where=page.url,
        ) from error
