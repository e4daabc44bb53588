"""VEL-H1: what health says of what it needs is what calls that need it see. Reads only."""

from datetime import UTC, datetime

import pytest

from postflight.checks.invariants import health
from postflight.flow import Request

from .caller import Caller, pause
from .conftest import Hold
from .resources import NEEDS

pytestmark = [pytest.mark.contract, pytest.mark.platform("velocity"), pytest.mark.covers("VEL-H1")]


def test_health_tells_the_truth(call: Caller, hold: Hold) -> None:
    """Health is good when calls that need the same work, and only then"""
    for needed, operation in NEEDS.items():
        hold(health.be_true(call("readHealth"), needed, call(operation)))
    # what is between the two may be broken while it works itself: its own health contradicts in one direction only
    own = call.send(Request("GET", "orchestrator", "/health"))
    hold(health.be_true(call("readHealth"), "orchestrator", own, only_needs=False))


def test_health_is_of_now(call: Caller, hold: Hold) -> None:
    """Health is asked anew each time, and its clock is right"""
    first = call("readHealth")
    call.api.run(pause(0.01))  # a timestamp tells milliseconds
    later = call("readHealth")
    hold(health.be_fresh(first, later, datetime.now(UTC)))
