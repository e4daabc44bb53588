"""What the checks of performance share: a visitor who has signed in."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState

from postflight.browser.visitor import signed_in_state
from postflight.model import Account, Deployment


@pytest.fixture(scope="session")
def signed_in(
    browser: Browser, browser_context_args: dict[str, Any], deployment: Deployment, account: Callable[[str], Account]
) -> StorageState:
    """What a browser holds after a person has signed in through the page. Done once."""
    return signed_in_state(browser, browser_context_args, deployment.base_url, account("primary"))
