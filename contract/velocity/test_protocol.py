"""VEL-S3, P13-X5: what clients, caches and proxies rely on: HEAD, negotiation, and what may be kept. Reads only."""

import pytest

from postflight.checks.invariants import protocol
from postflight.checks.invariants.conformance import Conformance
from postflight.checks.invariants.exchange import Exchange
from postflight.flow import Request

from .caller import WEB, Caller
from .conftest import Hold
from .resources import PREVIEW, PROJECT

pytestmark = [pytest.mark.contract, pytest.mark.platform("velocity"), pytest.mark.covers("VEL-S3")]

LOST = "/api/postflight-is-not-there"
PUBLIC = ("readHealth", "readFlags", "readContract", "readMetrics")
PRIVATE = (PROJECT.list, PREVIEW.list)


def test_head_is_like_get(call: Caller, hold: Hold) -> None:
    """HEAD is answered as GET is, without the body"""
    for operation in (*PUBLIC, *PRIVATE):
        hold(protocol.match_get(call(operation), call(operation, method="HEAD")))


def test_programs_get_json(call: Caller, hold: Hold) -> None:
    """Programs get JSON also for what is not there, and caches are told that browsers get something else"""
    asked = [
        call.send(Request("GET", WEB, LOST, headers={"Accept": kind})) for kind in ("application/json", "text/html")
    ]
    hold(protocol.answer_programs(asked[0], asked[1]))
    for kind in ("application/json", "*/*"):
        hold(protocol.answer_programs(call(PROJECT.list, headers={"Accept": kind})))


@pytest.mark.covers("P13-X5")
def test_private_answers_stay_private(call: Caller, hold: Hold) -> None:
    """What belongs to one user is kept by no shared cache"""
    for operation in PRIVATE:
        hold(protocol.stay_private(call(operation)))


def test_reads_are_as_documented(call: Caller, call_as_stranger: Caller, hold: Hold) -> None:
    """Every operation that only reads answers as the document says: status, type, headers, body"""
    conformance = Conformance(call.promises)
    answers: list[Exchange] = [*(call_as_stranger(one) for one in PUBLIC), *(call(one) for one in PRIVATE)]
    for answer in answers:
        hold(conformance.violations(answer))
