"""What the checks of accessibility share: the pages, and a way to them for who may see them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from performance.routes import LANDING, ROUTES, Route, velocity
from platforms.velocity import PREFIX, Velocity
from postflight.browser.access.arrival import arrive, rest
from postflight.errors import DeploymentFault, PostflightError, UnexpectedAnswer
from postflight.model import Account, Deployment
from postflight.probes.client import Client

Visit = Callable[..., Page]
PAGES = (pytest.param(LANDING, id="landing"), *ROUTES[1:])
"""The landing page of any site, and Velocity's other pages."""

EDITOR = pytest.param(
    Route("editor", "/editor/{project}", "primary"), id="editor", marks=(velocity, pytest.mark.needs("create"))
)
"""Where Velocity's users spend their day. Its project is made for the check, and removed."""


@pytest.fixture
def project(api: Client, platform: Velocity, account: Callable[[str], Account], run_id: str) -> Iterator[str]:
    """The id of a project of the primary account."""
    token = api.run(platform.sign_in(account("primary")))
    made = api.run(platform.create_project(token, f"{PREFIX}{run_id}-access"))
    yield made.id
    api.run(platform.remove_project(token, made.id))


@pytest.fixture(scope="session")
def unseen() -> dict[tuple[str, int], Exception]:
    """Why a page did not come, by route and attempt: its other checks are told so, and do not wait for it again."""
    return {}


@pytest.fixture
def visit(
    new_context: Callable[..., BrowserContext],
    deployment: Deployment,
    request: pytest.FixtureRequest,
    unseen: dict[tuple[str, int], Exception],
) -> Visit:
    """Open a route in a guarded context for who sees it, and wait until it rests: `visit(route, **context_options)`."""

    def open_page(route: Route, *, interact: bool = False, **options: Any) -> Page:
        look = route.name, int(getattr(request.node, "execution_count", 1))
        if look in unseen:
            raise unseen[look].with_traceback(None)
        if route.role:
            options["storage_state"] = request.getfixturevalue("signed_in")
        project = request.getfixturevalue("project") if "{project}" in route.path else ""
        url = f"{deployment.base_url}{route.path.format(project=project)}"
        page = new_context(**options).new_page()
        try:
            arrive(page, url)
        except (PostflightError, PlaywrightError) as error:
            if isinstance(error, DeploymentFault):
                error.causes = error.causes or (f"{route}: {error}",)  # of all its checks: told once
            unseen[look] = error
            raise
        if route.role and not page.url.startswith(url):
            raise UnexpectedAnswer(
                f"{route.path} led who is signed in elsewhere", expected=url, seen=page.url, where=url
            )
        if interact and route.interact:
            route.interact(page)
            rest(page)
        return page

    return open_page
