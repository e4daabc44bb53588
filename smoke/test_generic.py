"""Flows that fit every web platform, also one that nobody has described to us."""

import contextlib
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.flow import Request, Response
from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Exclude, Measure

pytestmark = pytest.mark.smoke

WELL_KNOWN_HEALTH = ("/api/health", "/health", "/healthz")
QUIET_WITHIN = 3.0  # seconds after its load event in which an application's own first requests are waited for
# in Velocity's words, Spring Boot's, and those of https://datatracker.ietf.org/doc/draft-inadarei-api-health-check/
UNWELL = ("unhealthy", "degraded", "down", "out_of_service", "error", "fail")


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
    # `body` itself may be flat: where all that is drawn is positioned, it has no height of its own
    words = page.locator("body:visible, body :visible", has_text=re.compile(r"\S"))
    pictures = page.locator("body :is(img, svg, canvas, video, iframe, object, input):visible")
    expect(words.or_(pictures).first, f"{page.url} renders as an empty page").to_be_attached()
    with contextlib.suppress(PlaywrightTimeout):  # a page that polls is never quiet: what it has told by then counts
        page.wait_for_load_state("networkidle", timeout=QUIET_WITHIN * 1000)
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
    found = [answer for answer in answers if _is_health(answer)]
    if not found:
        exclude(f"none of {', '.join(WELL_KNOWN_HEALTH)} is a public JSON document, and deployments.yaml declares none")
    told = found[0].expect(200).json_object().value.get("status")
    if str(told).lower() in UNWELL:
        raise found[0].unexpected("a status that says that all is well", f"status {told!r}")


def _is_health(answer: Response) -> bool:
    """Whether this is a health document for everybody; 401, 403 or 404 say that there is none, not that all is bad."""
    return (answer.status == 200 or answer.status >= 500) and "json" in (answer.header("content-type") or "")


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
