"""What the checks of accessibility share: the pages, and a way to them for who may see them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from performance.routes import LANDING, ROUTES, Route
from postflight.browser.access.arrival import arrive, rest
from postflight.errors import UnexpectedAnswer
from postflight.model import Deployment

Visit = Callable[..., Page]
PAGES = (pytest.param(LANDING, id="landing"), *ROUTES[1:])
"""The landing page of any site, and Velocity's other pages."""


@pytest.fixture
def visit(new_context: Callable[..., BrowserContext], deployment: Deployment, request: pytest.FixtureRequest) -> Visit:
    """Open a route in a guarded context for who sees it, and wait until it rests: `visit(route, **context_options)`."""

    def open_page(route: Route, *, interact: bool = False, **options: Any) -> Page:
        if route.role:
            options["storage_state"] = request.getfixturevalue("signed_in")
        page = new_context(**options).new_page()
        url = f"{deployment.base_url}{route.path}"
        arrive(page, url)
        if route.role and not page.url.startswith(url):
            raise UnexpectedAnswer(
                f"{route.path} led who is signed in elsewhere", expected=url, seen=page.url, where=url
            )
        if interact and route.interact:
            route.interact(page)
            rest(page)
        return page

    return open_page
