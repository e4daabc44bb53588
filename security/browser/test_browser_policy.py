"""What the pages' policies are worth: in a real browser, with an attacker's markup in the pages' own answers."""

from collections.abc import Sequence

import pytest

from postflight.browser.policy_verdict import DEMANDS, differences, let_through
from postflight.browser.policy_visit import Visit, visit
from postflight.errors import PageTrouble
from postflight.model import Deployment
from postflight.pytest_plugin.fixtures import Exclude
from security.browser.conftest import Enter
from security.browser.pages import PAGES

pytestmark = [
    pytest.mark.security,
    pytest.mark.covers("VEL-X1", "P13-X1", "P13-X2"),
    pytest.mark.needs("inject"),
    pytest.mark.only_browser("chromium"),  # answers are changed by its protocol
]


@pytest.mark.parametrize(("path", "role"), PAGES)
def test_browser_does_what_the_policy_says(path: str, role: str, enter: Enter, deployment: Deployment) -> None:
    """The browser blocks and allows what the policy's text forbids and allows"""
    seen = visit(enter(role), f"{deployment.base_url}{path}")
    refuse(differences(seen), seen, "Browser and policy text disagree", "what the policy text says, for each probe")


@pytest.mark.parametrize(("path", "role"), PAGES)
def test_attacks_are_blocked(path: str, role: str, enter: Enter, deployment: Deployment, exclude: Exclude) -> None:
    """What the tier demands to be blocked is blocked, on the first visit and on the next"""
    if deployment.tier not in DEMANDS:
        exclude("deployments.yaml promises no tier of security headers here, so nothing is demanded")
    context, url = enter(role), f"{deployment.base_url}{path}"
    for number in ("first", "second"):
        seen = visit(context, url)
        came = let_through(seen, deployment.tier)
        words = f"On the {number} visit the browser lets through what tier {deployment.tier} demands to be blocked"
        refuse(came, seen, words, "all of it blocked")


def refuse(wrong: Sequence[str], seen: Visit, words: str, expected: str) -> None:
    """Raise `PageTrouble` if something is wrong, and show the policies that were in force."""
    if wrong:
        policies = "\n".join(map(str, seen.page.policies)) or "no policy"
        text = "\n".join((*wrong, f"policies: {policies}"))
        raise PageTrouble(f"{words}: {'; '.join(wrong)}", expected=expected, seen=text, where=seen.page.url)
