"""P13-X5: URLs end in logs, histories and Referer headers. No token may be in one."""

import pytest

from postflight.checks import tokens
from postflight.model import Deployment

from .conftest import Refuse
from .surface import Seen, addresses

pytestmark = [pytest.mark.security, pytest.mark.covers("P13-X5")]


def test_no_url_carries_a_token(seen: tuple[Seen, ...], deployment: Deployment, refuse: Refuse) -> None:
    """No address, redirect or link of what anybody may see carries a token"""
    anon_key = deployment.secrets.get("realtime_anon_key")
    public = frozenset({anon_key.reveal()}) if anon_key else frozenset()
    for one in seen:
        for url in dict.fromkeys(addresses(one.response)):
            refuse(tokens.find(url, public_keys=public), one)
