"""VRO-P1: what a gateway adds, where deployments.yaml says how to ask both sides of it for the same."""

import pytest

from postflight.flow import Request
from postflight.model import Deployment
from postflight.pytest_plugin.fixtures import Exclude, Measure
from postflight.stats.quantiles import estimate

from .conftest import ALPHA, TimePairs

pytestmark = [pytest.mark.performance, pytest.mark.covers("VRO-P1")]

PAIRS = 40


@pytest.mark.measures("gateway.overhead")
def test_gateway_adds_little(deployment: Deployment, time_pairs: TimePairs, measure: Measure, exclude: Exclude) -> None:
    """The gateway adds little to what the backend takes"""
    gateway, backend = (deployment.services.get(name) for name in ("gateway", "backend"))
    if not gateway or not backend or not gateway.health or not backend.health:
        exclude(
            "deployments.yaml has no services `gateway` and `backend` with a `health` each, the gateway's leading to"
            " the backend's"
        )
    direct, through = (Request("GET", service.name, service.health or "") for service in (backend, gateway))
    found = estimate(time_pairs(direct, through, PAIRS), 0.5, ALPHA)
    where = f"GET {gateway.health} of gateway against GET {backend.health} of backend"
    measure("gateway.overhead", found.middle, where=where, interval=(found.low, found.high))
