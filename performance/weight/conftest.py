"""What the checks of weight share: one visit of each page with a cold cache, and the last release's files."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.weight import VIEWPORT, weigh
from postflight.checks.weight import transfer
from postflight.checks.weight.flaw import tell
from postflight.checks.weight.page import PageWeight
from postflight.checks.weight.release import FileWeight, Release, files_of
from postflight.errors import DeploymentFault, NotEnoughEvidence, PostflightError, UnexpectedAnswer
from postflight.model import Deployment
from postflight.pytest_plugin.run import Run

from ..routes import Route
from .handing import leave, read_last_release

Weighed = dict[tuple[str, int], PageWeight | Exception]
"""(route, which look at it) -> what it weighed, or why it was not weighed."""


@pytest.fixture(scope="session")
def weighed(run: Run) -> Iterator[Weighed]:
    """Yield what was weighed, and leave it among the reports for whoever verifies the next release."""
    pages: Weighed = {}
    yield pages
    whole = {name: page for (name, _look), page in pages.items() if isinstance(page, PageWeight) and not page.lost}
    files = [_told(file, run) for name, page in whole.items() for file in files_of(name, page)]
    if files:
        leave(run.reports, Release(f"run {run.run_id}", tuple(files), run.browser))


def _told(file: FileWeight, run: Run) -> FileWeight:
    return FileWeight(file.route, run.redactor.text(file.name), file.kind, file.wire, file.requests)


@pytest.fixture
def page_weight(
    request: pytest.FixtureRequest,
    route: Route,
    weighed: Weighed,
    browser: Browser,
    browser_context_args: dict[str, Any],
    deployment: Deployment,
) -> PageWeight:
    """Return what the page of this check weighs. Its checks share one visit, and those that are run again a second.

    Raises what ended the visit, for each of them; `NotEnoughEvidence` for a page that lacked something of its own.
    """
    look = (route.name, int(getattr(request.node, "execution_count", 1)))
    if look not in weighed:
        state = {"storage_state": request.getfixturevalue("signed_in")} if route.role else {}
        try:
            weighed[look] = _weigh(browser, browser_context_args | {"viewport": VIEWPORT, **state}, deployment, route)
        except (PostflightError, PlaywrightError) as error:
            if isinstance(error, DeploymentFault):
                error.causes = error.causes or (f"{route}: {error}",)  # of all its checks: told once
            weighed[look] = error
    page = weighed[look]
    if isinstance(page, Exception):
        raise page.with_traceback(None)
    if page.lost:
        raise _too_little(page)
    return page


def _weigh(browser: Browser, options: dict[str, Any], deployment: Deployment, route: Route) -> PageWeight:
    services = deployment.services.values()
    own = [urlsplit(url).netloc for one in services for url in (one.url, *one.regions.values())]
    where = f"{deployment.base_url}{route.path}"
    context = browser.new_context(**options)
    try:
        page = weigh(context, where, allowed=(*own, *(deployment.third_parties or ())))
    finally:
        with suppress(PlaywrightError):
            context.close()
    if route.role and urlsplit(page.url).path.rstrip("/") != route.path.rstrip("/"):
        raise UnexpectedAnswer(
            f"{route.path} was not shown to somebody who is signed in", expected=route.path, seen=page.url, where=where
        )
    return page


def _too_little(page: PageWeight) -> NotEnoughEvidence:
    missing = tell(transfer.lost(page))
    error = NotEnoughEvidence(
        f"the page was not weighed whole: {missing}", expected="all that it asks for", seen=missing, where=page.url
    )
    error.causes = (f"{page.url} lacked {missing}",)  # of all its checks: told once
    return error


@pytest.fixture(scope="session")
def last_release() -> Release | None:
    """Return the files of the last release, if there was one."""
    return read_last_release()
