"""VEL-S4, S5, S6, S8, S9: previews start, serve the right project, end, expire, stay private, and are bounded."""

import time

import pytest

from platforms.velocity import Project, Session, Velocity
from postflight.errors import ConfigError, UnexpectedAnswer
from postflight.flow import cut
from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Exclude, Measure

from .conftest import NewProject, StartPreview

pytestmark = [
    pytest.mark.smoke,
    pytest.mark.platform("velocity"),
    pytest.mark.needs("create"),
    pytest.mark.xdist_group("previews"),  # they share the pool that one of them fills
]


@pytest.mark.covers("VEL-S4", "VEL-S6", "VEL-H3")
@pytest.mark.measures("preview.ready")
def test_preview_serves_the_project(
    api: Client, platform: Velocity, project: Project, start_preview: StartPreview, measure: Measure
) -> None:
    """A preview starts, is healthy and serves the project"""
    began = time.monotonic()
    session = start_preview(project)
    measure("preview.ready", time.monotonic() - began, where=session.url)
    served = api.run(platform.served(session))
    if project.name not in served:
        message = f"{session.url} serves something else than the project {project.name}"
        raise UnexpectedAnswer(message, expected=project.name, seen=cut(served), where=session.url)


@pytest.mark.covers("VEL-S8")
def test_preview_ends_on_request(
    api: Client, platform: Velocity, token: str, project: Project, start_preview: StartPreview
) -> None:
    """A preview that is ended is gone, and its container too"""
    session = start_preview(project)
    api.run(platform.end_preview(token, session.id))
    api.run(platform.wait_until_ended(token, session, within=10))
    api.run(platform.wait_until_gone(session, within=10))


@pytest.mark.covers("VEL-S8")
def test_preview_expires(
    api: Client,
    platform: Velocity,
    token: str,
    project: Project,
    deployment: Deployment,
    start_preview: StartPreview,
    exclude: Exclude,
) -> None:
    """A preview that nobody uses expires"""
    shortest = deployment.limits.get("preview_idle_min")
    if shortest is None:
        exclude("expiry cannot be watched in a smoke test: deployments.yaml gives no limits.preview_idle_min")
    session = start_preview(project, idle_seconds=int(shortest.value))
    api.run(platform.wait_until_ended(token, session, within=shortest.value + 10))


@pytest.mark.covers("VEL-S8")
def test_preview_is_private(
    api: Client, platform: Velocity, token: str, other_token: str, project: Project, start_preview: StartPreview
) -> None:
    """Another user neither sees nor ends the preview"""
    session = start_preview(project)
    api.run(platform.stranger_sees_nothing(other_token, session.id))
    assert api.run(platform.read_preview(token, session.id)).status == "active"


@pytest.mark.covers("VEL-S5")
def test_orchestrator_starts_a_session(
    api: Client, platform: Velocity, project: Project, deployment: Deployment
) -> None:
    """The orchestrator starts a session for its token, and refuses without one"""
    api.run(platform.refuse_session(project.id))
    api_token = deployment.secrets.get("orchestrator_token")
    if api_token is None:
        raise ConfigError(f"the orchestrator's token is missing: set ${', $'.join(deployment.missing_secrets)}")
    session = api.run(platform.start_session(api_token.reveal(), project.id))
    try:
        assert session.project_id == project.id, f"the session is for project {session.project_id}, not {project.id}"
    finally:
        api.run(platform.end_session(api_token.reveal(), session.id))


@pytest.mark.covers("VEL-S9")
@pytest.mark.needs("exhaust")
def test_pool_limit_is_honoured(
    api: Client, platform: Velocity, token: str, new_project: NewProject, deployment: Deployment
) -> None:
    """The start beyond the pool's limit is refused clearly"""
    limit = deployment.limits.get("preview_pool")
    if limit is None:
        raise ConfigError("deployments.yaml gives no limits.preview_pool, so it cannot be told whether it is honoured")
    project = new_project()
    started: list[Session] = []
    try:
        for _ in range(int(limit.value) + 1):
            session = api.run(platform.start_or_be_refused(token, project.id), deadline=60)
            if session is None:
                return
            started.append(session)
        raise UnexpectedAnswer(
            f"{len(started)} previews run at once, the pool's limit is {limit.value:.0f}",
            expected=f"a refusal of start {int(limit.value) + 1}",
            seen="all were started",
        )
    finally:
        for session in started:
            api.run(platform.end_preview(token, session.id))
