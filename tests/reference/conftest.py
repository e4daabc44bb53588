from collections.abc import Iterator

import httpx
import pytest

from tests.reference.running import Running, start


@pytest.fixture(scope="session")
def platform() -> Iterator[Running]:
    """A platform without faults, for everybody: leave the pool empty behind you."""
    with start("--pool", "2") as running:
        yield running


@pytest.fixture
def stranger(platform: Running) -> Iterator[httpx.Client]:
    with platform.client() as client:
        yield client


@pytest.fixture
def user(platform: Running) -> Iterator[httpx.Client]:
    with platform.sign_in() as client:
        yield client


@pytest.fixture
def other(platform: Running) -> Iterator[httpx.Client]:
    with platform.sign_in("other") as client:
        yield client


@pytest.fixture
def operator(platform: Running) -> Iterator[httpx.Client]:
    with platform.operator() as client:
        yield client


@pytest.fixture
def project(user: httpx.Client) -> Iterator[str]:
    """The id of a project of `user`. Deleting it ends its previews."""
    project_id = user.post("/api/projects", json={"name": "Test <1>"}).raise_for_status().json()["id"]
    yield project_id
    user.delete(f"/api/projects/{project_id}")
