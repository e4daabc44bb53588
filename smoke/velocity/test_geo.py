"""VEL-S10: pages know where their visitor is, and visitors from China get the page that is made for them."""

import re
from urllib.parse import urljoin, urlsplit

import pytest

from postflight.flow import Request
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Exclude

pytestmark = [pytest.mark.smoke, pytest.mark.platform("velocity"), pytest.mark.covers("VEL-S10")]

COUNTRY = re.compile(r"[A-Z]{2}")  # ISO 3166-1 alpha-2
REGION = re.compile(r"[A-Z0-9]{1,3}")  # ISO 3166-2, without its country
REDIRECTS = (301, 302, 303, 307, 308)


def test_pages_tell_where_their_visitor_is(api: Client) -> None:
    """Pages tell where their visitor is"""
    answer = api.send(Request("GET", "web", "/"))
    for name, form in (("x-user-country", COUNTRY), ("x-user-region", REGION)):
        if not form.fullmatch(answer.header(name) or ""):
            raise answer.unexpected(f"a code in {name}, such as US or CA", f"{answer.header(name)!r}")


def test_visitors_from_china_get_their_page(api: Client, exclude: Exclude) -> None:
    """Visitors from China are led to /cn"""
    api.send(Request("GET", "web", "/cn")).expect(200)
    answer = api.send(Request("GET", "web", "/", headers={"x-vercel-ip-country": "CN"}))
    if answer.status in REDIRECTS and urlsplit(urljoin(answer.url, answer.header("location") or "")).path == "/cn":
        return
    if (seen := answer.header("x-user-country")) != "CN":
        exclude(f"the edge tells itself where its visitors are (we are in {seen}): this can be seen from China only")
    raise answer.unexpected("a redirect to /cn", f"status {answer.status}, location {answer.header('location')!r}")
