"""What pages show without anybody tampering with them: violations of their own, mixed content, readable cookies."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page

from postflight.browser.guard import Guard
from postflight.browser.trouble import CSP, MIXED_CONTENT, Trouble
from postflight.checks.cookies import SetCookie, parse
from postflight.errors import PageTrouble
from postflight.model import Deployment
from postflight.pytest_plugin.fixtures import Exclude
from security.browser.conftest import Enter
from security.browser.pages import PAGES

pytestmark = pytest.mark.security


@pytest.mark.covers("VEL-X1", "P13-X1")
@pytest.mark.parametrize(("path", "role"), PAGES)
def test_page_obeys_its_own_policy(path: str, role: str, enter: Enter, deployment: Deployment) -> None:
    """The page's policy blocks nothing of the page itself"""
    page, troubles = look(enter, role, deployment, path)
    refuse(troubles, CSP, page, "The page's policy blocks a part of the page")


@pytest.mark.covers("VEL-X2")
@pytest.mark.parametrize(("path", "role"), PAGES)
def test_page_has_no_mixed_content(
    path: str, role: str, enter: Enter, deployment: Deployment, exclude: Exclude
) -> None:
    """A page served over HTTPS loads nothing over HTTP"""
    if not deployment.base_url.startswith("https:"):
        exclude("served over plain HTTP: nothing can be mixed into it")
    page, troubles = look(enter, role, deployment, path)
    refuse(troubles, MIXED_CONTENT, page, "The page asks for something over plain HTTP")


@pytest.mark.covers("P13-X5")
@pytest.mark.platform("velocity")
def test_session_is_hidden_from_scripts(enter: Enter, deployment: Deployment) -> None:
    """No script of a page can read the session's cookie, nor a copy of it"""
    context = enter("primary")
    page = context.new_page()
    page.goto(f"{deployment.base_url}/projects")
    hidden = {cookie["value"] for cookie in context.cookies() if cookie["httpOnly"]}
    shown = [parse(pair) for pair in str(page.evaluate("document.cookie")).split(";")]
    cookies = [cookie for cookie in shown if isinstance(cookie, SetCookie)]
    readable = sorted(cookie.name for cookie in cookies if cookie.is_session or cookie.value in hidden)
    if readable:
        raise PageTrouble(
            f"Scripts can read the session: document.cookie shows {', '.join(readable)}",
            expected="HttpOnly on each cookie that holds the session",
            seen=f"{', '.join(readable)} (values not shown)",
            where=page.url,
        )


def look(enter: Enter, role: str, deployment: Deployment, path: str) -> tuple[Page, tuple[Trouble, ...]]:
    """Open a page and return what its guard has to tell."""
    context = enter(role)
    guard = Guard(
        context,
        allowed=deployment.allowed_trouble,
        base_url=deployment.base_url,
        today=datetime.now(UTC).date(),
    )
    page = context.new_page()
    page.goto(f"{deployment.base_url}{path}")
    return page, guard.troubles()


def refuse(troubles: tuple[Trouble, ...], kind: str, page: Page, words: str) -> None:
    """Raise `PageTrouble` for the troubles of this kind that nobody has allowed."""
    found = [trouble for trouble in troubles if trouble.kind == kind and not trouble.allowed]
    if found:
        seen = "\n".join(map(str, found))
        raise PageTrouble(f"{words}: {found[0]}", expected="none", seen=seen, where=page.url)
