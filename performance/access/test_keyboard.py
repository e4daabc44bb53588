"""P13-A1: who cannot point at things reaches everything by Tab, sees where the focus is, and is held nowhere."""

import pytest
from playwright.sync_api import Page

from performance.access.conftest import EDITOR, PAGES, Visit
from performance.routes import Route
from postflight.browser.access.instrument import Instrument
from postflight.browser.access.keyboard import unseen, walk
from postflight.browser.access.skip_link import follow_skip_link
from postflight.checks.access.keyboard import disordered, trapped, unreached
from postflight.checks.access.words import listed, tidy
from postflight.errors import NotEnoughEvidence, PageTrouble
from postflight.model import Weakness
from postflight.pytest_plugin.fixtures import Exclude

pytestmark = [
    pytest.mark.performance,
    pytest.mark.covers("P13-A1"),
    pytest.mark.only_browser("chromium", "firefox"),  # Tab passes links by in WebKit, as Safari's users like it
]


@pytest.mark.parametrize("route", [*PAGES, EDITOR])
def test_everything_is_reached_by_keyboard(route: Route, visit: Visit, weaknesses: list[Weakness]) -> None:
    """Tab reaches all that can be operated, in the order of the page, and is held nowhere"""
    page = visit(route)
    keyboard = Instrument(page, "Keyboard")
    hints = keyboard.ask("hints")
    way = walk(page, keyboard)
    if trap := trapped(way):
        refuse(page, "Who uses the keyboard is caught", [trap], "Tab goes through the page and leaves it")
    if not way.whole and unreached(way):  # of a page without end, what it shows at first is enough
        raise NotEnoughEvidence(f"{page.url}: the way by Tab was given up after {len(way.stops)} stops")
    refuse(page, "The keyboard does not reach everything", unreached(way), "Tab reaches all that can be operated")
    refuse(page, "The order of the focus is confused", disordered(way), "Tab goes the way in which people read")
    if hints:
        told = f"Looks as if it could be clicked, and the keyboard does not come to it: {tidy(listed(hints), 300)}"
        weaknesses.append(Weakness("keyboard-hint", "info", "accessibility", tidy(hints[0]), told, where=page.url))


@pytest.mark.parametrize("route", PAGES)
def test_focus_is_seen(route: Route, visit: Visit, weaknesses: list[Weakness]) -> None:
    """What has the focus looks different from what has not"""
    page = visit(route)
    keyboard = Instrument(page, "Keyboard")
    way = walk(page, keyboard)
    looks = unseen(page, keyboard)
    where = [f"{name} looks the same with the focus and without" for name in looks.controls]
    refuse(page, "The focus cannot be seen", where, "an outline, a border or other colours on what has the focus")
    if not way.stops and any(control.seen for control in way.controls):
        raise NotEnoughEvidence(f"{page.url}: nothing took the focus, so nothing can be said of how it looks")
    for name in looks.fields:
        told = "Only its caret shows that a field has the focus"
        weaknesses.append(Weakness("focus-only-by-caret", "low", "accessibility", name, told, where=page.url))


@pytest.mark.parametrize("route", PAGES)
def test_skip_link_leads_to_the_content(route: Route, visit: Visit, exclude: Exclude) -> None:
    """The link that skips what all pages have in common leads to the content"""
    page = visit(route)
    skipped = follow_skip_link(page)
    if skipped is None:
        exclude(
            "the page has no skip link: headings and landmarks may serve instead, which axe's rule 'bypass' decides"
        )
    name, target = f"The skip link {tidy(skipped.name)}", tidy(skipped.target)
    if not skipped.leads:
        refuse(page, f"{name} leads nowhere", [f"there is no element with id={target}"], "an element of that id")
    if skipped.back_at:
        went = f"the next Tab after it goes to {tidy(skipped.back_at)}, before #{target}"
        refuse(page, f"{name} does not take the focus along", [went], f"the focus behind #{target}")


def refuse(page: Page, words: str, wrong: tuple[str, ...] | list[str], expected: str) -> None:
    """Raise `PageTrouble` if something is wrong."""
    if wrong:
        raise PageTrouble(f"{words}: {listed(wrong, 3)}", expected=expected, seen="\n".join(wrong[:50]), where=page.url)
