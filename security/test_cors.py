"""VRO-X1: what a page of another origin could read, as a browser decides it. A missing header is no defect."""

import pytest

from postflight.checks import cors
from postflight.checks.headers.answer import HttpAnswer
from postflight.flow import Request
from postflight.model import Deployment
from postflight.probes.client import Client

from .conftest import Refuse
from .surface import Seen

pytestmark = [pytest.mark.security, pytest.mark.covers("VRO-X1")]

_PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}


def test_other_origins_read_nothing(
    api: Client, deployment: Deployment, surface: tuple[Request, ...], refuse: Refuse
) -> None:
    """Pages of other origins, look-alikes included, read nothing with a visitor's cookies"""
    probes = cors.probes(_origin(deployment.base_url))
    for target in _targets(surface):
        for method, more in ((target.method, {}), ("OPTIONS", _PREFLIGHT)):
            answers = [
                Seen(request, api.send(request))
                for probe in probes
                for request in [
                    Request(method, target.service, target.path, None, {"Origin": probe.origin, **more},
                            region=target.region)
                ]
            ]  # fmt: skip
            exchanges = [cors.Exchange(probe, one.answer) for probe, one in zip(probes, answers, strict=True)]
            shares = any(one.answer.combined(cors.ORIGIN) for one in answers)
            found = (one for one in cors.judge(exchanges) if shares or one.id != "cors-blocks-allowed")
            refuse(found, answers[-1])


def _targets(surface: tuple[Request, ...]) -> list[Request]:
    """Return what other origins might want to read: the API and the documents of the services, each once."""
    reads = [one for one in surface if one.method == "GET" and not one.headers]
    return list({(one.service, one.path): one for one in reads}.values())


def _origin(url: str) -> str:
    answer = HttpAnswer(url, 200, ())
    port = url.partition("://")[2].partition("/")[0].rpartition(":")[2]
    return f"{answer.scheme}://{answer.host}" + (f":{port}" if port.isdigit() else "")
