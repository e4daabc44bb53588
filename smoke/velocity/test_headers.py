"""VEL-X1 in short: the headers that the plan promises are there. The security stage looks at what they say."""

import pytest

from postflight.flow import Request
from postflight.probes.client import Client

pytestmark = [pytest.mark.smoke, pytest.mark.platform("velocity"), pytest.mark.covers("VEL-X1", "P13-X3")]

PROMISED = ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy")
"""V 7.3, checked in V 12.3."""


@pytest.mark.parametrize("path", ["/", "/login"])
def test_security_headers_are_present(api: Client, path: str) -> None:
    """The promised security headers are present"""
    answer = api.send(Request("GET", "web", path)).expect(200)
    missing = [name for name in PROMISED if not answer.header(name)]
    if missing:
        raise answer.unexpected(f"headers {', '.join(PROMISED)}", f"no {', '.join(missing)}")
