"""P13-X5: what a browser keeps of a session, and where it passes it on."""

import pytest

from postflight.checks import cookies, tokens
from postflight.flow import Request
from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Exclude

from ..conftest import Refuse
from ..surface import LIKE_A_BROWSER, WEB, Seen, addresses

pytestmark = [pytest.mark.security, pytest.mark.platform("velocity"), pytest.mark.covers("P13-X5")]


def test_cookie_of_the_session(signed_in: Seen, refuse: Refuse) -> None:
    """The session's cookie is out of reach of scripts, other sites and plain HTTP"""
    refuse(cookies.find(signed_in.answer), signed_in)


def test_signed_in_pages_keep_the_token_out_of_urls(
    api: Client, signed_in: Seen, deployment: Deployment, refuse: Refuse, exclude: Exclude
) -> None:
    """No address, redirect or link of what a signed-in person sees carries a token"""
    cookie = "; ".join(line.partition(";")[0] for line in signed_in.answer.values("set-cookie"))
    if not cookie:
        exclude("signing in sets no cookie, so that pages cannot be asked for as a browser does")
    anon_key = deployment.secrets.get("realtime_anon_key")
    public = frozenset({anon_key.reveal()}) if anon_key else frozenset()
    for path in ("/projects", "/login", ""):
        request = Request("GET", WEB, path, headers={**LIKE_A_BROWSER, "Cookie": cookie})
        seen = Seen(request, api.send(request))
        for url in dict.fromkeys(addresses(seen.response)):
            refuse(tokens.find(url, public_keys=public), seen)
