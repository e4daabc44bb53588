"""VEL-P1: how long the landing page and the health documents take, phase by phase; any site."""

import pytest

from postflight.flow import Request
from postflight.model import Deployment, Service, Unit
from postflight.probes.client import Client
from postflight.probes.pace import pause_between
from postflight.probes.phases import Timer
from postflight.pytest_plugin.fixtures import Exclude, Measure

from .conftest import TimeThem

pytestmark = [pytest.mark.performance, pytest.mark.covers("VEL-P1")]

LANDING = Request("GET", "web", "", name="GET /")
REQUESTS = 20
"""To each service, one after the other: enough to see whether its connections stay open."""


@pytest.mark.measures("landing.cold.p50", "landing.cold.connect.p50", "landing.cold.tls.p50", "landing.warm.p95")
@pytest.mark.parametrize("version", ["http1", "http2"])
def test_landing_page_answers_quickly(
    version: str, api: Client, deployment: Deployment, time_them: TimeThem, exclude: Exclude
) -> None:
    """The landing page answers quickly, over a new connection and over an open one"""
    with Timer(api, http2=version == "http2", pause=pause_between(deployment)) as timer:
        if version == "http2" and timer.warm_up(LANDING).http_version != "HTTP/2":
            exclude("HTTP/2 is not offered here, and HTTP/1.1 is measured by itself")
        time_them(timer, [LANDING], version=version)


@pytest.mark.measures("health.cold.first_byte.p50", "health.cold.connect.p50", "health.cold.tls.p50", "health.warm.p95")
def test_health_documents_answer_quickly(
    timer: Timer, deployment: Deployment, time_them: TimeThem, exclude: Exclude
) -> None:
    """The health documents answer quickly, in every region that has an address"""
    requests = [request for service in deployment.services.values() for request in _health_of(service)]
    if not requests:
        exclude("deployments.yaml names no health document (`services: {web: {health: /api/health}}`)")
    time_them(timer, requests)


@pytest.mark.measures("connection.reused")
def test_connections_are_kept_open(timer: Timer, deployment: Deployment, measure: Measure) -> None:
    """Connections stay open for the next request"""
    declared = [service for service in deployment.services.values() if service.health]
    for request in (LANDING, *(Request("GET", service.name, service.health or "") for service in declared)):
        timer.warm_up(request)
        taken = [timer.take(request, cold=False) for _ in range(REQUESTS)]
        reused = sum(timing.reused for timing in taken)
        closing = sum(timing.closes for timing in taken)
        said = f", and {closing} answers said `Connection: close`" if closing else ""
        cause = f"{reused} of {REQUESTS} requests went over a connection that was open already{said}"
        measure("connection.reused", reused / REQUESTS, unit=Unit.RATIO, where=request.service, cause=cause)


def _health_of(service: Service) -> list[Request]:
    """Return one request for each address of a service's health document."""
    if service.health is None:
        return []
    name = f"GET {service.health} of {service.name}"
    regions = [Request("GET", service.name, service.health, region=region, name=name) for region in service.regions]
    if service.url in service.regions.values():
        return regions
    return [*regions, Request("GET", service.name, service.health, name=name)]
