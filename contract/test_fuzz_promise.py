"""What the contract stage may send is kept by its transport: each run tries it.

Here a process tries its own. How much all processes sent and refused, by method, is in the finding `contract-requests`.
"""

import pytest

from postflight.contract.transport import SafeClient
from postflight.errors import CannotMeasure, NotAllowed
from postflight.flow import Request
from postflight.pytest_plugin.fixtures import Exclude

pytestmark = pytest.mark.contract

ELSEWHERE = "http://elsewhere.invalid/"  # RFC 2606: a name that nobody has


def test_nothing_leaves_that_is_not_allowed(api: SafeClient, exclude: Exclude) -> None:
    """The transport sends to the deployment only, reads only where `fuzz` is not allowed, and counts"""
    before = api.ledger.total
    forbidden = [Request("GET", "web", ELSEWHERE)]
    if not api.rules.fuzz:
        forbidden += [Request(method, "web", "/postflight-is-not-allowed-to") for method in ("POST", "PUT", "DELETE")]
        forbidden.append(Request("GET", "web", "/postflight-sends-no-body", json={}))
    for request in forbidden:
        try:
            api.send(request)
        except NotAllowed:
            continue
        raise CannotMeasure(f"{request.method} {request.path} was sent, and is not allowed here")
    if api.ledger.total != before:
        raise CannotMeasure("what was refused was counted as sent: the count cannot be trusted")
    if not api.rules.fuzz and api.ledger.unmarked_writes:
        raise CannotMeasure(f"requests that are not allowed here were sent: {dict(api.ledger.sent)}")
    exclude("it was kept; that says something of Postflight, and nothing of the deployment")
