"""P13-X5, VEL-S5: every operation that needs a token refuses whoever has none, a forged one, or one that has ended."""

import time
from collections.abc import Iterable

import pytest

from postflight.checks import tokens
from postflight.errors import ConfigError
from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Exclude

from .routes import OF_SERVICES, OF_USERS, ORCHESTRATOR, Protected

pytestmark = [
    pytest.mark.security,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("P13-X5"),
]

REFUSED = (401, 403)


def test_strangers_are_refused(api: Client, deployment: Deployment) -> None:
    """Every protected operation refuses who has no token, in every region"""
    _refuse(api, deployment, (*OF_USERS, *OF_SERVICES), None)


def test_forged_tokens_are_refused(api: Client, deployment: Deployment, token: str) -> None:
    """Every protected operation refuses forged tokens: other signature or none, algorithm `none`, other claims"""
    for name, forged in tokens.tampered(token).items():
        _refuse(api, deployment, OF_USERS, forged, name)
    service_token = deployment.secrets.get("orchestrator_token")
    if service_token is None:
        raise ConfigError("the orchestrator's token is missing, so that no forged one can be made of it")
    for name, forged in tokens.tampered(service_token.reveal()).items():
        _refuse(api, deployment, OF_SERVICES, forged, name)


@pytest.mark.covers("VEL-S5")
def test_tokens_of_users_do_not_open_the_orchestrator(api: Client, deployment: Deployment, token: str) -> None:
    """The orchestrator refuses the token of a user"""
    _refuse(api, deployment, OF_SERVICES, token, "a user's")


def test_expired_tokens_are_refused(
    api: Client, deployment: Deployment, token: str, jwt_key: bytes | None, exclude: Exclude
) -> None:
    """Every protected operation refuses a rightly signed token whose time is over"""
    if jwt_key is None:
        exclude(
            "deployments.yaml names no `secrets: jwt_key`: without it no rightly signed token can be made that is over"
        )
    expired = tokens.expired(token, now=int(time.time()), key=jwt_key)
    if expired is None:
        exclude("tokens are no JSON Web Tokens here: none can be made that is over")
    _refuse(api, deployment, OF_USERS, expired, "expired")


def _refuse(
    api: Client, deployment: Deployment, operations: Iterable[Protected], token: str | None, kind: str = "no"
) -> None:
    regions = tuple(deployment.services[ORCHESTRATOR].regions) if ORCHESTRATOR in deployment.services else ()
    for operation in operations:
        for region in regions if operation.service == ORCHESTRATOR and regions else (None,):
            answer = api.send(operation.request(token, region))
            if answer.status not in REFUSED:
                asked = f"{operation.method} {operation.path} with {kind} token"
                raise answer.unexpected(f"401 or 403 to {asked}", f"status {answer.status}")
