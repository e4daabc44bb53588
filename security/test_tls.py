"""VEL-X2, P13-X5: the certificate, the versions of TLS, and the way from HTTP to HTTPS."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from postflight.checks import tls
from postflight.checks.headers import hsts, redirection
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.config.ready import PLAIN_HTTP
from postflight.errors import UnexpectedAnswer, Unreachable
from postflight.flow import Request
from postflight.model import Deployment, Weakness
from postflight.probes.addresses import urls
from postflight.probes.client import Client
from postflight.probes.tls import inspect
from postflight.pytest_plugin.fixtures import Exclude

from .conftest import Refuse
from .surface import WEB, Seen

pytestmark = [pytest.mark.security, pytest.mark.covers("VEL-X2", "P13-X5")]

VERSIONS = frozenset({"tls-old-version", "tls-no-13", "tls-weak-cipher", "tls-version-untested"})
Looked = dict[str, tuple[HeaderFinding, ...]]


@pytest.fixture(scope="session")
def looked(deployment: Deployment) -> Looked:
    """The findings about each server of the deployment that speaks TLS."""
    servers = {f"{urlsplit(url).netloc}": url for url in urls(deployment) if urlsplit(url).scheme in {"https", "wss"}}
    now = datetime.now(UTC)
    return {
        server: tuple(tls.find(*inspect(url, ca_file=deployment.ca_file), now=now)) for server, url in servers.items()
    }


def test_certificates_are_good(looked: Looked, weaknesses: list[Weakness], exclude: Exclude) -> None:
    """Every certificate is for its host, has a known authority and does not end soon"""
    _judge(
        {server: [one for one in found if one.id not in VERSIONS] for server, found in looked.items()},
        weaknesses,
        exclude,
    )


def test_old_versions_are_refused(looked: Looked, weaknesses: list[Weakness], exclude: Exclude) -> None:
    """TLS 1.0 and 1.1 are refused, and no broken cipher is agreed on"""
    _judge(
        {server: [one for one in found if one.id in VERSIONS] for server, found in looked.items()}, weaknesses, exclude
    )


def _judge(looked: dict[str, list[HeaderFinding]], weaknesses: list[Weakness], exclude: Exclude) -> None:
    if not looked:
        exclude("nothing is served over TLS here")
    for server, found in looked.items():
        weaknesses += [one.weakness(server) for one in found if one.severity.at_least(Severity.MEDIUM)]
    if weaknesses:
        worst = weaknesses[0]
        raise UnexpectedAnswer(
            f"{worst.where}: {worst.message} {worst.remedy}",
            expected="a certificate and versions that browsers trust",
            seen=f"{worst.rule} ({worst.value})",
            where=worst.where,
        )


def test_plain_http_leads_to_https(api: Client, deployment: Deployment, refuse: Refuse, exclude: Exclude) -> None:
    """Plain HTTP is redirected to HTTPS, and sets no Strict-Transport-Security, or is not answered at all"""
    url = urlsplit(deployment.base_url)
    service = deployment.services.get(PLAIN_HTTP)
    if service is None and url.scheme != "https":
        exclude("served over plain HTTP only: there is nothing to lead to")
    if service is None and url.port not in {None, 443}:
        exclude(f"served on port {url.port}: plain HTTP has no address of its own to be redirected from")
    request = Request("GET", WEB, service.url if service else f"http://{url.hostname}/")
    try:
        answer = api.send(request)
    except Unreachable:
        return  # nobody listens there: visitors' first request goes nowhere, and not to somebody else
    first = HttpAnswer.of(answer)
    refuse((*redirection.find_upgrade([first]), *hsts.find(first)), Seen(request, answer))
