"""VEL-S2: somebody with an account gets in, and nobody else."""

import pytest
from playwright.sync_api import Page, expect

from platforms.velocity import Velocity
from postflight.browser.guard import Guard
from postflight.model import Account, Deployment
from postflight.probes.client import Client

pytestmark = [pytest.mark.smoke, pytest.mark.platform("velocity"), pytest.mark.covers("VEL-S2")]


def test_sign_in_yields_a_token(api: Client, platform: Velocity, primary: Account) -> None:
    """Signing in with the test account yields a token that opens the API"""
    token = api.run(platform.sign_in(primary))
    api.run(platform.list_projects(token))


def test_wrong_password_is_refused(api: Client, platform: Velocity, primary: Account, run_id: str) -> None:
    """A wrong password is refused"""
    api.run(platform.refuse_sign_in(primary.email.reveal(), f"wrong-{run_id}"))


def test_sign_in_page(signed_in: Page) -> None:
    """Signing in through the page leads to the projects"""
    expect(signed_in.get_by_test_id("create-project")).to_be_visible()


def test_sign_in_page_says_what_is_wrong(page: Page, guard: Guard, deployment: Deployment, primary: Account) -> None:
    """The sign-in page tells a wrong password apart from a broken page"""
    page.goto(f"{deployment.base_url}/login")
    page.locator("input[name=email]").fill(primary.email.reveal())
    page.locator("input[name=password]").fill("not the password")
    with guard.expecting("http", match="/api/auth/login"), guard.expecting("console", match="401"):
        page.locator("button[type=submit]").click()
        expect(page.get_by_test_id("login-error")).not_to_be_empty()
