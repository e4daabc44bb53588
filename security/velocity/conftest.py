"""Velocity's token and session, as a person gets them."""

from collections.abc import Callable

import pytest

from postflight.flow import Request
from postflight.model import Account, Deployment
from postflight.probes.client import Client

from ..surface import WEB, Seen


@pytest.fixture(scope="session")
def signed_in(api: Client, account: Callable[[str], Account]) -> Seen:
    """The answer to signing in."""
    primary = account("primary")
    credentials = {"email": primary.email.reveal(), "password": primary.password.reveal()}
    request = Request("POST", WEB, "/api/auth/login", json=credentials)
    return Seen(request, api.send(request).expect(200))


@pytest.fixture(scope="session")
def token(signed_in: Seen) -> str:
    """A bearer token that is valid, and is never used for anything that has an effect."""
    return signed_in.response.json_object().text("token")


@pytest.fixture(scope="session")
def jwt_key(deployment: Deployment) -> bytes | None:
    """What signs tokens, where deployments.yaml names it."""
    secret = deployment.secrets.get("jwt_key")
    return secret.reveal().encode() if secret else None
