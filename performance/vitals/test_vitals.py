"""Web Vitals: what people feel on a phone and at a desk, and why. How it is decided: docs/performance.md."""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.browser.evidence import safe_name
from postflight.browser.vitals.control import Control
from postflight.browser.vitals.fingerprint import fingerprint
from postflight.browser.vitals.profiles import PROFILES, Profile
from postflight.browser.vitals.returning import Returning
from postflight.browser.vitals.series import UNTOLD, Series
from postflight.checks.vitals import Vitals
from postflight.config.budgets import Budgets
from postflight.errors import PageTrouble
from postflight.exhibits import Frame, Mark, Request, make_filmstrip, make_waterfall
from postflight.model import Deployment
from postflight.pytest_plugin.fixtures import Measure, Show
from postflight.pytest_plugin.run import Run

from ..routes import ROUTES, Route
from .laboratory import Laboratory, metric_of

pytestmark = pytest.mark.performance
ATTEMPT = 1000.0  # milliseconds for a link of an unknown page to be there for a click


def look_around(page: Page) -> None:
    """Fits any landing page: a key, and a click on a link within the page where there is one that can be clicked.

    What lies over it (a banner about cookies) or keeps it out of sight (a link that skips to the content) is no fault.
    """
    page.keyboard.press("Tab")
    within = page.locator("main a[href^='#']:visible")
    if within.count():
        with suppress(PlaywrightTimeout):
            within.first.click(trial=True, timeout=ATTEMPT)
            within.first.click()


LANDING = pytest.param(Route("landing", "", interact=look_around), id="landing")
PAGES = (LANDING, *(page for page in ROUTES if page.id != "landing"))


def cells(*names: str) -> pytest.MarkDecorator:
    """Each page by each kind of visitor, and the metrics that the check announces for it."""
    return pytest.mark.parametrize(
        ("route", "profile"),
        [
            pytest.param(
                *page.values,
                profile,
                id=f"{page.id}-{profile.name}",
                marks=[*page.marks, pytest.mark.measures(*(f"{profile.name}.{name}" for name in names))],
            )
            for page in PAGES
            for profile in PROFILES
        ],
    )


@pytest.fixture(scope="session")
def laboratory(
    browser: Browser,
    browser_context_args: dict[str, Any],
    deployment: Deployment,
    budgets: Budgets,
    request: pytest.FixtureRequest,
) -> Iterator[Laboratory]:
    """Where pages are visited."""

    def options(route: Route) -> dict[str, Any]:
        if not route.role:
            return browser_context_args
        return {**browser_context_args, "storage_state": request.getfixturevalue("signed_in")}

    limits = list(budgets.for_stage(deployment.platform, "performance").values())
    with Control(browser) as control:
        yield Laboratory(browser, control, deployment, limits, options)


Tell = Callable[..., Series]


@pytest.fixture
def tell(laboratory: Laboratory, measure: Measure, request: pytest.FixtureRequest, run: Run) -> Tell:
    """Return `tell(route, profile, *names)`: visit, and say what was measured of these metrics."""

    def say(route: Route, profile: Profile, *names: str) -> Series:
        series = laboratory.series(route, profile, attempt(request))
        kind = fingerprint(run.browser, profile.name)
        limits = laboratory.limits(route, profile)
        for name in names:
            reading, limit = series.reading(name), limits.get(name, math.inf)
            measure(
                metric_of(route, profile, name),
                *reading.values,
                unit=reading.metric.unit,
                where=f"{laboratory.url(route)} ({kind})",
                interval=reading.interval,
                cause=series.cause(name, limit),
                repeated=series.of_one_mind(name, limit),
            )
        return series

    return say


def attempt(request: pytest.FixtureRequest) -> int:
    """How often this check has been run, with this time: a failing one is run once more."""
    return int(getattr(request.node, "execution_count", 1))


@pytest.mark.covers("P13-P1")
@cells("ttfb", "fcp", "lcp")
def test_page_appears_in_time(
    route: Route,
    profile: Profile,
    tell: Tell,
    laboratory: Laboratory,
    exhibit: Show,
    run: Run,
    request: pytest.FixtureRequest,
) -> None:
    """The page's first byte, first paint and largest paint come in time"""
    series = tell(route, profile, "ttfb", "fcp", "lcp")
    title = f"{route.name} for {profile.name}"
    exhibit(waterfall(title, series.visits[0]))
    returning = laboratory.returning(route, profile, attempt(request))
    frames = keep_film(run, f"{route.name}-{profile.name}", returning)
    exhibit(make_filmstrip(title, frames, note="of a visit of its own: filming takes time"))


@pytest.mark.covers("P13-P1")
@cells("cls")
def test_page_holds_still(route: Route, profile: Profile, tell: Tell) -> None:
    """Nothing that is shown moves, unless somebody asked for it"""
    tell(route, profile, "cls")


@pytest.mark.covers("P13-P1")
@cells("inp")
def test_page_answers_input_in_time(route: Route, profile: Profile, tell: Tell) -> None:
    """A click or a key is answered by a new frame in time"""
    tell(route, profile, "inp")


@pytest.mark.covers("P13-P1")
@cells("cpu", "tbt")
def test_page_spares_the_processor(route: Route, profile: Profile, tell: Tell) -> None:
    """The page's main thread works no longer than it may"""
    tell(route, profile, "cpu", "tbt")


@pytest.mark.covers("P13-P1")
@cells("warm_lcp")
def test_page_can_be_returned_to(
    route: Route, profile: Profile, laboratory: Laboratory, measure: Measure, request: pytest.FixtureRequest
) -> None:
    """Nothing forbids the browser to keep the page for the way back"""
    returning = laboratory.returning(route, profile, attempt(request))
    warm = () if returning.warm is None else (returning.warm,)
    name, cause = metric_of(route, profile, "warm_lcp"), "" if warm else UNTOLD
    measure(name, *warm, where="a reload; shown, decides nothing", cause=cause)
    if returning.unload_handlers:
        raise PageTrouble(
            f"The page listens to `unload`, so no browser keeps it for an instant way back:"
            f" {', '.join(returning.unload_handlers)}",
            expected="no listener to unload (pagehide does the same and forbids nothing)",
            seen=", ".join(returning.unload_handlers),
            where=laboratory.url(route),
        )


def waterfall(title: str, vitals: Vitals) -> Any:
    """What a visit loaded, and when it painted."""
    document = Request(vitals.url, "document", 0.0, vitals.ttfb.at, vitals.ttfb.at)
    files = [
        Request(each.path, each.initiator, each.asked, each.there, note="blocks rendering" if each.blocking else "")
        for each in vitals.arrivals
    ]
    moments = {"FCP": vitals.fcp, "LCP": None if vitals.lcp is None else vitals.lcp.at, "load": vitals.load}
    marks = [Mark(name, at) for name, at in moments.items() if at is not None]
    return make_waterfall(title, (document, *files), marks)


def keep_film(run: Run, name: str, returning: Returning) -> list[Frame]:
    """Write the film's frames to the reports."""
    folder = f"evidence/{safe_name(name)}"
    (run.reports / folder).mkdir(parents=True, exist_ok=True)
    frames = []
    for number, frame in enumerate(returning.film, start=1):
        path = f"{folder}/{number:02}.jpg"
        (run.reports / path).write_bytes(frame.picture)
        frames.append(Frame(path, frame.at))
    return frames
