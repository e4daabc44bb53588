"""The pages that are measured, who sees them, and what is done there."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

velocity = pytest.mark.platform("velocity")


@dataclass(frozen=True, slots=True)
class Route:
    """A page, and the role of the account that sees it (empty: anybody).

    `interact` does with it what people do: real clicks and real typing, without leaving it. For its picture,
    `masks` are selectors of what changes by itself, `without` of what comes and goes (docs/visual.md).
    """

    name: str
    path: str
    role: str = ""
    interact: Callable[[Page], None] | None = None
    masks: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def look_at_features(page: Page) -> None:
    page.get_by_role("link", name="See how it works").click()


def fill_in_sign_in(page: Page) -> None:
    page.locator("input[name=email]").click()
    page.keyboard.type("visitor")
    page.locator("input[name=password]").click()
    page.keyboard.type("nothing")


def name_a_project(page: Page) -> None:
    page.get_by_test_id("new-project-name").click()
    page.keyboard.type("never created")


PROJECTS = ("#projects", "[data-testid=projects-status]", "#more")  # how many there are, other checks decide
LANDING = Route("landing", "")
ROUTES = (
    pytest.param(Route("landing", "", interact=look_at_features), id="landing", marks=velocity),
    pytest.param(Route("login", "/login", interact=fill_in_sign_in), id="login", marks=velocity),
    pytest.param(
        Route("projects", "/projects", "primary", name_a_project, without=PROJECTS), id="projects", marks=velocity
    ),
)
