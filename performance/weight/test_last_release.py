"""What a page weighs beside the last release that was promoted here, file by file."""

import pytest

from postflight.checks.weight.page import Kind, PageWeight
from postflight.checks.weight.release import Release, differences, files_of, growth, range_of_growth, tell_differences
from postflight.model import Unit
from postflight.pytest_plugin.fixtures import Exclude, Measure
from postflight.pytest_plugin.run import Run

from ..routes import Route
from .pages import each_page

pytestmark = [
    pytest.mark.performance,
    pytest.mark.covers("VEL-P3", "P13-L2"),
    pytest.mark.only_browser("chromium"),  # others have no protocol that tells what came over the network
    each_page,
]

GROWING = (Kind.SCRIPT, Kind.STYLE, Kind.IMAGE, Kind.FONT)
"""What a release brings. Documents and answers of the API hold what people have made, which grows by itself."""


@pytest.mark.measures("growth.script", "growth.style", "growth.image", "growth.font")
def test_growth(
    page_weight: PageWeight, route: Route, measure: Measure, last_release: Release | None, exclude: Exclude, run: Run
) -> None:
    """A page has not become much heavier than in the last release."""
    if last_release is None or not last_release.knows(route.name):
        exclude(
            "no release is known that was promoted here and has weighed this page: this one is the first, or no history"
            " can be read"
        )
    now = Release("now", files_of(route.name, page_weight), run.browser)
    for kind in GROWING:
        words = tell_differences(differences(last_release, now, route.name, kind))
        share = growth(last_release, now, route.name, kind)
        between = range_of_growth(share, last_release, now)
        changed = f", and with another browser (before: {last_release.browser or 'unknown'})" if between else ""
        cause = f"since {last_release.name}{changed}: {words}" if words else ""
        name = f"{route.name}.growth.{kind.value}"
        measure(name, share, unit=Unit.RATIO, where=page_weight.url, interval=between, cause=cause)
