"""P13-A1: who loses the network sees the page's own words, where the page has promised to have some."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from postflight.browser.access.offline import go_offline
from postflight.errors import PageTrouble
from postflight.model import Deployment
from postflight.pytest_plugin.fixtures import Exclude

pytestmark = [
    pytest.mark.performance,
    pytest.mark.covers("P13-A1"),
    pytest.mark.only_browser("chromium"),  # Playwright sees service workers in Chromium only
]


def test_page_answers_offline(
    new_context: Callable[..., BrowserContext], deployment: Deployment, exclude: Exclude
) -> None:
    """Without a network, the service worker answers and not the browser"""
    seen = go_offline(new_context(guarded=False), deployment.base_url)  # unguarded: its requests are meant to be lost
    if not seen.worker:
        exclude("the page registers no service worker: nothing is promised for when the network is gone")
    if not seen.answers_pages:
        exclude(f"the service worker {seen.worker} answers no page while there is a network: it promises none without")
    if seen.troubles:
        raise PageTrouble(
            f"Nobody answers offline: {seen.troubles[0]}",
            expected=f"an answer of the service worker {seen.worker}",
            seen="\n".join(seen.troubles),
            where=deployment.base_url,
        )
