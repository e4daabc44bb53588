"""What the checks of performance share: a visitor who has signed in."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState

from postflight.browser.visitor import sign_in
from postflight.model import Account, Deployment

DEADLINE = 10_000
"""Milliseconds for each step of signing in."""


@pytest.fixture(scope="session")
def signed_in(
    browser: Browser, browser_context_args: dict[str, Any], deployment: Deployment, account: Callable[[str], Account]
) -> StorageState:
    """What a browser holds after a person has signed in through the page. Done once."""
    primary = account("primary")
    context = browser.new_context(**browser_context_args)
    try:
        page = context.new_page()
        page.set_default_timeout(DEADLINE)
        sign_in(page, deployment.base_url, primary)
        return context.storage_state()
    finally:
        context.close()
