"""Each measurement tells which browser had a part in it, and the run on which machine it was."""

import json
from collections.abc import Callable

import pytest

from postflight.host import describe_host
from tests.conftest import Result

SOURCE = """
import pytest

@pytest.mark.measures("by.hand")
def test_without(measure):
    measure("by.hand", 1.0)

@pytest.fixture
def opened(page):
    return page

@pytest.mark.measures("in.page")
def test_within(opened, measure):
    measure("in.page", 1.0)

@pytest.mark.measures("asked.late")
def test_late(request, measure):
    request.getfixturevalue("opened")
    measure("asked.late", 1.0)

@pytest.mark.measures("by.itself")
def test_its_own(measure):
    measure("by.itself", 1.0, browser="Lighthouse 13 in chromium 150.0.7871.46")
"""

NO_NUMBER = """
import math
import pytest

@pytest.mark.measures("a")
def test_not_a_number(measure):
    measure("a", 1.0, math.nan)

@pytest.mark.measures("b")
def test_endless(measure):
    measure("b", 1.0, interval=(0.5, math.inf))

@pytest.mark.measures("c")
def test_nothing(measure):
    measure("c")
"""


def test_what_is_no_number_is_no_measurement_and_nobodys_fault(run_suite: Callable[..., Result], site: str) -> None:
    """It would be held against limits (`nan <= limit` is false: broken), or passed by beside other values."""
    result = run_suite(NO_NUMBER, "--base-url", site)
    assert [result.finding(f"test_{name}")["status"] for name in ("not_a_number", "endless", "nothing")] == [
        "invalid", "invalid", "invalid",
    ]  # fmt: skip
    assert "came out as (1.0, nan)" in result.finding("test_not_a_number")["summary"]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_what_was_measured_with_goes_into_the_verdict(
    run_suite: Callable[..., Result], site: str, workers: tuple[str, ...]
) -> None:
    result = run_suite(SOURCE, "--base-url", site, *workers)
    browsers = {
        measured["metric"]: measured["browser"]
        for finding in result.verdict["findings"]
        for measured in finding["measurements"]
    }
    about = json.loads((result.reports / "verdict.json").read_text())["about"]
    assert about["host"] == describe_host()
    assert about["browser"][-1].isdigit(), about
    assert browsers == {
        "by.hand": "",
        "in.page": about["browser"],
        "asked.late": about["browser"],
        "by.itself": "Lighthouse 13 in chromium 150.0.7871.46",
    }
