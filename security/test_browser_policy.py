"""P13-X1, P13-X2, VEL-X1: what the pages' policies are worth, in a real browser and with an attacker's markup in them."""

import pytest

from postflight.browser.guard import Guard
from postflight.browser.policy_verdict import DEMANDS, differences, let_through
from postflight.browser.policy_visit import visit
from postflight.browser.trouble import CSP
from postflight.errors import PageTrouble
from postflight.model import Deployment
from postflight.pytest_plugin.fixtures import Exclude
from security.browser_support import PAGES, Enter, enter, visitor

__all__ = ["enter", "visitor"]

pytestmark = [pytest.mark.security, pytest.mark.covers("VEL-X1", "P13-X1", "P13-X2")]


@pytest.mark.parametrize(("path", "role"), PAGES)
def test_page_obeys_its_own_policy(path: str, role: str, enter: Enter, deployment: Deployment) -> None:
    """The page's policy blocks nothing of the page itself"""
    context = enter(role)
    guard = Guard(context, base_url=deployment.base_url, today=deployment_today())
    page = context.new_page()
    page.goto(f"{deployment.base_url}{path}")
    page.wait_for_load_state("load")
    blocked = [trouble for trouble in guard.troubles() if trouble.kind == CSP]
    if blocked:
        raise PageTrouble(
            f"The page's policy blocks a part of the page: {blocked[0]}",
            expected="no violation on a page that nobody has tampered with",
            seen="\n".join(map(str, blocked)),
            where=page.url,
        )
