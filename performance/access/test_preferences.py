"""P13-A1: a page does what people asked their system for: dark colours, and little motion."""

import pytest

from performance.access.conftest import PAGES, Visit
from performance.routes import Route
from postflight.browser.access.darkness import light_behind
from postflight.browser.access.instrument import Instrument
from postflight.checks.access.preferences import DARK, Movement
from postflight.checks.access.words import listed
from postflight.errors import NotEnoughEvidence, PageTrouble
from postflight.pytest_plugin.fixtures import Exclude

pytestmark = [pytest.mark.performance, pytest.mark.covers("P13-A1")]


@pytest.mark.parametrize("route", PAGES)
def test_dark_page_is_dark(route: Route, visit: Visit, exclude: Exclude) -> None:
    """A page that says that it knows dark colours becomes dark where people ask for them"""
    page = visit(route, color_scheme="dark")
    declared = Instrument(page, "Preferences").ask("dark")
    if not declared:
        exclude("the page does not say that it knows dark colours")
    bright = light_behind(page)
    if bright is None:
        raise NotEnoughEvidence(f"{page.url}: pictures hide the background, so nobody can say whether it is dark")
    if bright > DARK:
        raise PageTrouble(
            f"The page stays light where people ask for dark colours: {declared} says that it knows them",
            expected=f"a background with a luminance of at most {DARK:g}",
            seen=f"luminance {bright:.2f}",
            where=page.url,
        )


@pytest.mark.parametrize("route", PAGES)
def test_motion_can_be_declined(route: Route, visit: Visit, exclude: Exclude) -> None:
    """What moves by itself for more than five seconds rests where people ask for less motion"""
    page = visit(route)
    if not Instrument(page, "Preferences").ask("moving"):
        exclude("nothing on the page moves by itself for longer than five seconds")
    page = visit(route, reduced_motion="reduce")  # opened anew: scripts ask for it once, when they begin
    moving = [str(Movement(**told)) for told in Instrument(page, "Preferences").ask("moving")]
    if moving:
        raise PageTrouble(
            f"The page moves although people ask for less motion: {listed(moving, 3)}",
            expected="nothing moves for more than five seconds under prefers-reduced-motion: reduce",
            seen="\n".join(moving),
            where=page.url,
        )
