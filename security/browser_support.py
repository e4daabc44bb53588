"""What the browser's security checks share: the deployment's real pages, and a visitor who has signed in."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from postflight.browser.policy_stranger import Stranger, stranger
from postflight.errors import UnexpectedAnswer
from postflight.model import Account, Deployment

velocity = pytest.mark.platform("velocity")

PAGES = (
    pytest.param("", "", id="landing"),
    pytest.param("/login", "", id="login", marks=velocity),
    pytest.param("/projects", "primary", id="projects", marks=velocity),
)
"""The real pages: path, and the role of the account that sees it (empty: anybody)."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A visitor who has signed in through the page. `token` is what the sign-in answered; `state` holds its cookies."""

    token: str
    state: dict[str, Any]


Enter = Callable[[str], BrowserContext]


@pytest.fixture(scope="session")
def visitor(
    browser: Browser,
    browser_context_args: dict[str, Any],
    deployment: Deployment,
    account: Callable[[str], Account],
) -> SignedIn:
    """Sign in as a person would, once."""
    primary = account("primary")
    context = browser.new_context(**browser_context_args)
    try:
        page = context.new_page()
        page.goto(f"{deployment.base_url}/login")
        page.locator("input[name=email]").fill(primary.email.reveal())
        page.locator("input[name=password]").fill(primary.password.reveal())
        with page.expect_response("**/api/auth/login") as answered:
            page.locator("button[type=submit]").click()
        token = _token(answered.value.text(), page.url)
        page.wait_for_url("**/projects")
        return SignedIn(token, dict(context.storage_state()))
    finally:
        context.close()


@pytest.fixture
def enter(new_context: Callable[..., BrowserContext], request: pytest.FixtureRequest) -> Enter:
    """Open a recorded context that no guard watches: for somebody of this role, or for a stranger (empty)."""

    def open_context(role: str) -> BrowserContext:
        if not role:
            return new_context(guarded=False)
        signed_in: SignedIn = request.getfixturevalue("visitor")
        return new_context(guarded=False, storage_state=signed_in.state)

    return open_context


@pytest.fixture(scope="session")
def foreign_site() -> Iterator[Stranger]:
    """A site of another origin, on loopback."""
    with stranger() as site:
        yield site


def _token(body: str, where: str) -> str:
    try:
        return str(json.loads(body)["token"])
    except (ValueError, KeyError, TypeError):
        raise UnexpectedAnswer("Signing in answered without a token", expected="token", where=where) from None
