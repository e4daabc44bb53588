"""P13-X5: who sends nonsense learns nothing of the inside, and breaks nothing."""

import pytest

from postflight.checks import disclosure
from postflight.flow import Request
from postflight.probes.client import Client

from .conftest import Refuse
from .surface import WEB, Seen

pytestmark = [pytest.mark.security, pytest.mark.covers("P13-X5")]

BROKEN_PATHS = ("/%ff%fe", "/%2e%2e/%2e%2e/etc/passwd", "/?q=%00", "/static/%00", f"/{'a' * 4000}")


def test_errors_keep_the_inside_to_themselves(seen: tuple[Seen, ...], refuse: Refuse) -> None:
    """Refusals and errors show no traceback, no source and no database"""
    for one in seen:
        if one.response.status >= 400:
            refuse(disclosure.find(one.response.text), one)


@pytest.mark.needs("fuzz")
def test_broken_requests_break_nothing(api: Client, refuse: Refuse) -> None:
    """Requests that nobody should send are refused, not answered with a 500"""
    for path in BROKEN_PATHS:
        request = Request("GET", WEB, path)
        answer = api.send(request)
        refuse(disclosure.find(answer.text), Seen(request, answer))
        if answer.status >= 500:
            raise answer.unexpected("a refusal (400 to 499)", f"status {answer.status}")
