"""What a foreign site can do with the deployment: show its pages in a frame, read its answers."""

import pytest

from postflight.browser.policy_stranger import Stranger, may_frame
from postflight.checks.headers.answer import HttpAnswer
from postflight.errors import PageTrouble
from postflight.flow import Request
from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Exclude
from security.browser.conftest import Enter
from security.browser.pages import PAGES

pytestmark = pytest.mark.security


@pytest.mark.covers("VEL-X1", "P13-X3")
@pytest.mark.parametrize(("path", "role"), PAGES)
def test_foreign_site_cannot_frame_the_page(
    path: str, role: str, enter: Enter, deployment: Deployment, foreign_site: Stranger, exclude: Exclude
) -> None:
    """A foreign site cannot show the page in a frame"""
    if not deployment.known:
        exclude("deployments.yaml does not know this site, so nobody has promised that it cannot be framed")
    url = f"{deployment.base_url}{path}"
    if foreign_site.frames(enter(role), url):
        raise PageTrouble(
            f"A page of {foreign_site.origin} shows {url} in a frame: clicks on it can be stolen",
            expected="X-Frame-Options: DENY or SAMEORIGIN, or frame-ancestors without foreign sites",
            seen="the page, in the foreign site's frame",
            where=url,
        )


@pytest.mark.covers("VEL-X1", "P13-X3")
@pytest.mark.parametrize("path", ["", pytest.param("/login", marks=pytest.mark.platform("velocity"))])
def test_browser_frames_what_the_headers_allow(
    path: str, enter: Enter, api: Client, deployment: Deployment, foreign_site: Stranger
) -> None:
    """The browser frames the page for a foreign site exactly if the headers allow it"""
    answer = HttpAnswer.of(api.send(Request("GET", "web", path)).expect(200))
    predicted = may_frame(answer, foreign_site.origin)
    framed = foreign_site.frames(enter(""), f"{deployment.base_url}{path}")
    if framed is not predicted:
        raise PageTrouble(
            "Browser and headers disagree about framing",
            expected="framed" if predicted else "refused",
            seen="framed" if framed else "refused",
            where=answer.url,
        )


@pytest.mark.covers("VRO-X1", "P13-X5")
@pytest.mark.parametrize(
    ("path", "role"),
    [
        pytest.param("", "", id="landing"),
        pytest.param("/api/projects", "primary", id="projects", marks=pytest.mark.platform("velocity")),
        pytest.param("/api/flags", "", id="flags", marks=pytest.mark.platform("velocity")),
    ],
)
def test_foreign_site_cannot_read_answers(
    path: str, role: str, enter: Enter, deployment: Deployment, foreign_site: Stranger
) -> None:
    """A script of a foreign site cannot read answers with the visitor's cookies"""
    url = f"{deployment.base_url}{path}"
    if read := foreign_site.reads(enter(role), url):
        raise PageTrouble(
            f"A script of {foreign_site.origin} reads {url} with the visitor's cookies",
            expected="no Access-Control-Allow-Origin with credentials for a foreign origin",
            seen=read,
            where=url,
        )
