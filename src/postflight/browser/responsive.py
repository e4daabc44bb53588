"""Whether a page still answers: Playwright's `evaluate` has no deadline, and a script that never ends would hold it."""

from playwright.sync_api import Page


def until_responsive(page: Page) -> None:
    """Wait until the page answers. Raises Playwright's `TimeoutError` after the page's own deadline."""
    page.locator(":root").wait_for(state="attached")
