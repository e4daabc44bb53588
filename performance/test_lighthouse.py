"""Lighthouse's performance score of the pages for which deployments.yaml asks for one."""

from collections import defaultdict
from collections.abc import Callable, Collection

import pytest

from postflight.browser.find import Browser, find_browser
from postflight.browser.lighthouse import VERSION, Files, find_lighthouse, run_lighthouse
from postflight.browser.signed_in_browser import signed_in_browser
from postflight.browser.spki import launch_arguments
from postflight.checks.budget import fits
from postflight.checks.lighthouse import Report, is_open, median_interval, parse_report
from postflight.config.budgets import Budgets
from postflight.errors import CannotMeasure, ConfigError
from postflight.model import Account, Deployment, Unit
from postflight.pytest_plugin.fixtures import Exclude, Keep, Measure
from postflight.pytest_plugin.run import Run
from postflight.redact import Redactor

from .routes import LANDING, ROUTES, Route

pytestmark = pytest.mark.performance

PAGES = (pytest.param(LANDING, id=LANDING.name), *(given for given in ROUTES if given.values[0].name != LANDING.name))
Examine = Callable[[Route], Files]


@pytest.fixture(scope="session")
def asked(deployment: Deployment) -> tuple[str, ...]:
    """Return the pages for which a score is asked."""
    known = [given.values[0].name for given in PAGES if is_of(deployment.platform, given.marks)]
    if unknown := sorted(set(deployment.lighthouse).difference(known)):
        raise ConfigError(
            f"deployments.yaml asks for Lighthouse on {', '.join(unknown)}: known are {', '.join(known)}, the pages of"
            f" performance/routes.py that {deployment.platform} has",
            where="deployments.yaml",
        )
    return deployment.lighthouse


@pytest.fixture(scope="session")
def chromium() -> Browser:
    return find_browser()


@pytest.fixture(scope="session")
def runs() -> defaultdict[str, list[tuple[Report, Files]]]:
    """Return the runs of each page. They are repeats already: a second attempt goes on where the first ended."""
    return defaultdict(list)


@pytest.fixture
def examine(
    deployment: Deployment, account: Callable[[str], Account], run: Run, request: pytest.FixtureRequest
) -> Examine:
    """Return a function that runs Lighthouse once on a page, as who sees it."""

    def once(route: Route) -> Files:
        lighthouse, url = find_lighthouse(), deployment.base_url + route.path
        chromium: Browser = request.getfixturevalue("chromium")  # not looked for where nobody asks for a score
        flags, headers = launch_arguments(deployment), {"X-Postflight-Run": run.run_id}
        if not route.role:
            return run_lighthouse(lighthouse, url, chromium, flags=flags, headers=headers)
        who, playwright = account(route.role), request.getfixturevalue("playwright")
        with signed_in_browser(
            playwright, chromium, deployment.base_url, who, run.redactor, flags=flags, headers=headers
        ) as port:
            return run_lighthouse(lighthouse, url, chromium, port=port, headers=headers)

    return once


@pytest.mark.covers("VEL-P2", "P13-P1")
@pytest.mark.measures("lighthouse.performance")
@pytest.mark.parametrize("route", PAGES)
def test_lighthouse_score(
    request: pytest.FixtureRequest,
    route: Route,
    asked: tuple[str, ...],
    runs: defaultdict[str, list[tuple[Report, Files]]],
    examine: Examine,
    deployment: Deployment,
    budgets: Budgets,
    run: Run,
    measure: Measure,
    exclude: Exclude,
    keep: Keep,
) -> None:
    """Lighthouse's performance score."""
    if route.name not in asked:
        exclude(f"deployments.yaml asks for no score of it here (`lighthouse: [{route.name}]`)")
    metric, url = f"{route.name}.lighthouse.performance", deployment.base_url + route.path
    at_least = limit_of(metric, deployment, budgets)
    made = runs[route.name]
    while is_open([report.score for report, _ in made], at_least):
        files = examine(route)
        try:
            made.append((parse_report(files.json, url, signed_in=bool(route.role)), files))
        except CannotMeasure:
            keep_report(keep, run.redactor, "unusable", files)  # it says why
            raise
    ordered = sorted(made, key=lambda one: one[0].score)
    middle, files = ordered[(len(ordered) - 1) // 2]
    keep_report(keep, run.redactor, "median", files)
    scores = [report.score for report, _ in made]
    chromium: Browser = request.getfixturevalue("chromium")
    measure(
        metric,
        *scores,
        unit=Unit.COUNT,
        where=url,
        interval=median_interval(scores),
        cause=", ".join(middle.losses),
        browser=f"Lighthouse {VERSION} in {chromium.kind} {chromium.version}",
    )


def is_of(platform: str, marks: Collection[pytest.Mark | pytest.MarkDecorator]) -> bool:
    """Return whether a page with these marks is a page of this platform."""
    return all(platform in mark.args for mark in marks if mark.name == "platform")


def limit_of(metric: str, deployment: Deployment, budgets: Budgets) -> float | None:
    """Return the limit that the score is held against, or None where there is none."""
    held = budgets.for_stage(deployment.platform, "performance").values()
    fitting = [budget for budget in held if budget.at_least and fits(metric, budget.metric)]
    limit = max(fitting, key=lambda budget: len(budget.metric)).at_least if fitting else None
    return limit.value if limit else None


def keep_report(keep: Keep, redactor: Redactor, which: str, files: Files) -> None:
    """Keep one run's reports with the finding."""
    keep(f"lighthouse-{which}.html", redactor.bytes(files.html))
    keep(f"lighthouse-{which}.json", redactor.bytes(files.json))
