"""VEL-H1, VEL-H2, VIB-H1: health documents have the shape that the plans promise, in every region. Reads only."""

import json
from pathlib import Path

import pytest

from postflight.checks.invariants import health, refusals
from postflight.checks.invariants.exchange import Exchange
from postflight.errors import ConfigError
from postflight.flow import Request
from postflight.model import Deployment
from postflight.probes.client import Client

from ..hold import Hold

pytestmark = pytest.mark.contract

SHAPES = {path.stem: json.loads(path.read_bytes()) for path in sorted(Path(__file__).parent.glob("*.json"))}
OF_CONTAINERS = "velocity-preview"  # no service: contract/velocity/test_previews.py looks at it


def _cases() -> list[object]:
    cases: list[object] = []
    for name, shape in SHAPES.items():
        platform, _, service = name.partition("-")
        if name != OF_CONTAINERS:
            marks = (pytest.mark.platform(platform), pytest.mark.covers(shape["title"]))
            cases.append(pytest.param(service, shape, id=name, marks=marks))
    return cases


@pytest.mark.parametrize(("service", "shape"), _cases())
def test_health_document(
    api: Client, deployment: Deployment, service: str, shape: dict[str, object], hold: Hold
) -> None:
    """The health document has its shape, says one thing, and nothing of the inside"""
    found = deployment.services.get(service)
    if found is None or not found.health:
        raise ConfigError(f"deployments.yaml names no health document of {service}: add `{service}: {{health: /...}}`")
    for region in found.regions or (None,):
        request = Request("GET", service, found.health, region=region)
        seen = Exchange("", request, api.send(request))
        seen.response.expect(200, 503)
        hold(health.fit_schema(seen, shape, str(shape["title"])))
        hold(health.be_consistent(seen))
        hold(refusals.keep_the_inside([seen]))
