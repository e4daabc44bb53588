"""Sign in through the page, as a person does."""

from typing import Any

from playwright.sync_api import Browser, Page, StorageState

from postflight.model import Account

DEADLINE = 10_000  # milliseconds for each step of signing in


def sign_in(page: Page, base_url: str, account: Account) -> None:
    """Fill in the form at `/login` and wait until it has led to `/projects`. Deadlines are those of the page."""
    page.goto(f"{base_url}/login")
    page.locator("input[name=email]").fill(account.email.reveal())
    page.locator("input[name=password]").fill(account.password.reveal())
    page.locator("button[type=submit]").click()
    page.wait_for_url("**/projects")


def signed_in_state(browser: Browser, options: dict[str, Any], base_url: str, account: Account) -> StorageState:
    """Return what a browser holds after a person has signed in. `options` are those of a context."""
    context = browser.new_context(**options)
    try:
        page = context.new_page()
        page.set_default_timeout(DEADLINE)
        sign_in(page, base_url, account)
        return context.storage_state()
    finally:
        context.close()
