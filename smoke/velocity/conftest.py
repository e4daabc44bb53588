"""What Velocity's flows share. What a test creates carries the run's id and is removed, also when the test fails."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from platforms.velocity import PREFIX, Project, Session, Velocity
from postflight.browser.visitor import sign_in
from postflight.config import Budgets
from postflight.model import Account, Deployment
from postflight.probes.client import Client

NewProject = Callable[..., Project]
StartPreview = Callable[..., Session]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def primary(account: Callable[[str], Account]) -> Account:
    return account("primary")


@pytest.fixture(scope="session")
def token(api: Client, platform: Velocity, primary: Account) -> str:
    """A bearer token of the primary account."""
    return api.run(platform.sign_in(primary))


@pytest.fixture(scope="session")
def other_token(api: Client, platform: Velocity, account: Callable[[str], Account]) -> str:
    """A bearer token of another user, who must see nothing of the first one's."""
    return api.run(platform.sign_in(account("other")))


@pytest.fixture
def new_project(api: Client, platform: Velocity, token: str, run_id: str) -> Iterator[NewProject]:
    """A function that creates projects; they and their previews are removed afterwards."""
    created: list[Project] = []

    def create() -> Project:
        project = api.run(platform.create_project(token, f"{PREFIX}{run_id}-{next(_NUMBERS)}"))
        created.append(project)
        return project

    yield create
    for project in created:
        api.run(platform.remove_project(token, project.id))


@pytest.fixture
def project(new_project: NewProject) -> Project:
    return new_project()


@pytest.fixture(scope="session")
def give_up_after(budgets: Budgets) -> float:
    """Seconds until waiting for a preview ends: a little more than the budget allows, so that the budget decides."""
    budget = budgets.for_stage("velocity", "smoke").get("preview.ready")
    return budget.at_most.value * 1.2 if budget and budget.at_most else 60.0


@pytest.fixture
def start_preview(api: Client, platform: Velocity, token: str, give_up_after: float) -> Iterator[StartPreview]:
    """A function that starts a preview and waits until it is ready (not one that is to expire); ended afterwards."""
    started: list[Session] = []

    def start(project: Project, *, idle_seconds: int | None = None) -> Session:
        session = api.run(platform.start_preview(token, project.id, idle_seconds=idle_seconds))
        started.append(session)
        if idle_seconds is not None:  # it may have expired before it is seen to be ready
            return session
        ready = platform.wait_until_ready(token, session, within=give_up_after)
        return api.run(ready, deadline=give_up_after + 10)

    yield start
    for session in started:
        api.run(platform.end_preview(token, session.id))


@pytest.fixture
def signed_in(context: BrowserContext, deployment: Deployment, primary: Account) -> Page:
    """A page that has signed in as a person would."""
    page = context.new_page()
    sign_in(page, deployment.base_url, primary)
    return page
