"""What the checks of weight share: one visit of each page with a cold cache, and the last release's files."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from postflight.browser.weight import VIEWPORT, weigh
from postflight.checks.weight.page import PageWeight
from postflight.checks.weight.release import FileWeight, Release, files_of, from_json, to_json
from postflight.errors import CannotMeasure, UnexpectedAnswer
from postflight.model import Deployment
from postflight.pytest_plugin.run import Run
from postflight.stage_process import LAST_RELEASE_VARIABLE, WEIGHTS

from ..routes import Route

Weighed = dict[tuple[str, int], PageWeight]
"""(route, which look at it) -> what it weighed."""


@pytest.fixture(scope="session")
def weighed(run: Run) -> Iterator[Weighed]:
    """Yield what was weighed, and leave it among the reports for whoever verifies the next release."""
    pages: Weighed = {}
    yield pages
    first = {name: page for (name, _look), page in reversed(pages.items())}
    files = [_told(file, run) for name, page in first.items() for file in files_of(name, page)]
    if files:
        run.reports.mkdir(parents=True, exist_ok=True)
        (run.reports / WEIGHTS).write_text(to_json(Release(f"run {run.run_id}", tuple(files), run.browser)))


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
    """Return what the page of this check weighs. Its checks share one visit, and those that are run again a second."""
    look = (route.name, int(getattr(request.node, "execution_count", 1)))
    if look not in weighed:
        state = {"storage_state": request.getfixturevalue("signed_in")} if route.role else {}
        services = deployment.services.values()
        own = [urlsplit(url).netloc for one in services for url in (one.url, *one.regions.values())]
        context = browser.new_context(**browser_context_args | {"viewport": VIEWPORT, **state})
        try:
            page = weigh(
                context, f"{deployment.base_url}{route.path}", allowed=(*own, *(deployment.third_parties or ()))
            )
        finally:
            context.close()
        if route.role and urlsplit(page.url).path != route.path:
            raise UnexpectedAnswer(
                f"{route.path} was not shown to somebody who is signed in",
                expected=route.path,
                seen=page.url,
                where=f"{deployment.base_url}{route.path}",
            )
        weighed[look] = page
    return weighed[look]


@pytest.fixture(scope="session")
def last_release() -> Release | None:
    """Return the files of the last release: from the file that the gate names, or the person who runs the suite."""
    named = os.environ.get(LAST_RELEASE_VARIABLE, "")
    if not named:
        return None
    try:
        return from_json(Path(named).read_text())
    except (OSError, ValueError) as error:
        raise CannotMeasure(f"${LAST_RELEASE_VARIABLE} names {named}, which cannot be read: {error}") from error
