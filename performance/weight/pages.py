"""The pages that are weighed, and how a rule's flaws become a measurement."""

from collections.abc import Sequence

import pytest

from postflight.checks.weight.flaw import Flaw, tell
from postflight.checks.weight.page import PageWeight
from postflight.model import Unit
from postflight.pytest_plugin.fixtures import Measure

from ..routes import LANDING, ROUTES, Route

each_page = pytest.mark.parametrize(
    "route", [pytest.param(LANDING, id="landing"), *(one for one in ROUTES if one.id != LANDING.name)]
)
"""The landing page of any site, and the other pages of those that are known."""


class Telling:
    """Says what was counted on one page, and what makes it so."""

    def __init__(self, measure: Measure, route: Route, page: PageWeight) -> None:
        self._measure = measure
        self._route = route
        self._page = page

    def say(self, metric: str, value: float, unit: Unit = Unit.COUNT, *, because: Sequence[Flaw] = ()) -> None:
        """Measure one number of this page. `because` are its causes, which a broken limit names."""
        self._measure(f"{self._route.name}.{metric}", value, unit=unit, where=self._page.url, cause=tell(because))
