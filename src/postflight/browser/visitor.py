"""Sign in through the page, as a person does."""

from playwright.sync_api import Page

from postflight.model import Account


def sign_in(page: Page, base_url: str, account: Account) -> None:
    """Fill in the form at `/login` and wait until it has led to `/projects`. Deadlines are those of the page."""
    page.goto(f"{base_url}/login")
    page.locator("input[name=email]").fill(account.email.reveal())
    page.locator("input[name=password]").fill(account.password.reveal())
    page.locator("button[type=submit]").click()
    page.wait_for_url("**/projects")
