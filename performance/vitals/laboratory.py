"""Measures each page once for all checks that ask about it: visits until the page's limits are decided."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

from postflight.browser.vitals.control import Control
from postflight.browser.vitals.profiles import Profile
from postflight.browser.vitals.returning import Returning, come_back
from postflight.browser.vitals.series import METRICS, Series, repeat
from postflight.browser.vitals.visit import visit
from postflight.checks.budget import fits
from postflight.errors import DeploymentFault
from postflight.model import Budget, Deployment

from ..routes import Route

Key = tuple[str, str, int]


@dataclass
class Laboratory:
    """One browser's visits. `attempt` counts a check's own repetitions: what failed is measured anew."""

    browser: Browser
    control: Control
    deployment: Deployment
    budgets: list[Budget]
    options: Callable[[Route], dict[str, Any]]
    _series: dict[Key, Series] = field(default_factory=dict)
    _returning: dict[Key, Returning] = field(default_factory=dict)
    _failed: dict[Key, Exception] = field(default_factory=dict)

    def series(self, route: Route, profile: Profile, attempt: int) -> Series:
        """Return the visits to a page. If they failed, all checks of the page are told so, and do not wait again."""
        key = route.name, profile.name, attempt
        if key in self._failed:
            raise self._failed[key].with_traceback(None)
        if key not in self._series:
            url, options = self.url(route), self.options(route)
            interact = route.interact or press_tab
            try:
                with self.control.vouching():
                    self._series[key] = repeat(
                        lambda: visit(self.browser, url, profile, options=options, interact=interact),
                        self.limits(route, profile),
                        self.control,
                    )
            except Exception as error:
                if isinstance(error, DeploymentFault):  # one finding for it, not one from each check of the page
                    error.causes = (f"{route} for {profile}: {error}",)
                self._failed[key] = error
                raise
        return self._series[key]

    def returning(self, route: Route, profile: Profile, attempt: int) -> Returning:
        """Return what became of a visitor who came back."""
        key = route.name, profile.name, attempt
        if key not in self._returning:
            with self.control.vouching():
                self._returning[key] = come_back(self.browser, self.url(route), profile, options=self.options(route))
        return self._returning[key]

    def limits(self, route: Route, profile: Profile) -> dict[str, float]:
        """Return metric -> at most, of what is limited here."""
        found: dict[str, float] = {}
        for name in METRICS:
            fitting = [b for b in self.budgets if b.at_most and fits(metric_of(route, profile, name), b.metric)]
            if fitting:
                found[name] = max(fitting, key=lambda budget: len(budget.metric)).at_most.value
        return found

    def url(self, route: Route) -> str:
        return f"{self.deployment.base_url}{route.path}"


def metric_of(route: Route, profile: Profile, name: str) -> str:
    """Return the metric's full name: `landing.mobile.lcp`."""
    return f"{route.name}.{profile.name}.{name}"


def press_tab(page: Page) -> None:
    """The interaction that every page stands."""
    page.keyboard.press("Tab")
