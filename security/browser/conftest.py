"""What the browser's security checks share: a visitor who has signed in, and a foreign site."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState

from postflight.browser.policy_stranger import Stranger, stranger
from postflight.browser.visitor import signed_in_state
from postflight.model import Account, Deployment

Enter = Callable[[str], BrowserContext]


@pytest.fixture(scope="session")
def signed_in(
    browser: Browser, browser_context_args: dict[str, Any], deployment: Deployment, account: Callable[[str], Account]
) -> StorageState:
    """What a browser holds after a person has signed in through the page. Done once."""
    return signed_in_state(browser, browser_context_args, deployment.base_url, account("primary"))


@pytest.fixture
def enter(new_context: Callable[..., BrowserContext], request: pytest.FixtureRequest) -> Enter:
    """Open a recorded context that no guard watches: for somebody of this role, or for a stranger (empty)."""

    def open_context(role: str) -> BrowserContext:
        if not role:
            return new_context(guarded=False)
        return new_context(guarded=False, storage_state=request.getfixturevalue("signed_in"))

    return open_context


@pytest.fixture(scope="session")
def foreign_site() -> Iterator[Stranger]:
    """A site of another origin, on loopback."""
    with stranger() as site:
        yield site
