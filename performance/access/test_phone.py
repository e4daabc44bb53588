"""P13-A1: a page works on a phone, and for who enlarges it."""

import pytest

from performance.access.conftest import PAGES, Visit
from performance.routes import Route
from postflight.browser.access.instrument import Instrument
from postflight.browser.access.layout import cut_when_enlarged, fits, phone, small_targets, small_texts
from postflight.checks.access.layout import misfit, too_small, viewport_fault
from postflight.checks.access.words import listed, tidy
from postflight.errors import PageTrouble
from postflight.model import Weakness

pytestmark = [pytest.mark.performance, pytest.mark.covers("P13-A1")]


@pytest.mark.parametrize("route", PAGES)
def test_page_fits_phones(route: Route, visit: Visit, browser_name: str) -> None:
    """The page does not scroll sideways on phones, nor at 400 % on a desk"""
    page = visit(route, **phone(browser_name))
    wrong = [words for fit in fits(page) if (words := misfit(fit))]
    if wrong:
        raise PageTrouble(
            f"The page does not fit a phone: {wrong[0]}",
            expected="nothing sticks out to the side at 320, 360 and 412 px",
            seen="\n".join(wrong),
            where=page.url,
        )


@pytest.mark.parametrize("route", PAGES)
def test_page_can_be_read_on_phones(route: Route, visit: Visit, browser_name: str, weaknesses: list[Weakness]) -> None:
    """Text on a phone is no smaller than 12 px, and zooming is not forbidden"""
    page = visit(route, **phone(browser_name))
    layout = Instrument(page, "Layout")
    wrong = [words for words in (viewport_fault(layout.ask("viewport")), too_small(small_texts(layout))) if words]
    if targets := small_targets(layout):
        told = f"Smaller than 24 x 24 px: {tidy(listed(targets), 300)}"
        weaknesses.append(Weakness("small-target", "info", "accessibility", tidy(targets[0]), told, where=page.url))
    if cut := cut_when_enlarged(page):
        told = f"Hides a part of its text when text is twice as large: {tidy(listed(cut), 300)}"
        weaknesses.append(Weakness("cut-at-200-percent", "low", "accessibility", tidy(cut[0]), told, where=page.url))
    if wrong:
        raise PageTrouble(
            f"The page is hard to read on a phone: {'; '.join(wrong)}",
            expected="text of 12 px and more, and a viewport that can be zoomed to 200 %",
            seen="\n".join(wrong),
            where=page.url,
        )
