"""What the invariants of Velocity share. All that they create carries the run's id and is removed in the end."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from platforms.velocity import PREFIX, Velocity
from postflight.checks.invariants.exchange import Exchange
from postflight.checks.invariants.promises import Promises
from postflight.checks.openapi.document import Document
from postflight.flow import JSON
from postflight.model import Account, Deployment
from postflight.probes.client import Client
from postflight.pytest_plugin.state import EXCLUDED, RUN

from ..conftest import marked_safe, promised_document
from ..hold import Hold, hold
from .caller import Caller

__all__ = ["Hold", "hold"]

NewProject = Callable[..., Exchange]
DOCUMENT = Path(__file__).parents[1] / "velocity.openapi.yaml"
SIGN_IN = ("POST", "/api/auth/login")
_NUMBERS = itertools.count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what is asked with an account where nobody may sign in: before any fixture tries to."""
    run = item.config.stash.get(RUN, None)
    if run is None or run.deployment.permissions.may_fuzz or "token" not in getattr(item, "fixturenames", ()):
        return
    if not any(one.fits(*SIGN_IN) for one in marked_safe(run.deployment, promised_document(item.config))):
        label = " ".join(SIGN_IN)
        item.stash[EXCLUDED] = (
            f"it needs an account, and {label} is not marked as safe: `contract: {{safe: [{label}]}}`"
        )
        pytest.skip(item.stash[EXCLUDED])


@pytest.fixture(scope="session")
def promises(promised: Document) -> Promises:
    """What the document promises of each operation."""
    return Promises.of(promised)


@pytest.fixture(scope="session")
def token(
    api: Client, platform: Velocity, account: Callable[[str], Account], deployment: Deployment, mark: str
) -> Iterator[str]:
    """A bearer token of the primary account. In the end nothing that this process made is left."""
    token = api.run(platform.sign_in(account("primary")))
    yield token
    if deployment.permissions.may_create and deployment.permissions.may_fuzz:
        api.run(platform.remove_projects(token, mark))  # what a test could not know of: made twice, or by others


@pytest.fixture(scope="session")
def other_token(api: Client, platform: Velocity, account: Callable[[str], Account]) -> str:
    """A bearer token of another user, who must see nothing of the first one's."""
    return api.run(platform.sign_in(account("other")))


@pytest.fixture(scope="session")
def call(api: Client, promises: Promises, token: str) -> Caller:
    """Calls operations as the primary account."""
    return Caller(api, promises, token)


@pytest.fixture(scope="session")
def call_as_other(api: Client, promises: Promises, other_token: str) -> Caller:
    """Calls operations as the other account."""
    return Caller(api, promises, other_token)


@pytest.fixture(scope="session")
def call_as_stranger(api: Client, promises: Promises) -> Caller:
    """Calls operations without a token."""
    return Caller(api, promises)


@pytest.fixture(scope="session")
def mark(run_id: str) -> str:
    """What the names of this process's projects begin with: the run's id, so that `postflight cleanup` finds them."""
    return f"{PREFIX}{run_id}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-"


@pytest.fixture
def unique(mark: str) -> Callable[[], str]:
    """A function that makes names."""
    return lambda: f"{mark}{next(_NUMBERS)}"


@pytest.fixture
def new_project(call: Caller, unique: Callable[[], str]) -> Iterator[NewProject]:
    """A function that creates projects, with a unique name unless one is given. They are removed afterwards."""
    created: list[str] = []

    def create(**fields: JSON) -> Exchange:
        made = call("createProject", {"name": unique(), **fields})
        if 200 <= made.status < 300:
            created.append(made.response.json_object().text("id"))
        return made

    yield create
    for project in created:
        call("deleteProject", id=project)  # it may be gone by now; what is not, `token` removes in the end


@pytest.fixture
def project(new_project: NewProject) -> str:
    """The id of a project."""
    return new_project().response.expect(200, 201).json_object().text("id")


@pytest.fixture
def preview(call: Caller, api: Client, platform: Velocity, token: str, project: str) -> Iterator[str]:
    """The id of a preview, ended afterwards. A full pool is no evidence of anything."""
    started = api.run(platform.start_preview(token, project))
    yield started.id
    call("endPreview", sessionId=started.id)
