"""Follows the link that skips what all pages of a site have in common."""

from dataclasses import dataclass

from playwright.sync_api import Page

from postflight.browser.access.arrival import rest
from postflight.browser.access.instrument import Instrument
from postflight.browser.access.keyboard import to_the_top


@dataclass(frozen=True, slots=True)
class Skipped:
    """What came of following a skip link. `target` is an id; `back_at` is what the next Tab went back to, or empty."""

    name: str
    target: str
    leads: bool
    back_at: str = ""


def follow_skip_link(page: Page) -> Skipped | None:
    """Follow the page's first link and press Tab, if it is one that skips something."""
    keyboard = Instrument(page, "Keyboard")
    to_the_top(page, keyboard)
    keyboard.ask("controls")
    page.keyboard.press("Tab")
    link = keyboard.ask("skips")
    if link is None:
        return None
    name, target = str(link["name"]), str(link["target"])
    if not link["found"]:
        return Skipped(name, target, leads=False)
    page.keyboard.press("Enter")
    rest(page)
    page.keyboard.press("Tab")
    return Skipped(name, target, leads=True, back_at=str(keyboard.ask("before", target)))
