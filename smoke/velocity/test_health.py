"""VEL-H1, H2, H4, H5: what the platform says of itself, and that its regions agree."""

import pytest

from platforms.velocity import Velocity
from postflight.errors import ConfigError, UnexpectedAnswer
from postflight.flow import Request
from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Measure

pytestmark = [pytest.mark.smoke, pytest.mark.platform("velocity")]

METRICS = (
    "http_request_duration_seconds",
    "http_requests_total",
    "fly_machine_operations_total",
    "active_preview_sessions",
)
"""The names of V 8.1."""


@pytest.mark.covers("VEL-H1")
def test_web_is_healthy(api: Client, platform: Velocity) -> None:
    """The web application is healthy and so is what it depends on"""
    health = api.run(platform.health("web", "/api/health"))
    _assert_healthy(health, "/api/health", "database", "orchestrator")


@pytest.mark.covers("VEL-H2")
def test_orchestrator_is_healthy(api: Client, platform: Velocity) -> None:
    """The orchestrator is healthy and so is what it depends on"""
    health = api.run(platform.health("orchestrator", "/health"))
    if health.get("status") == "ok":  # the shape of R 7.1
        missing = {"uptime", "version"} - health.keys()
        assert not missing, f"/health lacks {', '.join(sorted(missing))}: {dict(health)}"
    else:  # the shape of V 8.3
        _assert_healthy(health, "/health", "database", "fly_api", "container_registry")


@pytest.mark.covers("VEL-H4")
def test_regions_agree(api: Client, platform: Velocity, deployment: Deployment) -> None:
    """Every region is healthy and serves the same version"""
    regions = deployment.services["orchestrator"].regions
    if not regions:
        raise ConfigError("deployments.yaml names no regions of the orchestrator, so none was verified")
    versions = {
        region: str(api.run(platform.health("orchestrator", "/health", region=region)).get("version"))
        for region in regions
    }
    if len(set(versions.values())) != 1:
        seen = ", ".join(f"{region} {version}" for region, version in versions.items())
        raise UnexpectedAnswer(f"the regions serve different versions: {seen}", expected="one version", seen=seen)


@pytest.mark.covers("VEL-H5")
def test_metrics_are_exposed(api: Client) -> None:
    """Prometheus finds the metrics that the alerts are made of"""
    answer = api.send(Request("GET", "orchestrator", "/metrics")).expect(200)
    exposed = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE ")}
    missing = [name for name in METRICS if name not in exposed]
    if missing:
        raise answer.unexpected(f"metrics {', '.join(METRICS)}", f"none of {', '.join(missing)}")


@pytest.mark.covers("VEL-P1")
@pytest.mark.measures("health.latency")
def test_health_answers_quickly(api: Client, measure: Measure) -> None:
    """The health documents answer quickly"""
    paths = [("web", "/api/health"), ("orchestrator", "/health")]
    answers = [api.send(Request("GET", service, path)) for _ in range(3) for service, path in paths]
    measure("health.latency", *(answer.seconds for answer in answers), where="web, orchestrator")


@pytest.mark.covers("VEL-M1")
@pytest.mark.measures("api.latency")
def test_api_answers_quickly(api: Client, token: str, measure: Measure) -> None:
    """The API answers quickly"""
    request = Request("GET", "web", "/api/projects?limit=1", token=token)
    answers = [api.send(request).expect(200) for _ in range(6)]
    measure("api.latency", *(answer.seconds for answer in answers), where=answers[0].url)


def _assert_healthy(health: object, where: str, *checks: str) -> None:
    expected = {"status": "healthy", "checks": dict.fromkeys(checks, "healthy")}
    seen = {"status": health.get("status"), "checks": health.get("checks")} if isinstance(health, dict) else health
    if seen != expected:
        raise UnexpectedAnswer(
            f"{where} does not say that all is healthy", expected=str(expected), seen=str(health), where=where
        )
