"""P13-A1: what Velocity is for can be done by keyboard alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from platforms.velocity import PREFIX, Velocity
from postflight.browser.access.keyboard import tab_to
from postflight.model import Account, Deployment
from postflight.probes.client import Client

pytestmark = [
    pytest.mark.performance,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("P13-A1"),
    pytest.mark.needs("create"),
    pytest.mark.only_browser("chromium", "firefox"),  # Tab passes links by in WebKit
]


def test_main_flow_works_by_keyboard(
    page: Page, api: Client, platform: Velocity, deployment: Deployment, account: Callable[[str], Account], run_id: str
) -> None:
    """Somebody without a mouse signs in, creates a project, opens it and writes in it"""
    primary, name = account("primary"), f"{PREFIX}{run_id}-keyboard"
    token = api.run(platform.sign_in(primary))
    page.goto(f"{deployment.base_url}/login")
    tab_to(page, page.locator("input[name=email]"), "the field for the e-mail address")
    page.keyboard.type(primary.email.reveal())
    tab_to(page, page.locator("input[name=password]"), "the field for the password")
    page.keyboard.type(primary.password.reveal())
    tab_to(page, page.locator("button[type=submit]:enabled"), "the button to sign in")
    page.keyboard.press("Enter")
    page.wait_for_url("**/projects")
    try:
        tab_to(page, page.get_by_test_id("new-project-name"), "the field for a project's name")
        page.keyboard.type(name)
        tab_to(page, page.locator("[data-testid=create-project]:enabled"), "the button to create a project")
        page.keyboard.press("Space")
        tab_to(page, page.get_by_test_id("project").filter(has_text=name), "the link to the new project")
        page.keyboard.press("Enter")
        editor = page.get_by_test_id("editor")
        expect(editor).to_have_value(re.compile(re.escape(name)))
        expect(editor).to_be_enabled()
        tab_to(page, editor, "the editor")
        with page.expect_response(is_saved):  # only then may the project go
            page.keyboard.insert_text("Hello")
        expect(editor).to_have_value(re.compile("Hello"))
    finally:
        api.run(platform.remove_projects(token, name))


def is_saved(answer: Response) -> bool:
    """Whether this answers the editor's wish to keep the text."""
    return answer.request.method == "PUT" and "/files/" in answer.url
