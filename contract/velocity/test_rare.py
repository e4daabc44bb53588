"""VEL-M1: errors that come once in a hundred times are seen, too."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from postflight.checks.invariants import rare
from postflight.checks.invariants.exchange import Exchange

from .caller import Caller
from .conftest import Hold
from .resources import PROJECT

pytestmark = [
    pytest.mark.contract,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("VEL-M1"),
    pytest.mark.needs("create", "fuzz"),
]

RATE, CONFIDENCE = 0.01, 0.99
AT_ONCE = 4  # requests


@pytest.mark.parametrize("reading", [PROJECT.list, PROJECT.read])
def test_cheap_reads_never_fail(call: Caller, project: str, reading: str, hold: Hold) -> None:
    """The same read has the same answer each time, so often that a fault of one in a hundred shows"""
    name = call(PROJECT.read, id=project).response.expect(200).json_object().text("name")

    def ask(_number: int) -> Exchange:
        if reading == PROJECT.read:
            return call(reading, id=project)
        return call(reading, query={PROJECT.search: name, PROJECT.limit: 1})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        hold(rare.be_alike(list(pool.map(ask, range(rare.calls_needed(RATE, CONFIDENCE))))))
