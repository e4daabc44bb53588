"""`postflight cleanup` removes what an interrupted run left, and nothing else."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from platforms.velocity import PREFIX, Velocity
from postflight.config import load_deployments, resolve
from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import ROOT, Result, run_process
from tests.e2e.conftest import POSTFLIGHT

RunSuite = Callable[..., Result]

KILLED = """
import os, signal
from platforms.velocity import PREFIX
def test_preview(api, platform, account, run_id):
    token = api.run(platform.sign_in(account("primary")))
    project = api.run(platform.create_project(token, f"{PREFIX}{run_id}-1"))
    api.run(platform.start_preview(token, project.id))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def ready() -> Iterator[str]:
    with reference_platform() as line:
        yield line


@pytest.fixture
def deployment(ready: str) -> Deployment:
    return resolve(load_deployments(ROOT / "deployments.yaml"), environment="reference", environ={}, ready=ready)


def test_what_a_killed_run_left_is_removed(run_suite: RunSuite, ready: str, deployment: Deployment) -> None:
    platform = Velocity()
    with Client(deployment, "test") as client:
        token = client.run(platform.sign_in(deployment.accounts["primary"]))
        own = client.run(platform.create_project(token, "a shop that somebody works on"))
        session = client.run(platform.start_preview(token, own.id))

        run = run_suite(KILLED, "--environment", "reference", env={READY_VARIABLE: ready})
        assert run.exit_code == -9, run.output
        left = [project for project in client.run(platform.list_projects(token)) if project.name.startswith(PREFIX)]
        assert len(left) == 1
        assert {left[0].id, own.id} == {preview.project_id for preview in client.run(platform.list_previews(token))}

        assert "nothing was left behind" in _cleanup(ready, "--run", "20200101T000000-abcdef").output
        result = _cleanup(ready)
        assert result.exit_code == 0, result.output
        assert left[0].name in result.output

        assert [project.id for project in client.run(platform.list_projects(token))] == [own.id]
        assert [preview.id for preview in client.run(platform.list_previews(token))] == [session.id]
        assert "nothing was left behind" in _cleanup(ready).output


def test_a_platform_that_is_not_there_is_no_clean_place(ready: str) -> None:
    line = json.dumps(json.loads(ready) | {"web": "http://127.0.0.1:9"})
    result = _cleanup(line)
    assert result.exit_code == 30
    assert "could not clean up: 127.0.0.1:9 refuses connections" in result.output


def test_without_its_accounts_it_does_not_say_that_all_is_clean() -> None:
    command = [*POSTFLIGHT, "cleanup", "--platform", "velocity", "--environment", "staging"]
    result = run_process(*command, reports=Path("unused"))
    assert result.exit_code == 30
    assert "$VELOCITY_STAGING_EMAIL" in result.output


def _cleanup(ready: str, *arguments: str) -> Result:
    command = [*POSTFLIGHT, "cleanup", "--environment", "reference", *arguments]
    return run_process(*command, reports=Path("unused"), env={READY_VARIABLE: ready})
