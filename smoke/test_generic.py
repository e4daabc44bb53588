"""Flows that fit every web platform, also one that nobody has described to us."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from postflight.probes.client import Client

from postflight.flow import Request
from postflight.model import Deployment
from postflight.pytest_plugin.fixtures import Exclude, Measure

pytestmark = pytest.mark.smoke

WELL_KNOWN_HEALTH = ("/api/health", "/health", "/healthz")


@pytest.mark.covers("VEL-S1", "VRO-S2")
def test_landing_page_answers(api: Client) -> None:
    """The landing page answers with a page"""
    answer = api.send(Request("GET", "web", "", follow_redirects=True)).expect(200)
    kind = answer.header("content-type") or "no content type"
    if not kind.lower().startswith(("text/html", "application/xhtml+xml")):
        raise answer.unexpected("a page (text/html)", kind)


@pytest.mark.covers("VEL-S1", "VRO-S2")
@pytest.mark.measures("page.load")
def test_landing_page_renders(page: Page, deployment: Deployment, measure: Measure) -> None:
    """The landing page renders, without script errors and without lost requests"""
    response = page.goto(deployment.base_url)
    assert response is not None, f"{deployment.base_url} led to no page"
    assert response.status < 400, f"{deployment.base_url} answered {response.status}"
    body = page.locator("body")
    expect(body).to_be_visible()
    drawn = page.locator("body :visible")
    assert body.inner_text().strip() or drawn.count(), f"{page.url} renders as an empty page"
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventStart")
    measure("page.load", timing / 1000, where=deployment.base_url)


def test_health_is_good_if_there_is_one(api: Client, deployment: Deployment, exclude: Exclude) -> None:
    """The health document says that all is well, if there is one"""
    declared = [(service.name, service.health) for service in deployment.services.values() if service.health]
    if declared:
        for service, path in declared:
            api.send(Request("GET", service, path)).expect(200)
        return
    answers = [api.send(Request("GET", "web", path)) for path in WELL_KNOWN_HEALTH]
    found = [answer for answer in answers if answer.status != 404 and "json" in (answer.header("content-type") or "")]
    if not found:
        exclude(f"none of {', '.join(WELL_KNOWN_HEALTH)} is a JSON document, and deployments.yaml declares none")
    found[0].expect(200).json_object()


@pytest.mark.covers("VEL-X2")
def test_plain_http_leads_to_https(api: Client, deployment: Deployment, exclude: Exclude) -> None:
    """Plain HTTP leads to HTTPS"""
    url = urlsplit(deployment.base_url)
    if url.hostname in {"localhost", "127.0.0.1", "::1"} and url.scheme == "http":
        exclude("served over plain HTTP on loopback: there is nothing to upgrade")
    if url.port not in {None, 80, 443}:
        exclude(f"served on port {url.port}: plain HTTP has no address of its own to be redirected from")
    answer = api.send(Request("GET", "web", f"http://{url.hostname}/"))
    target = answer.header("location") or "no redirect"
    if answer.status not in {301, 302, 307, 308} or not target.startswith("https://"):
        raise answer.unexpected("a redirect to https://", f"status {answer.status}, {target}")
