"""P13-X5, VRO-X2: routes that say that they refuse too many requests do so. Only those that deployments.yaml names."""

import pytest

from postflight.errors import UnexpectedAnswer
from postflight.flow import Request
from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Exclude

from .surface import WEB

pytestmark = [pytest.mark.security, pytest.mark.covers("P13-X5", "VRO-X2")]

TOO_MANY = 429


def test_rate_limits_hold(api: Client, deployment: Deployment, exclude: Exclude) -> None:
    """One request more than a rate limit allows is refused with 429 and Retry-After"""
    if not deployment.rate_limits:
        exclude("deployments.yaml names no `rate_limits` here, which is what allows a burst")
    for limit in deployment.rate_limits:
        request = Request(limit.method, WEB, limit.path, json=dict(limit.body) or None)
        # one that was found before, within its window, is refused from the first request on: as good
        answers = (api.send(request) for _ in range(limit.at_most + 1))
        refusal = next((answer for answer in answers if answer.status == TOO_MANY), None)
        if refusal is None:
            raise UnexpectedAnswer(
                f"{limit.method} {limit.path} was answered {limit.at_most + 1} times in a row",
                expected=f"status {TOO_MANY} after {limit.at_most} requests within {limit.within:g} s",
                seen="no refusal",
                where=limit.path,
            )
        if not refusal.header("retry-after"):
            raise refusal.unexpected("a Retry-After header with its refusal", "none")
